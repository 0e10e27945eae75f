"""How two banks deal: one enters a trade, the other confirms it, both legs settle."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from daicho.demo.cast import HOLDERS, ISIN_X, Trade
from daicho.demo.stage import Desk, Stage
from daicho.gateway import SealedItem

AN_HOUR_US = 3_600_000_000


def terms_of(trade: Trade, price: Decimal | None = None) -> dict[str, object]:
    """What both sides state alike; `price` is what one of them misheard."""
    return {
        "isin": ISIN_X,
        "quantity": trade.quantity,
        "price": price or trade.price,
        "consideration": trade.consideration,
        "signoff": trade.signoff,
    }


def in_an_hour_us() -> int:
    """A lapse time that the day does not reach."""
    return time.time_ns() // 1_000 + AN_HOUR_US


def seller(stage: Stage, trade: Trade) -> Desk:
    """The selling bank's desk."""
    return stage.desk(HOLDERS[trade.seller].bank)


def buyer(stage: Stage, trade: Trade) -> Desk:
    """The buying bank's desk."""
    return stage.desk(HOLDERS[trade.buyer].bank)


def entry_of(stage: Stage, trade: Trade, lapses_at_us: int | None = None) -> dict[str, Any]:
    """The arguments with which the seller enters a trade."""
    return {
        "counterparty": buyer(stage, trade).id,
        "side": "SELL",
        "terms": terms_of(trade),
        "account": stage.ids[trade.seller],
        "lapses_at": lapses_at_us or in_an_hour_us(),
    }


def confirmation_of(
    stage: Stage, trade: Trade, number: bytes, price: Decimal | None = None
) -> dict[str, Any]:
    """The arguments with which the buyer confirms the trade of that number."""
    return {
        "trade": number,
        "side": "BUY",
        "terms": terms_of(trade, price),
        "account": stage.ids[trade.buyer],
    }


def enter(stage: Stage, trade: Trade, lapses_at_us: int | None = None) -> bytes:
    """The seller enters; the trade's number."""
    arguments = entry_of(stage, trade, lapses_at_us)
    return bytes(seller(stage, trade).result("trades", "enter", **arguments))


def enter_all(stage: Stage, trade: Trade, count: int) -> list[bytes]:
    """The seller enters the same trade several times at once; their numbers."""
    desk = seller(stage, trade)
    items = [desk.seal("trades", "enter", **entry_of(stage, trade)) for _ in range(count)]
    return [bytes(desk.decoded("trades", "enter", receipt)) for receipt in desk.client.send(items)]


def sealed_confirmations(stage: Stage, trade: Trade, numbers: list[bytes]) -> list[SealedItem]:
    """The buyer's confirmations, sealed and not sent."""
    desk = buyer(stage, trade)
    return [
        desk.seal("trades", "confirm", **confirmation_of(stage, trade, each)) for each in numbers
    ]


def confirm(stage: Stage, trade: Trade, number: bytes) -> str:
    """The buyer confirms; the trade's status after that."""
    arguments = confirmation_of(stage, trade, number)
    return str(buyer(stage, trade).result("trades", "confirm", **arguments))


def deal(stage: Stage, trade: Trade) -> str:
    """Both sides, one after the other; the trade's status."""
    return confirm(stage, trade, enter(stage, trade))


def position(stage: Stage, holder: str) -> dict[str, Any]:
    """An account's shares of X, as its own bank sees them; none reads as zero."""
    bank = stage.desk(HOLDERS[holder].bank)
    rows = bank.ask("securities", "positions_of", bank=bank.id, account=stage.ids[holder])
    empty = {"available": Decimal(0), "earmarked": Decimal(0)}
    return next((row for row in rows if row["isin"] == ISIN_X), empty)


def available(stage: Stage, holder: str) -> Decimal:
    """The shares of X in an account that may be disposed of."""
    found: Decimal = position(stage, holder)["available"]
    return found
