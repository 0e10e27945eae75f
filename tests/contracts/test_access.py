"""Who may read what: every query, asked by everybody."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.market_chain import ROLES, X_ISIN, Y_ISIN, Market, party_id, request

HOUR_US = 3_600_000_000


@pytest.fixture
def market(market: Market) -> Market:
    """Something in every table."""
    market.issue_to(X_ISIN, bankA="P:1000")
    market.issue_to(Y_ISIN, bankB="Q:50")
    for holder in ("bankA", "bankB", "issX"):
        market.deposit(holder, "100000")
    terms = {
        "isin": X_ISIN,
        "quantity": "100",
        "price": "50",
        "consideration": "5000",
        "signoff": "NONE",
    }
    trade = market.ok(
        "bankA",
        "trades",
        "enter",
        counterparty=party_id("bankB"),
        side="SELL",
        terms=terms,
        account=party_id("P"),
        lapses_at=market.now + HOUR_US,
    )
    market.ok(
        "bankB", "trades", "confirm", trade=trade, side="BUY", terms=terms, account=party_id("Q")
    )
    dividend = {
        "isin": X_ISIN,
        "per_share": "2",
        "record_time": market.now,
        "request": request("div"),
    }
    market.ok("adm", "corporate_actions", "announce_dividend", **dividend)
    market.ok("adm", "corporate_actions", "execute", issuer=party_id("issX"), action=request("div"))
    market.ok("bankA", "cash", "redeem", trust_bank=party_id("trust"), amount="1", reference="R-1")
    market.trade = trade  # type: ignore[attr-defined]
    return market


def questions(market: Market) -> list[tuple[str, str, dict[str, Any], set[str]]]:
    """Each query about bankA's or issX's rows, and who gets an answer."""
    bank, issuer, trust = party_id("bankA"), party_id("issX"), party_id("trust")
    account, trade = party_id("P"), market.trade  # type: ignore[attr-defined]
    return [
        ("reference", "find_institution", {"institution": bank}, {"adm", "bankA"}),
        ("reference", "find_issuer", {"issuer": issuer}, {"adm", "issX"}),
        ("reference", "find_instrument", {"issuer": issuer, "isin": X_ISIN}, {"adm", "issX"}),
        ("reference", "instruments_of", {"issuer": issuer}, {"adm", "issX"}),
        ("securities", "find_account", {"bank": bank, "account": account}, {"adm", "bankA"}),
        ("securities", "accounts_of", {"bank": bank, "after": None}, {"adm", "bankA"}),
        (
            "securities",
            "position",
            {"bank": bank, "account": account, "isin": X_ISIN},
            {"adm", "bankA"},
        ),
        ("securities", "positions_of", {"bank": bank, "account": account}, {"adm", "bankA"}),
        ("securities", "own_shares", {"issuer": issuer, "isin": X_ISIN}, {"adm", "issX"}),
        ("securities", "omnibus_of", {"bank": bank, "isin": X_ISIN}, {"adm", "bankA"}),
        ("securities", "issued", {"issuer": issuer, "isin": X_ISIN}, {"adm", "issX"}),
        (
            "securities",
            "holders",
            {"issuer": issuer, "isin": X_ISIN, "after": None},
            {"adm", "issX"},
        ),
        (
            "securities",
            "holders_at",
            {"issuer": issuer, "isin": X_ISIN, "time": market.now, "after": None},
            {"adm", "issX"},
        ),
        ("cash", "balance", {"holder": bank}, {"adm", "bankA"}),
        ("cash", "balance", {"holder": issuer}, {"adm", "issX"}),
        ("cash", "backing", {"trust_bank": trust}, {"adm", "trust"}),
        (
            "cash",
            "find_deposit",
            {"trust_bank": trust, "reference": market.deposits[0]},
            {"adm", "trust"},
        ),
        (
            "cash",
            "find_payout",
            {"trust_bank": trust, "institution": bank, "reference": "R-1"},
            {"adm", "trust"},
        ),
        (
            "trades",
            "find_trade",
            {"holder": bank, "trade": trade, "side": "SELL"},
            {"adm", "bankA"},
        ),
        ("trades", "trades_of", {"holder": bank, "after": None}, {"adm", "bankA"}),
        ("trades", "open_trades", {"isin": X_ISIN, "after": None}, {"adm"}),
        (
            "corporate_actions",
            "find_action",
            {"issuer": issuer, "action": request("div")},
            {"adm", "issX"},
        ),
        ("corporate_actions", "actions_of", {"issuer": issuer}, {"adm", "issX"}),
        (
            "corporate_actions",
            "entitlements_of",
            {"bank": bank, "action": request("div"), "after": None},
            {"adm", "bankA"},
        ),
    ]


def test_every_cell_of_the_access_matrix(market: Market) -> None:
    """R98: Access matrix (roles * object types) test, every cell asserted. R104: same query,
    different
    certificates -> different, correct subsets.
    """
    for contract, name, arguments, readers in questions(market):
        for who in ROLES:
            code = market.query(who, contract, name, **arguments).code
            expected = ("OK",) if who in readers else ("ACCESS", "ROLE")
            assert code in expected, (contract, name, who, code)


def test_the_matrix_names_every_query(market: Market) -> None:
    """R98: a query that is added has its row in the matrix."""
    asked = {(contract, name) for contract, name, _, _ in questions(market)}
    there = {
        (contract, name)
        for contract, artefact in market.artefacts.items()
        for name in artefact.abi.queries
    }
    assert asked == there


@pytest.mark.parametrize(
    ("contract", "name", "rest"),
    [
        ("securities", "find_account", {}),
        ("securities", "position", {"isin": X_ISIN}),
        ("securities", "positions_of", {}),
    ],
)
def test_another_banks_client_looks_like_nobody(
    market: Market, contract: str, name: str, rest: dict[str, Any]
) -> None:
    """R100: bankB queries bankA client -> refused, and identical error for existing and non-
    existing id.
    """
    existing, absent = (
        market.query(
            "bankB", contract, name, bank=party_id("bankA"), account=party_id(account), **rest
        )
        for account in ("P", "nobody at all")
    )
    assert existing.code == "ACCESS"
    assert (existing.code, existing.gas_used, existing.details) == (
        absent.code,
        absent.gas_used,
        absent.details,
    )


def test_an_issuer_reads_no_trades(market: Market) -> None:
    """R101: issX asks for trade list of its own ISIN -> refused."""
    trade = market.trade  # type: ignore[attr-defined]
    assert market.query("issX", "trades", "open_trades", isin=X_ISIN, after=None).code == "ROLE"
    for holder in ("bankA", "issX"):
        assert (
            market.query("issX", "trades", "trades_of", holder=party_id(holder), after=None).code
            == "ROLE"
        )
    asked = {"holder": party_id("bankA"), "trade": trade, "side": "SELL"}
    assert market.query("issX", "trades", "find_trade", **asked).code == "ROLE"


def test_an_issuer_submits_nothing(market: Market) -> None:
    """R8, the contracts' part: listed companies have read-only access."""
    for contract, artefact in market.artefacts.items():
        for name, entry in artefact.abi.entries.items():
            assert entry.roles & 1 << 2 == 0, (contract, name)


def test_no_event_reaches_a_third_party(market: Market) -> None:
    """R97: events: no price/quantity/party of an A-B trade for others."""
    terms = {
        "isin": X_ISIN,
        "quantity": "1",
        "price": "50",
        "consideration": "50",
        "signoff": "NONE",
    }
    entered = market.call(
        "bankA",
        "trades",
        "enter",
        counterparty=party_id("bankB"),
        side="SELL",
        terms=terms,
        account=party_id("P"),
        lapses_at=market.now + HOUR_US,
    )
    confirm = {"trade": entered.result, "side": "BUY", "terms": terms, "account": party_id("Q")}
    receipt = market.call("bankB", "trades", "confirm", **confirm)
    addressees = {to for _, _, sent in entered.events + receipt.events for to in sent}
    assert addressees == {b"\1" + bytes(16), b"\2" + party_id("bankA"), b"\2" + party_id("bankB")}
