"""Bilateral trades: entered by one side, confirmed by the other, settled DVP.

Each side keeps its own copy of the trade in its own books; both copies change
in the same transaction. Lapse is judged from block time when a trade is next
touched. Settlement moves both legs or neither.
"""

from cash import earmark_cash, pay, pay_earmarked, release_cash
from daicho.contract import (
    Account,
    Code,
    Enum,
    Event,
    HALF_UP,
    Key,
    Party,
    Record,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    TxId,
    abort,
    emit,
    entry,
    expect,
    now,
    party,
    query,
    require,
    sender,
    tx_id,
)
from market import JPY, Isin, Price, Shares
from securities import deliver, deliver_earmarked, earmark_shares, release_shares

edition = 1


class Side(Enum):
    BUY = 1
    SELL = 2


class Status(Enum):
    ALLEGED = 1
    MATCHED = 2
    PENDING = 3
    SETTLED = 4
    LAPSED = 5
    REJECTED = 6


class Error(Code):
    UNKNOWN_TRADE = 1
    MISMATCH = 2
    STATUS = 3


class Terms(Record):
    """What both sides must say alike."""

    isin: Isin
    quantity: Shares
    price: Price
    consideration: JPY


class Trade(Row):
    """One side's copy of a trade."""

    holder: Key[Party]
    trade: Key[TxId]
    counterparty: Party
    account: Account
    side: Side
    terms: Terms
    status: Status
    lapses_at: Timestamp


class Alleged(Event):
    trade: TxId
    entered_by: Party
    terms: Terms


trades = Table(Trade, compartment=party(Trade.holder))


@entry(roles=(Role.INSTITUTION,))
def confirm(enterer: Party, trade: TxId, terms: Terms, account: Account) -> Status:
    """Confirm an allegement. Wrong fields are named in the refusal."""
    theirs = expect(trades.get(enterer, trade), Error.UNKNOWN_TRADE)
    mine = expect(trades.get(sender(), trade), Error.UNKNOWN_TRADE)
    require(mine.status == Status.ALLEGED, Error.STATUS)
    if now() > mine.lapses_at:
        set_status(theirs, mine, Status.LAPSED)
        return Status.LAPSED
    wrong = differing_fields(mine.terms, terms)
    require(len(wrong) == 0, Error.MISMATCH, wrong)
    worth = JPY.of(terms.price * terms.quantity.decimal, HALF_UP)
    total = JPY(0)
    for row in trades.scan(sender()):
        total += row.terms.consideration
    trades.put(mine.replace(account=account, status=Status.MATCHED))
    return Status.MATCHED


def differing_fields(alleged: Terms, given: Terms) -> Str:
    """The names of the fields that differ, separated by spaces."""
    names = ""
    if alleged.isin != given.isin:
        names += "isin "
    if alleged.quantity != given.quantity:
        names += "quantity "
    return names


def set_status(theirs: Trade, mine: Trade, status: Status) -> None:
    trades.put(theirs.replace(status=status))
    trades.put(mine.replace(status=status))
    emit(
        Alleged(trade=tx_id(), entered_by=theirs.holder, terms=mine.terms),
        to=(party(theirs.holder), party(mine.holder)),
    )


@query
def trades_of(holder: Party, after: Timestamp) -> list[Trade]:
    """The trades of one institution as they stood then."""
    return trades.as_of(after).scan(holder, limit=100)
