"""Bilateral trades: matching, lapse, DVP, sign-off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.market_chain import BLOCK_US, X_ISIN, Market, party_id

HOUR_US = 3_600_000_000


def terms(**changes: Any) -> dict[str, Any]:
    """100 shares at 50."""
    return {
        "isin": X_ISIN,
        "quantity": "100",
        "price": "50",
        "consideration": "5000",
        "signoff": "NONE",
    } | changes


def enter(
    market: Market,
    seller: str = "bankA",
    buyer: str = "bankB",
    account: str = "houseA",
    **changes: Any,
) -> bytes:
    """A sale, entered by the seller."""
    trade = market.ok(
        seller,
        "trades",
        "enter",
        counterparty=party_id(buyer),
        side="SELL",
        terms=terms(**changes),
        account=party_id(account),
        lapses_at=market.now + HOUR_US,
    )
    assert isinstance(trade, bytes)
    return trade


def purchase(trade: bytes, account: str = "Q", **changes: Any) -> dict[str, Any]:
    """The buyer's confirmation."""
    return {"trade": trade, "side": "BUY", "terms": terms(**changes), "account": party_id(account)}


def status(market: Market, holder: str, trade: bytes, side: str) -> Any:
    return market.ask(
        holder, "trades", "find_trade", holder=party_id(holder), trade=trade, side=side
    )["status"]


@pytest.fixture
def market(market: Market) -> Market:
    """bankA's house has 1,000 shares, bankB 100,000 yen."""
    market.issue_to(X_ISIN, bankA="houseA:1000")
    market.deposit("bankB", "100000")
    return market


def test_the_other_side_sees_the_allegement(market: Market) -> None:
    """R64: bankA enters; bankB sees allegement."""
    receipt = market.call(
        "bankA",
        "trades",
        "enter",
        counterparty=party_id("bankB"),
        side="SELL",
        terms=terms(),
        account=party_id("houseA"),
        lapses_at=market.now + HOUR_US,
    )
    assert receipt.result == receipt.tx_id
    [(name, event, addressees)] = receipt.events
    assert (name, event["side"], event["entered_by"]) == ("Alleged", "SELL", party_id("bankA"))
    assert addressees == [b"\2" + party_id("bankA"), b"\2" + party_id("bankB")]
    [mine] = market.ask("bankB", "trades", "trades_of", holder=party_id("bankB"), after=None)
    assert (mine["status"], mine["side"], mine["counterparty"]) == (
        "ALLEGED",
        "BUY",
        party_id("bankA"),
    )
    assert mine["account"] is None, "the seller's account is the seller's business"
    assert market.ask("bankC", "trades", "trades_of", holder=party_id("bankC"), after=None) == []


def test_confirmation_matches_and_settles(market: Market) -> None:
    """R64: confirm -> MATCHED. R47: Sale bankA->investor 100 against cash -> DVP; register shows
    the investor.
    """
    trade = enter(market)
    receipt = market.call("bankB", "trades", "confirm", **purchase(trade))
    assert receipt.result == "SETTLED"
    assert [name for name, _, _ in receipt.events] == ["Moved", "Matched"]
    assert market.shares("bankA", "houseA") == (900, 0)
    assert market.shares("bankB", "Q") == (100, 0)
    assert (market.tokens("bankA"), market.tokens("bankB")) == ((5_000, 0), (95_000, 0))
    assert market.register() == {"houseA": 900, "Q": 100}
    for holder, side in (("bankA", "SELL"), ("bankB", "BUY")):
        assert status(market, holder, trade, side) == "SETTLED"
    assert market.ask("adm", "trades", "open_trades", isin=X_ISIN, after=None) == []
    market.refused("STATUS", "bankB", "trades", "confirm", **purchase(trade))


def test_a_buyer_may_enter_and_the_seller_confirm(market: Market) -> None:
    """R64: entered by one side, confirmed by the other, whichever side that is."""
    trade = market.ok(
        "bankB",
        "trades",
        "enter",
        counterparty=party_id("bankA"),
        side="BUY",
        terms=terms(),
        account=party_id("Q"),
        lapses_at=market.now + HOUR_US,
    )
    sale = {"trade": trade, "side": "SELL", "terms": terms(), "account": party_id("houseA")}
    assert market.ok("bankA", "trades", "confirm", **sale) == "SETTLED"
    assert market.register() == {"houseA": 900, "Q": 100}


def test_a_bank_sells_to_its_own_investor(market: Market) -> None:
    """R47: Sale bankA->P 100 against cash -> DVP; register shows P."""
    market.deposit("bankA", "5000")
    trade = enter(market, buyer="bankA")
    assert market.ok("bankA", "trades", "confirm", **purchase(trade, account="P")) == "SETTLED"
    assert market.register() == {"houseA": 900, "P": 100}
    assert market.tokens("bankA") == (5_000, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("isin", "JP3633400001"),
        ("quantity", "100.01"),
        ("price", "50.0001"),
        ("consideration", "5000.01"),
        ("signoff", "CASH"),
    ],
)
def test_every_field_must_match(market: Market, field: str, value: str) -> None:
    """R64: wrong price -> refused(MISMATCH). R67: mismatches listed by field."""
    trade = enter(market)
    receipt = market.refused(
        "MISMATCH", "bankB", "trades", "confirm", **purchase(trade, **{field: value})
    )
    assert receipt.details == [field]
    assert market.ok("bankB", "trades", "confirm", **purchase(trade)) == "SETTLED"


def test_all_wrong_fields_are_named_at_once(market: Market) -> None:
    """R67: all mismatches listed by field."""
    trade = enter(market)
    wrong = purchase(trade, quantity="1", price="1")
    assert market.refused("MISMATCH", "bankB", "trades", "confirm", **wrong).details == [
        "quantity price"
    ]


def test_an_allegement_lapses(market: Market) -> None:
    """R64: time-out -> LAPSED, judged from block time at the next touch."""
    trade = enter(market)
    [late] = market.block(("bankB", "trades", "confirm", purchase(trade)), wait_us=HOUR_US)
    assert (late.code, late.result) == ("OK", "LAPSED")
    assert (
        status(market, "bankA", trade, "SELL") == status(market, "bankB", trade, "BUY") == "LAPSED"
    )
    assert market.register() == {"houseA": 1000}
    market.refused("STATUS", "bankB", "trades", "confirm", **purchase(trade))


def test_an_allegement_is_good_until_its_last_moment(market: Market) -> None:
    """R64: time-out -> LAPSED, and not a microsecond earlier."""
    trade = enter(market)
    until = market.ask(
        "bankA", "trades", "find_trade", holder=party_id("bankA"), trade=trade, side="SELL"
    )["lapses_at"]
    [last] = market.block(
        ("bankB", "trades", "confirm", purchase(trade)), wait_us=until - market.now
    )
    assert last.result == "SETTLED"


def test_cancelling(market: Market) -> None:
    """R64: before it is confirmed, the side that entered a trade may take it back; the other
    cannot.
    """
    trade = enter(market)
    market.refused("STATUS", "bankB", "trades", "cancel", trade=trade, side="BUY")
    market.refused("UNKNOWN_TRADE", "bankC", "trades", "cancel", trade=trade, side="SELL")
    assert market.ok("bankA", "trades", "cancel", trade=trade, side="SELL") == "CANCELLED"
    market.refused("STATUS", "bankB", "trades", "confirm", **purchase(trade))
    late = enter(market)
    [touched] = market.block(
        ("bankA", "trades", "cancel", {"trade": late, "side": "SELL"}), wait_us=2 * HOUR_US
    )
    assert touched.result == "LAPSED"


def test_nobody_confirms_for_another(market: Market) -> None:
    """R64: entered by one side, confirmed by the other."""
    trade = enter(market)
    market.refused(
        "UNKNOWN_TRADE", "bankC", "trades", "confirm", **purchase(trade, account="houseC")
    )
    market.refused("STATUS", "bankA", "trades", "confirm", **purchase(trade) | {"side": "SELL"})
    market.refused("ROLE", "issX", "trades", "confirm", **purchase(trade))


def test_entering_checks_what_it_can(market: Market) -> None:
    entry = {
        "counterparty": party_id("bankB"),
        "side": "SELL",
        "terms": terms(),
        "account": party_id("houseA"),
        "lapses_at": market.now + HOUR_US,
    }
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("UNKNOWN_INSTITUTION", {"counterparty": party_id("issX")}),
        ("UNKNOWN_ACCOUNT", {"account": party_id("houseB")}),
        ("UNKNOWN_INSTRUMENT", {"terms": terms(isin="JP3633400001")}),
        ("AMOUNT", {"terms": terms(quantity="0")}),
        ("AMOUNT", {"terms": terms(consideration="-1")}),
        ("LAPSE_TIME", {"lapses_at": market.now}),
    ]
    for code, changes in wrong:
        market.refused(code, "bankA", "trades", "enter", **entry | changes)


def test_a_buyer_short_of_one_yen_moves_nothing(market: Market) -> None:
    """R71: Buyer short 1 JPY -> neither leg moves."""
    trade = enter(market, consideration="100001")
    market.refused(
        "INSUFFICIENT", "bankB", "trades", "confirm", **purchase(trade, consideration="100001")
    )
    assert market.shares("bankA", "houseA") == (1000, 0)
    assert market.tokens("bankB") == (100_000, 0)
    assert status(market, "bankB", trade, "BUY") == "ALLEGED"
    market.deposit("bankB", "1")
    assert (
        market.ok("bankB", "trades", "confirm", **purchase(trade, consideration="100001"))
        == "SETTLED"
    )


def test_a_seller_short_of_a_hundredth_of_a_share_moves_nothing(market: Market) -> None:
    """R71: cash and securities together or not at all, from the other side."""
    trade = enter(market, quantity="1000.01")
    market.refused(
        "INSUFFICIENT", "bankB", "trades", "confirm", **purchase(trade, quantity="1000.01")
    )
    assert market.tokens("bankB") == (100_000, 0)


def test_a_side_without_any_holding_is_short_too(market: Market) -> None:
    """R71: who never held a share or a token is short like anybody else."""
    from_nothing = enter(market, account="P")
    market.refused("INSUFFICIENT", "bankB", "trades", "confirm", **purchase(from_nothing))
    to_nothing = enter(market, buyer="bankC")
    market.refused(
        "INSUFFICIENT", "bankC", "trades", "confirm", **purchase(to_nothing, account="houseC")
    )


def test_of_two_sales_of_the_same_shares_in_one_block_one_settles(market: Market) -> None:
    """R85: concurrent double spend in one block -> exactly one settles."""
    market.deposit("bankC", "100000")
    first = enter(market, quantity="1000")
    second = enter(market, buyer="bankC", quantity="1000")
    receipts = market.block(
        ("bankB", "trades", "confirm", purchase(first, quantity="1000")),
        ("bankC", "trades", "confirm", purchase(second, account="houseC", quantity="1000")),
    )
    assert [receipt.code for receipt in receipts] == ["OK", "INSUFFICIENT"]
    assert market.register() == {"Q": 1000}


def test_of_two_purchases_with_the_same_money_in_one_block_one_settles(market: Market) -> None:
    """R85: concurrent double spend in one block -> exactly one settles, for the cash side."""
    trades = [enter(market, consideration="60000") for _ in range(2)]
    calls = [
        ("bankB", "trades", "confirm", purchase(trade, consideration="60000")) for trade in trades
    ]
    assert [receipt.code for receipt in market.block(*calls)] == ["OK", "INSUFFICIENT"]


def test_earmarked_shares_and_money_are_not_available(market: Market) -> None:
    """R85: Available = balance - earmarked - blocked."""
    pending = enter(market, quantity="900", consideration="90000", signoff="BOTH")
    changes: dict[str, Any] = {"quantity": "900", "consideration": "90000", "signoff": "BOTH"}
    assert market.ok("bankB", "trades", "confirm", **purchase(pending, **changes)) == "PENDING"
    assert market.shares("bankA", "houseA") == (100, 900)
    assert market.tokens("bankB") == (10_000, 90_000)
    more = enter(market, quantity="100.01", consideration="1")
    market.refused(
        "INSUFFICIENT",
        "bankB",
        "trades",
        "confirm",
        **purchase(more, quantity="100.01", consideration="1"),
    )
    dear = enter(market, quantity="1", consideration="10000.01")
    market.refused(
        "INSUFFICIENT",
        "bankB",
        "trades",
        "confirm",
        **purchase(dear, quantity="1", consideration="10000.01"),
    )
    assert market.register() == {"houseA": 1000}, "an earmark changes no owner"


@pytest.mark.parametrize(
    ("signoff", "leg", "other"),
    [("SECURITIES", "SECURITIES", "CASH"), ("CASH", "CASH", "SECURITIES")],
)
def test_one_side_signed_off(market: Market, signoff: str, leg: str, other: str) -> None:
    """R72: DVP with `signoff=adm`: both legs earmarked, PENDING(SIGNOFF); approve -> settled.
    R73: As R72 with cash sign-off only.
    """
    trade = enter(market, signoff=signoff)
    assert market.ok("bankB", "trades", "confirm", **purchase(trade, signoff=signoff)) == "PENDING"
    assert market.shares("bankA", "houseA") == (900, 100)
    assert market.tokens("bankB") == (95_000, 5_000)
    assert market.shares("bankB", "Q") == (0, 0)
    [waiting] = market.ask("adm", "trades", "open_trades", isin=X_ISIN, after=None)
    assert (waiting["status"], waiting["awaits_securities"], waiting["awaits_cash"]) == (
        "PENDING",
        leg == "SECURITIES",
        leg == "CASH",
    )
    market.refused("ROLE", "bankB", "trades", "approve", isin=X_ISIN, trade=trade, leg=leg)
    market.refused("STATUS", "adm", "trades", "approve", isin=X_ISIN, trade=trade, leg=other)
    assert market.ok("adm", "trades", "approve", isin=X_ISIN, trade=trade, leg=leg) == "SETTLED"
    assert market.shares("bankA", "houseA") == (900, 0)
    assert market.shares("bankB", "Q") == (100, 0)
    assert (market.tokens("bankA"), market.tokens("bankB")) == ((5_000, 0), (95_000, 0))
    assert market.register() == {"houseA": 900, "Q": 100}
    market.refused("UNKNOWN_TRADE", "adm", "trades", "approve", isin=X_ISIN, trade=trade, leg=leg)


def test_both_sides_signed_off(market: Market) -> None:
    """R72 and R73 together: the trade waits for the last of the two."""
    trade = enter(market, signoff="BOTH")
    market.ok("bankB", "trades", "confirm", **purchase(trade, signoff="BOTH"))
    assert market.ok("adm", "trades", "approve", isin=X_ISIN, trade=trade, leg="CASH") == "PENDING"
    market.refused("STATUS", "adm", "trades", "approve", isin=X_ISIN, trade=trade, leg="CASH")
    assert (
        market.ok("adm", "trades", "approve", isin=X_ISIN, trade=trade, leg="SECURITIES")
        == "SETTLED"
    )


@pytest.mark.parametrize("signoff", ["SECURITIES", "CASH", "BOTH"])
def test_a_rejected_trade_frees_both_earmarks(market: Market, signoff: str) -> None:
    """R72: reject -> earmarks released. R73: As R72 with cash sign-off only."""
    trade = enter(market, signoff=signoff)
    market.ok("bankB", "trades", "confirm", **purchase(trade, signoff=signoff))
    assert market.ok("adm", "trades", "reject", isin=X_ISIN, trade=trade) == "REJECTED"
    assert market.shares("bankA", "houseA") == (1000, 0)
    assert market.tokens("bankB") == (100_000, 0)
    assert (
        status(market, "bankA", trade, "SELL")
        == status(market, "bankB", trade, "BUY")
        == "REJECTED"
    )
    market.refused("UNKNOWN_TRADE", "adm", "trades", "reject", isin=X_ISIN, trade=trade)


def test_an_allegement_cannot_be_signed_off(market: Market) -> None:
    """R72: the sign-off is of a matched trade."""
    trade = enter(market, signoff="BOTH")
    market.refused("STATUS", "adm", "trades", "approve", isin=X_ISIN, trade=trade, leg="CASH")
    market.refused("STATUS", "adm", "trades", "reject", isin=X_ISIN, trade=trade)


def test_no_entry_reverses_a_settled_trade(market: Market) -> None:
    """R69: no admin call can reverse it, only a new opposite entry."""
    trade = enter(market)
    market.ok("bankB", "trades", "confirm", **purchase(trade))
    for name, arguments in (
        ("reject", {}),
        ("approve", {"leg": "CASH"}),
        ("approve", {"leg": "SECURITIES"}),
    ):
        market.refused(
            "UNKNOWN_TRADE", "adm", "trades", name, isin=X_ISIN, trade=trade, **arguments
        )
    back = market.ok(
        "bankB",
        "trades",
        "enter",
        counterparty=party_id("bankA"),
        side="SELL",
        terms=terms(),
        account=party_id("Q"),
        lapses_at=market.now + HOUR_US,
    )
    market.ok(
        "bankA",
        "trades",
        "confirm",
        trade=back,
        side="BUY",
        terms=terms(),
        account=party_id("houseA"),
    )
    assert market.register() == {"houseA": 1000}


def test_trades_come_in_pages(market: Market) -> None:
    call = {
        "counterparty": party_id("bankB"),
        "side": "SELL",
        "terms": terms(),
        "account": party_id("houseA"),
        "lapses_at": market.now + HOUR_US,
    }
    market.block(*[("bankA", "trades", "enter", call)] * 155)
    first = market.ask("bankB", "trades", "trades_of", holder=party_id("bankB"), after=None)
    rest = market.ask("bankB", "trades", "trades_of", holder=party_id("bankB"), after=first[-1])
    assert (len(first), len(rest)) == (150, 5)
    assert len({row["trade"] for row in first + rest}) == 155


def test_a_settlement_costs_what_a_small_transaction_may(market: Market) -> None:
    """R71, R113: a confirm fits the smallest gas class with room to spare."""
    trade = enter(market)
    receipt = market.call("bankB", "trades", "confirm", **purchase(trade))
    assert receipt.code == "OK"
    assert receipt.gas_used < 50_000
    assert market.now % BLOCK_US == 0
    assert market.tokens("bankA")[0] == Decimal(5000)
