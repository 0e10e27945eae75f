"""Issue, allotment, transfer, and the register of holders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.market_chain import X_ISIN, Y_ISIN, Market, party_id, request

UNDERWRITERS = [("bankA", "houseA", 60), ("bankB", "houseB", 30), ("bankC", "houseC", 10)]


def _underwriters(weights: list[int]) -> list[dict[str, Any]]:
    return [
        {"bank": party_id(bank), "account": party_id(account), "weight": weight}
        for (bank, account, _), weight in zip(UNDERWRITERS, weights, strict=True)
    ]


def _issue(market: Market, quantity: str, name: str = "r1") -> None:
    market.ok("adm", "securities", "issue", isin=X_ISIN, quantity=quantity, request=request(name))


def _transfer(quantity: str, account: str, to_bank: str, to_account: str) -> dict[str, Any]:
    return {
        "isin": X_ISIN,
        "quantity": quantity,
        "account": party_id(account),
        "to_bank": party_id(to_bank),
        "to_account": party_id(to_account),
    }


def test_an_issue_is_booked_once_per_request(market: Market) -> None:
    """R45: `issue(ISIN, 1,000,000, request-hash)` -> issuer account +1,000,000; repeat same request
    -> refused(DUP).
    """
    _issue(market, "1000000")
    own = market.ask("issX", "securities", "own_shares", issuer=party_id("issX"), isin=X_ISIN)
    assert (own["available"], own["earmarked"]) == (1_000_000, 0)
    again = {"isin": X_ISIN, "quantity": "1000000", "request": request("r1")}
    market.refused("DUP", "adm", "securities", "issue", **again)
    market.refused("ROLE", "bankA", "securities", "issue", **again | {"request": request("r2")})
    market.refused(
        "AMOUNT",
        "adm",
        "securities",
        "issue",
        **again | {"request": request("r2"), "quantity": "0"},
    )
    _issue(market, "0.01", "r2")
    assert market.register() == {"issX": Decimal("1000000.01")}


def test_an_issue_goes_to_the_underwriters(market: Market) -> None:
    """R46: Book 60/30/10 % -> three positions sum to issue, rounding rule stated, remainder to
    lead.
    """
    _issue(market, "1000000")
    parts = market.ok(
        "adm",
        "securities",
        "allot",
        isin=X_ISIN,
        quantity="1000000",
        underwriters=_underwriters([60, 30, 10]),
    )
    assert parts == [600_000, 300_000, 100_000]
    assert market.register() == {"houseA": 600_000, "houseB": 300_000, "houseC": 100_000}
    assert market.shares("bankA", "houseA") == (600_000, 0)


def test_the_lead_takes_what_rounding_leaves(market: Market) -> None:
    """R46: rounding rule stated, remainder to lead: 100.00 by thirds is 33.34, 33.33, 33.33."""
    _issue(market, "100")
    parts = market.ok(
        "adm",
        "securities",
        "allot",
        isin=X_ISIN,
        quantity="100",
        underwriters=_underwriters([1, 1, 1]),
    )
    assert parts == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_an_allotment_needs_shares_weights_and_accounts(market: Market) -> None:
    """R46: three positions sum to issue: never more than was issued."""
    _issue(market, "100")
    call = {"isin": X_ISIN, "quantity": "100.01", "underwriters": _underwriters([60, 30, 10])}
    market.refused("INSUFFICIENT", "adm", "securities", "allot", **call)
    call["quantity"] = "100"
    market.refused("WEIGHTS", "adm", "securities", "allot", **call | {"underwriters": []})
    market.refused(
        "WEIGHTS", "adm", "securities", "allot", **call | {"underwriters": _underwriters([0, 1, 1])}
    )
    stranger = [{"bank": party_id("bankA"), "account": party_id("nobody"), "weight": 1}]
    market.refused(
        "UNKNOWN_ACCOUNT", "adm", "securities", "allot", **call | {"underwriters": stranger}
    )
    market.refused("ROLE", "bankA", "securities", "allot", **call)
    market.refused("UNKNOWN_INSTRUMENT", "adm", "securities", "allot", **call | {"isin": Y_ISIN})


@settings(max_examples=40, deadline=None)
@given(
    hundredths=st.integers(1, 10**12),
    weights=st.lists(st.integers(1, 10**6), min_size=3, max_size=3),
)
def test_parts_sum_to_the_issue(new_market: Any, hundredths: int, weights: list[int]) -> None:
    """R46, for any issue and weights: each part is rounded down, the lead takes the rest."""
    market = new_market()
    for bank, account, _ in UNDERWRITERS:
        market.open(bank, account)
    quantity = str(Decimal(hundredths) / 100)
    _issue(market, quantity)
    parts = market.ok(
        "adm",
        "securities",
        "allot",
        isin=X_ISIN,
        quantity=quantity,
        underwriters=_underwriters(weights),
    )
    floors = [hundredths * weight // sum(weights) for weight in weights]
    floors[0] += hundredths - sum(floors)
    assert [int(part * 100) for part in parts] == floors


def test_a_transfer_shows_in_the_register_at_once(market: Market) -> None:
    """R49: Transfer committed at h -> register query at h shows it; delay = one block."""
    market.issue_to(X_ISIN, bankA="houseA:100")
    height = market.chain.height
    market.ok("bankA", "securities", "transfer", **_transfer("40.25", "houseA", "bankB", "Q"))
    assert market.chain.height == height + 1
    assert market.register(who="issX") == {"houseA": Decimal("59.75"), "Q": Decimal("40.25")}
    market.ok("bankA", "securities", "transfer", **_transfer("59.75", "houseA", "bankB", "Q"))
    assert market.register(who="issX") == {"Q": 100}


def test_a_transfer_needs_the_shares_and_both_accounts(market: Market) -> None:
    market.issue_to(X_ISIN, bankA="houseA:100")
    market.refused(
        "INSUFFICIENT",
        "bankA",
        "securities",
        "transfer",
        **_transfer("100.01", "houseA", "bankB", "Q"),
    )
    market.refused(
        "UNKNOWN_ACCOUNT",
        "bankA",
        "securities",
        "transfer",
        **_transfer("1", "houseA", "bankB", "P"),
    )
    market.refused(
        "AMOUNT", "bankA", "securities", "transfer", **_transfer("0", "houseA", "bankB", "Q")
    )
    market.refused(
        "AMOUNT", "bankA", "securities", "transfer", **_transfer("-1", "houseA", "bankB", "Q")
    )
    market.refused(
        "ROLE", "issX", "securities", "transfer", **_transfer("1", "issX own", "bankB", "Q")
    )
    # The sender's own books only: bankB has no account of that id, and nothing in it.
    market.refused(
        "INSUFFICIENT", "bankB", "securities", "transfer", **_transfer("1", "houseA", "bankB", "Q")
    )


def test_accounts_are_named_under_their_bank_and_tie_to_its_total(market: Market) -> None:
    """R50: Query of ISIN lists beneficial accounts with name under bankA omnibus; sums tie to
    omnibus.
    """
    market.issue_to(X_ISIN, bankA="houseA:600", bankB="houseB:300")
    market.ok("bankA", "securities", "transfer", **_transfer("100.5", "houseA", "bankA", "P"))
    market.ok("bankB", "securities", "transfer", **_transfer("17", "houseB", "bankA", "P"))
    lines = market.ask(
        "adm", "securities", "holders", issuer=party_id("issX"), isin=X_ISIN, after=None
    )
    under_a = {
        line["name"]: line["quantity"] for line in lines if line["bank"] == party_id("bankA")
    }
    assert under_a == {"houseA": Decimal("499.5"), "P": Decimal("117.5")}
    total = market.ask("bankA", "securities", "omnibus_of", bank=party_id("bankA"), isin=X_ISIN)
    assert total["quantity"] == sum(under_a.values())


def test_the_administrator_lists_every_register_an_issuer_its_own(market: Market) -> None:
    """R51: adm lists holders of issX, issY. R52: issX on own ISIN -> rows; on issY
    ISIN -> refused.
    """
    market.issue_to(X_ISIN, bankA="houseA:10")
    market.issue_to(Y_ISIN, bankB="houseB:20")
    assert market.register("issX", X_ISIN) == {"houseA": 10}
    assert market.register("issY", Y_ISIN) == {"houseB": 20}
    assert market.register("issX", X_ISIN, who="issX") == {"houseA": 10}
    for issuer, isin in (("issY", Y_ISIN), ("issX", Y_ISIN), ("issY", X_ISIN)):
        said = market.query(
            "issX", "securities", "holders", issuer=party_id(issuer), isin=isin, after=None
        )
        assert said.code == "ACCESS", (issuer, isin)
    said = market.query(
        "bankB", "securities", "holders", issuer=party_id("issX"), isin=X_ISIN, after=None
    )
    assert said.code == "ACCESS"


def test_the_register_can_be_rebuilt_from_events(market: Market) -> None:
    """R48: Event log replay from genesis rebuilds register exactly."""
    market.issue_to(X_ISIN, bankA="houseA:600", bankB="houseB:300")
    market.ok("bankA", "securities", "transfer", **_transfer("600", "houseA", "bankB", "Q"))
    market.ok("bankB", "securities", "transfer", **_transfer("250.01", "Q", "bankA", "P"))
    rebuilt: dict[bytes, Decimal] = {}

    def add(account: bytes, quantity: Decimal) -> None:
        rebuilt[account] = rebuilt.get(account, Decimal(0)) + quantity

    for name, event in market.log:
        if name == "SharesIssued":
            add(party_id("issX own"), event["quantity"])
        elif name == "Moved":
            add(event["from_account"], -event["quantity"])
            add(event["to_account"], event["quantity"])
    lines = market.ask(
        "adm", "securities", "holders", issuer=party_id("issX"), isin=X_ISIN, after=None
    )
    assert {line["account"]: line["quantity"] for line in lines} == {
        account: quantity for account, quantity in rebuilt.items() if quantity
    }


def test_the_register_of_a_past_time_is_there(market: Market) -> None:
    """R53 scaled down: holders at past times -> equals replay; none scheduled beforehand."""
    market.issue_to(X_ISIN, bankA="houseA:100")
    seen = []
    for _ in range(5):
        market.ok("bankA", "securities", "transfer", **_transfer("7", "houseA", "bankB", "Q"))
        seen.append((market.now, market.register()))
    for time, lines in seen:
        then = market.ask(
            "issX",
            "securities",
            "holders_at",
            issuer=party_id("issX"),
            isin=X_ISIN,
            time=time,
            after=None,
        )
        assert {line["name"]: line["quantity"] for line in then} == lines
    assert seen[0][1] != seen[4][1]


def test_long_registers_come_in_pages(market: Market) -> None:
    """R51, for registers longer than one answer: pages by cursor give every line once."""
    market.issue_to(X_ISIN, bankA="houseA:1000")
    names = [f"investor {number}" for number in range(155)]
    made = [
        ("bankA", "securities", "open_account", {"account": party_id(name), "name": name})
        for name in names
    ]
    moves = [
        ("bankA", "securities", "transfer", _transfer("1", "houseA", "bankA", name))
        for name in names
    ]
    assert {receipt.code for receipt in market.block(*made) + market.block(*moves)} == {"OK"}
    found, after = [], None
    for expected in (150, 6):
        page = market.ask(
            "issX", "securities", "holders", issuer=party_id("issX"), isin=X_ISIN, after=after
        )
        assert len(page) == expected
        found += [line["name"] for line in page]
        after = page[-1]
    assert sorted(found) == sorted([*names, "houseA"])


@pytest.mark.parametrize("who", ["issX", "trust", "adm"])
def test_only_members_open_accounts(market: Market, who: str) -> None:
    market.refused("ROLE", who, "securities", "open_account", account=party_id("new"), name="New")


def test_an_account_is_opened_once(market: Market) -> None:
    market.refused(
        "DUP", "bankA", "securities", "open_account", account=party_id("P"), name="P again"
    )
