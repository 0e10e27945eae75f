"""The register, rebuilt from nothing but events."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from contracts.market_chain import X_ISIN, Market, party_id, request

HOUR_US = 3_600_000_000
HUNDREDTH = Decimal("0.01")

Register = dict[bytes, Decimal]


def replayed(log: list[tuple[str, dict[str, Any]]], own: bytes) -> Register:
    """Account to shares, from genesis: issues, movements, splits."""
    held: Register = {}
    for name, event in log:
        if name == "SharesIssued":
            held[own] = held.get(own, Decimal(0)) + event["quantity"]
        elif name == "Moved":
            giver, taker = event["from_account"], event["to_account"]
            held[giver] -= event["quantity"]
            held[taker] = held.get(taker, Decimal(0)) + event["quantity"]
        elif name == "Executed" and event["kind"] == "SPLIT":
            for account, shares in held.items():
                exact = shares * event["new"] / event["old"]
                held[account] = exact.quantize(HUNDREDTH, ROUND_DOWN)
    return {account: shares for account, shares in held.items() if shares}


def register(market: Market) -> Register:
    """Account to shares, as the ledger has it."""
    issuer = party_id("issX")
    lines = market.ask("adm", "securities", "holders", issuer=issuer, isin=X_ISIN, after=None)
    return {line["account"]: line["quantity"] for line in lines}


def sell(market: Market, quantity: str, signoff: str) -> None:
    """P at bankA sells to Q at bankB, for a yen, and it settles."""
    terms = {
        "isin": X_ISIN,
        "quantity": quantity,
        "price": "1",
        "consideration": "1",
        "signoff": signoff,
    }
    sale = {"counterparty": party_id("bankB"), "side": "SELL", "account": party_id("P")}
    lapses_at = market.now + HOUR_US
    trade = market.ok("bankA", "trades", "enter", **sale, terms=terms, lapses_at=lapses_at)
    purchase = {"trade": trade, "side": "BUY", "account": party_id("Q"), "terms": terms}
    status = market.ok("bankB", "trades", "confirm", **purchase)
    if signoff != "NONE":
        status = market.ok("adm", "trades", "approve", isin=X_ISIN, trade=trade, leg=signoff)
    assert status == "SETTLED"


def split(market: Market, new: int, old: int) -> None:
    action = request(f"split {market.sent}")
    announced = {"isin": X_ISIN, "new": new, "old": old, "record_time": market.now}
    market.ok("adm", "corporate_actions", "announce_split", **announced, request=action)
    executed = {"issuer": party_id("issX"), "action": action}
    assert market.ok("adm", "corporate_actions", "execute", **executed) == "EXECUTED"


def test_the_register_follows_from_events_through_trades_and_splits(market: Market) -> None:
    """R48: "Event log replay from genesis rebuilds register exactly": issues,
    allotments, settlements with and without sign-off, splits that leave
    fractions; after every step.
    """
    market.issue_to(X_ISIN, bankA="P:1000.01", bankB="houseB:333.33")
    own = {"isin": X_ISIN, "quantity": "50.05", "request": request("own")}
    market.ok("adm", "securities", "issue", **own)
    market.deposit("bankB", "10")
    mine = party_id("issX own")
    for step in (
        lambda: sell(market, "100", "NONE"),
        lambda: split(market, 3, 2),
        lambda: sell(market, "0.01", "CASH"),
        lambda: split(market, 1, 7),
        lambda: sell(market, "1.11", "SECURITIES"),
    ):
        step()
        assert replayed(market.log, mine) == register(market)
    assert len(register(market)) == 4
