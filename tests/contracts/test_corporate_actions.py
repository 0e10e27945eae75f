"""Cash dividend and share split."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from contracts.market_chain import X_ISIN, Market, party_id, request

HOUR_US = 3_600_000_000
ISSUER = party_id("issX")


def announce_dividend(market: Market, per_share: str, record_time: int, name: str = "div") -> bytes:
    action = market.ok(
        "adm",
        "corporate_actions",
        "announce_dividend",
        isin=X_ISIN,
        per_share=per_share,
        record_time=record_time,
        request=request(name),
    )
    assert action == request(name)
    return request(name)


def announce_split(market: Market, new: int, old: int, name: str = "split") -> bytes:
    market.ok(
        "adm",
        "corporate_actions",
        "announce_split",
        isin=X_ISIN,
        new=new,
        old=old,
        record_time=market.now,
        request=request(name),
    )
    return request(name)


def execute(market: Market, action: bytes) -> Any:
    return market.ok("adm", "corporate_actions", "execute", issuer=ISSUER, action=action)


def transfer(market: Market, quantity: str, account: str, bank: str, to_account: str) -> None:
    market.ok(
        "bankA",
        "securities",
        "transfer",
        isin=X_ISIN,
        quantity=quantity,
        account=party_id(account),
        to_bank=party_id(bank),
        to_account=party_id(to_account),
    )


def entitlements(market: Market, bank: str, action: bytes) -> dict[bytes, Decimal]:
    rows = market.ask(
        bank, "corporate_actions", "entitlements_of", bank=party_id(bank), action=action, after=None
    )
    return {row["account"]: row["amount"] for row in rows}


def action_of(market: Market, action: bytes, who: str = "issX") -> Any:
    return market.ask(who, "corporate_actions", "find_action", issuer=ISSUER, action=action)


@pytest.mark.parametrize("name", ["announce_dividend", "announce_split"])
def test_an_action_needs_the_issuers_request(market: Market, name: str) -> None:
    """R55: Announcement without issuer request hash -> refused; with -> status ANNOUNCED."""
    call: dict[str, Any] = {"isin": X_ISIN, "record_time": market.now, "request": None}
    call |= {"per_share": "2"} if name == "announce_dividend" else {"new": 2, "old": 1}
    market.refused("NO_REQUEST", "adm", "corporate_actions", name, **call)
    call["request"] = request("asked")
    market.refused("ROLE", "bankA", "corporate_actions", name, **call)
    market.refused("ROLE", "issX", "corporate_actions", name, **call)
    market.refused(
        "UNKNOWN_INSTRUMENT", "adm", "corporate_actions", name, **call | {"isin": "US0378331005"}
    )
    market.ok("adm", "corporate_actions", name, **call)
    assert action_of(market, request("asked"))["status"] == "ANNOUNCED"
    market.refused("DUP", "adm", "corporate_actions", name, **call)


def test_a_dividend_goes_to_the_holders_at_the_record_time(market: Market) -> None:
    """R56: Holders at record time 1000.25 @ 2 -> 2000.50 credited; seller after record time still
    paid, buyer not; issuer cash debited by exact sum.
    """
    market.issue_to(X_ISIN, bankA="P:1000.25", bankB="houseB:500")
    market.deposit("issX", "10000")
    record_time = market.now
    transfer(market, "1000.25", "P", "bankB", "Q")  # after the record time
    action = announce_dividend(market, "2", record_time)
    assert execute(market, action) == "EXECUTED"
    assert entitlements(market, "bankA", action) == {party_id("P"): Decimal("2000.50")}
    assert entitlements(market, "bankB", action) == {party_id("houseB"): Decimal("1000.00")}
    assert market.tokens("bankA") == (Decimal("2000.50"), 0)
    assert market.tokens("bankB") == (Decimal("1000.00"), 0)
    assert market.tokens("issX") == (Decimal("10000") - Decimal("3000.50"), 0)
    done = action_of(market, action)
    assert (done["status"], done["holders"], done["paid"]) == ("EXECUTED", 2, Decimal("3000.50"))
    market.refused("STATUS", "adm", "corporate_actions", "execute", issuer=ISSUER, action=action)


def test_a_dividend_is_rounded_down_per_account(market: Market) -> None:
    """R56: exact sums: 0.3333 a share on 100.01 and 33.33 shares is 33.33 and 11.10."""
    market.issue_to(X_ISIN, bankA="P:100.01", bankB="Q:33.33")
    market.deposit("issX", "100")
    action = announce_dividend(market, "0.3333", market.now)
    execute(market, action)
    assert entitlements(market, "bankA", action) == {party_id("P"): Decimal("33.33")}
    assert entitlements(market, "bankB", action) == {party_id("Q"): Decimal("11.10")}
    assert market.tokens("issX")[0] == Decimal("55.57")


def test_the_issuers_own_shares_earn_nothing(market: Market) -> None:
    """R56: the dividend goes to holders; shares not allotted are the issuer's own."""
    market.issue_to(X_ISIN, bankA="P:10")
    market.ok("adm", "securities", "issue", isin=X_ISIN, quantity="90", request=request("more"))
    market.deposit("issX", "20")
    action = announce_dividend(market, "2", market.now)
    execute(market, action)
    assert (market.tokens("issX"), market.tokens("bankA")) == ((0, 0), (20, 0))


def test_a_dividend_waits_for_its_record_time_and_its_money(market: Market) -> None:
    """R56: amount from register at given date and time; issuer cash debited by exact sum."""
    market.issue_to(X_ISIN, bankA="P:10")
    action = announce_dividend(market, "2", market.now + HOUR_US)
    market.refused(
        "RECORD_TIME", "adm", "corporate_actions", "execute", issuer=ISSUER, action=action
    )
    market.block(wait_us=2 * HOUR_US)
    market.deposit("issX", "19.99")
    market.refused(
        "INSUFFICIENT", "adm", "corporate_actions", "execute", issuer=ISSUER, action=action
    )
    market.deposit("issX", "0.01")
    assert execute(market, action) == "EXECUTED"


def test_the_record_time_itself_is_not_past(market: Market) -> None:
    """R56: the register at a time is known once a later block has come."""
    market.issue_to(X_ISIN, bankA="P:10")
    market.deposit("issX", "20")
    action = announce_dividend(market, "2", market.now + 5_000_000)
    call = ("adm", "corporate_actions", "execute", {"issuer": ISSUER, "action": action})
    [at_it] = market.block(call, wait_us=4_000_000)
    [after_it] = market.block(call, wait_us=1)
    assert (at_it.code, after_it.code) == ("RECORD_TIME", "OK")


def test_announcing_later_changes_nothing(new_market: Callable[[], Market]) -> None:
    """R58: Announce action at h+5,000 for record time at h -> same result as if announced at h
    (here h+200).
    """
    books = []
    for delay in (0, 200):
        market = new_market()
        market.open("bankA", "P")
        market.open("bankB", "Q")
        market.issue_to(X_ISIN, bankA="P:1000.25")
        market.deposit("issX", "5000")
        record_time = market.now
        transfer(market, "0.25", "P", "bankB", "Q")
        for step in range(delay):
            transfer(market, "0.01" if step % 2 else "1", "P", "bankB", "Q")
        action = announce_dividend(market, "2", record_time)
        execute(market, action)
        books.append(
            (
                entitlements(market, "bankA", action),
                entitlements(market, "bankB", action),
                market.tokens("issX"),
            )
        )
    assert (
        books[0] == books[1] == ({party_id("P"): Decimal("2000.50")}, {}, (Decimal("2999.50"), 0))
    )


def test_many_holders_are_paid_page_by_page(market: Market) -> None:
    """R59 scaled down: more holders than one page; every one is paid once while transfers go on."""
    market.issue_to(X_ISIN, bankA="houseA:1000")
    market.deposit("issX", "2000")
    names = [f"investor {number}" for number in range(450)]
    market.block(
        *[
            ("bankA", "securities", "open_account", {"account": party_id(name), "name": name})
            for name in names
        ]
    )
    move = {
        "isin": X_ISIN,
        "quantity": "1",
        "account": party_id("houseA"),
        "to_bank": party_id("bankA"),
    }
    market.block(
        *[
            ("bankA", "securities", "transfer", move | {"to_account": party_id(name)})
            for name in names
        ]
    )
    action = announce_dividend(market, "2", market.now)
    seen = []
    while not seen or seen[-1] == "EXECUTING":
        seen.append(execute(market, action))
        transfer(market, "1", "houseA", "bankB", "Q")
    assert seen == ["EXECUTING", "EXECUTING", "EXECUTED"]
    progress = bytes([0, 0, 0, 5, 0, 2])  # contract and table, as keys begin
    assert not [key for _, key, _ in market.chain.rows() if bytes(key).startswith(progress)]
    done = action_of(market, action)
    assert (done["holders"], done["paid"]) == (451, 2000)
    assert market.tokens("bankA")[0] == 2000


def test_a_split_doubles_every_holding(market: Market) -> None:
    """R57: 1,000 sh, 1:2 -> 2,000; register updated."""
    market.issue_to(X_ISIN, bankA="P:1000", bankB="Q:0.01")
    market.ok("adm", "securities", "issue", isin=X_ISIN, quantity="5", request=request("own"))
    before = market.now
    action = announce_split(market, 2, 1)
    assert execute(market, action) == "EXECUTED"
    assert market.shares("bankA", "P") == (2000, 0)
    assert market.register(who="issX") == {"P": 2000, "Q": Decimal("0.02"), "issX": 10}
    assert market.ask("issX", "securities", "issued", issuer=ISSUER, isin=X_ISIN)[
        "quantity"
    ] == Decimal("2010.02")
    assert (
        market.ask("bankA", "securities", "omnibus_of", bank=party_id("bankA"), isin=X_ISIN)[
            "quantity"
        ]
        == 2000
    )
    then = market.ask(
        "adm", "securities", "holders_at", issuer=ISSUER, isin=X_ISIN, time=before, after=None
    )
    assert {line["name"]: line["quantity"] for line in then} == {
        "P": 1000,
        "Q": Decimal("0.01"),
        "issX": 5,
    }


def _trade(
    market: Market, quantity: str, price: str, consideration: str, signoff: str
) -> tuple[bytes, dict[str, Any]]:
    terms = {
        "isin": X_ISIN,
        "quantity": quantity,
        "price": price,
        "consideration": consideration,
        "signoff": signoff,
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
    return trade, {"trade": trade, "side": "BUY", "terms": terms, "account": party_id("Q")}


@pytest.mark.parametrize("signoff", ["NONE", "BOTH"])
def test_open_trades_follow_a_split(market: Market, signoff: str) -> None:
    """R57: 37.44*760,400 -> 18.72*1,520,800 (FINOS CDM case); pending trades transformed."""
    market.issue_to(X_ISIN, bankA="P:760400")
    market.deposit("bankB", "28469376")
    trade, confirm = _trade(market, "760400", "37.44", "28469376", signoff)
    if signoff == "BOTH":
        assert market.ok("bankB", "trades", "confirm", **confirm) == "PENDING"
    execute(market, announce_split(market, 2, 1))
    for holder, side in (("bankA", "SELL"), ("bankB", "BUY")):
        terms = market.ask(
            holder, "trades", "find_trade", holder=party_id(holder), trade=trade, side=side
        )["terms"]
        assert (terms["quantity"], terms["price"]) == (1_520_800, Decimal("18.72"))
        assert terms["consideration"] == terms["quantity"] * terms["price"] == 28_469_376
    if signoff == "BOTH":
        assert market.shares("bankA", "P") == (0, 1_520_800)
        for leg in ("CASH", "SECURITIES"):
            market.ok("adm", "trades", "approve", isin=X_ISIN, trade=trade, leg=leg)
    else:
        market.refused("MISMATCH", "bankB", "trades", "confirm", **confirm)
        assert market.ok("bankB", "trades", "confirm", **confirm | {"terms": terms}) == "SETTLED"
    assert market.register() == {"Q": 1_520_800}
    assert market.tokens("bankA") == (28_469_376, 0)


def test_fractions_are_rounded_down_everywhere(market: Market) -> None:
    """R57: fractions by stated rule: holdings and trades down to the hundredth of a share."""
    market.issue_to(X_ISIN, bankA="P:10.01", bankB="Q:0.02")
    market.deposit("bankB", "100")
    trades = [_trade(market, "3.34", "1", "3.34", "BOTH") for _ in range(2)]
    for _, confirm in trades:
        market.ok("bankB", "trades", "confirm", **confirm)
    execute(market, announce_split(market, 1, 3))
    # 10.01 / 3 = 3.33…6; of it 2 * (3.34 / 3 = 1.11…3) stay earmarked; 0.02 / 3 is nothing.
    assert market.shares("bankA", "P") == (Decimal("1.11"), Decimal("2.22"))
    assert market.register() == {"P": Decimal("3.33")}
    assert market.ask("adm", "securities", "issued", issuer=ISSUER, isin=X_ISIN)[
        "quantity"
    ] == Decimal("3.33")


def test_a_trade_of_which_nothing_is_left_is_cancelled(market: Market) -> None:
    """R57: fractions by stated rule, for a trade."""
    market.issue_to(X_ISIN, bankA="P:10")
    market.deposit("bankB", "100")
    trade, confirm = _trade(market, "0.09", "100", "9", "CASH")
    market.ok("bankB", "trades", "confirm", **confirm)
    execute(market, announce_split(market, 1, 10))
    found = market.ask(
        "bankA", "trades", "find_trade", holder=party_id("bankA"), trade=trade, side="SELL"
    )
    assert found["status"] == "CANCELLED"
    assert market.tokens("bankB") == (100, 0)
    assert market.shares("bankA", "P") == (1, 0)


def test_nothing_moves_between_the_pages_of_a_split(market: Market) -> None:
    """R57: register updated, whole: no holder trades old shares against new ones."""
    market.issue_to(X_ISIN, bankA="P:1000", bankB="houseB:1000")
    market.deposit("bankB", "100")
    pending, confirm = _trade(market, "10", "1", "10", "CASH")
    market.ok("bankB", "trades", "confirm", **confirm)
    alleged, confirm_later = _trade(market, "10", "1", "10", "NONE")
    names = [f"investor {number}" for number in range(250)]
    market.block(
        *[
            ("bankA", "securities", "open_account", {"account": party_id(name), "name": name})
            for name in names
        ]
    )
    move = {"isin": X_ISIN, "quantity": "1", "account": party_id("P"), "to_bank": party_id("bankA")}
    market.block(
        *[
            ("bankA", "securities", "transfer", move | {"to_account": party_id(name)})
            for name in names
        ]
    )
    action = announce_split(market, 2, 1)
    assert execute(market, action) == "EXECUTING"
    market.refused(
        "HALTED", "bankA", "securities", "transfer", **move | {"to_account": party_id(names[0])}
    )
    market.refused("HALTED", "bankB", "trades", "confirm", **confirm_later)
    market.refused("HALTED", "adm", "trades", "approve", isin=X_ISIN, trade=pending, leg="CASH")
    market.refused("HALTED", "adm", "trades", "reject", isin=X_ISIN, trade=pending)
    entry = {
        "counterparty": party_id("bankB"),
        "side": "SELL",
        "terms": confirm["terms"],
        "account": party_id("P"),
    }
    market.refused("HALTED", "bankA", "trades", "enter", **entry, lapses_at=market.now + HOUR_US)
    market.refused(
        "HALTED", "adm", "securities", "issue", isin=X_ISIN, quantity="1", request=request("late")
    )
    assert execute(market, action) == "EXECUTED"
    assert market.shares("bankA", "P") == (1480, 20)
    assert (
        market.ok("adm", "trades", "approve", isin=X_ISIN, trade=pending, leg="CASH") == "SETTLED"
    )
    doubled = confirm_later["terms"] | {"quantity": "20", "price": "0.5"}
    assert (
        market.ok("bankB", "trades", "confirm", **confirm_later | {"terms": doubled}) == "SETTLED"
    )
    assert alleged != pending
    assert set(market.register().values()) == {1460, 2000, 40, 2}


@pytest.mark.parametrize(("new", "old"), [(0, 1), (1, 0), (1, 1)])
def test_a_split_has_a_ratio(market: Market, new: int, old: int) -> None:
    call = {
        "isin": X_ISIN,
        "new": new,
        "old": old,
        "record_time": market.now,
        "request": request("s"),
    }
    market.refused("RATIO", "adm", "corporate_actions", "announce_split", **call)
