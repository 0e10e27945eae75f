"""What the administrator can do to a settlement: nothing."""

from __future__ import annotations

from contracts.market_chain import X_ISIN, Market, party_id, request
from daicho.compiler.driver import Artefact
from daicho.identity.roles import role_mask

ENTRIES = {
    "reference": {"register_institution", "register_issuer", "register_instrument"},
    # Both move what is the issuer's own, and nobody else's.
    "securities": {"issue", "allot"},
    "cash": set(),
    # Of trades that are not settled.
    "trades": {"approve", "reject"},
    # By the issuer's request, for all holders alike.
    "corporate_actions": {"announce_dividend", "announce_split", "execute"},
}
"""Everything that the administrator may call. One that is added is thought over here."""


def test_the_administrator_has_no_entry_that_moves_what_others_hold(
    artefacts: dict[str, Artefact], market: Market
) -> None:
    """R69: "no admin call can reverse it, only a new opposite entry": the
    administrator's entries are these, and none takes from a holder.
    """
    administrator = role_mask(("administrator",))
    found = {
        name: {entry.name for entry in artefact.abi.entries.values() if entry.roles & administrator}
        for name, artefact in artefacts.items()
    }
    assert found == ENTRIES
    market.issue_to(X_ISIN, bankA="P:100")
    market.deposit("bankA", "100")
    to_b = {"to_bank": party_id("bankB"), "to_account": party_id("Q")}
    shares = {"isin": X_ISIN, "quantity": "1", "account": party_id("P")}
    market.refused("ROLE", "adm", "securities", "transfer", **shares, **to_b)
    market.refused("ROLE", "adm", "cash", "transfer", payee=party_id("bankB"), amount="1")
    # What has been allotted is not the issuer's any more.
    book = [{"bank": party_id("bankB"), "account": party_id("Q"), "weight": 1}]
    allotment = {"isin": X_ISIN, "quantity": "1", "underwriters": book}
    market.refused("INSUFFICIENT", "adm", "securities", "allot", **allotment)
    market.refused(
        "UNKNOWN_ACTION",
        "adm",
        "corporate_actions",
        "execute",
        issuer=party_id("issX"),
        action=request("nobody asked"),
    )
    assert market.shares("bankA", "P") == (100, 0)
    assert market.tokens("bankA") == (100, 0)
