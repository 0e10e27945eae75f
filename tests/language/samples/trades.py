"""Bilateral trades: entered by one side, confirmed by the other, settled DVP.

Each side keeps its own copy of the trade in its own books; both copies change
in the same transaction. Lapse is judged from block time when a trade is next
touched. Settlement moves both legs or neither.
"""

from cash import pay
from market import JPY, Isin, Price, Shares
from securities import deliver

from daicho.contract import (
    HALF_UP,
    Account,
    Code,
    Enum,
    Event,
    Key,
    Party,
    Record,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    TxId,
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

edition = 1


class Side(Enum):
    BUY = 0
    SELL = 1


class Status(Enum):
    ALLEGED = 0
    MATCHED = 1
    PENDING = 2
    SETTLED = 3
    LAPSED = 4
    REJECTED = 5


class Error(Code):
    UNKNOWN_TRADE = 1001
    MISMATCH = 1002
    STATUS = 1003


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
    seller: Party
    buyer: Party
    terms: Terms


trades = Table(Trade, compartment=party(Trade.holder))


@entry(roles=(Role.MEMBER,))
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
    deliver(terms.isin, terms.quantity, enterer, theirs.account, sender(), account)
    pay(sender(), enterer, worth + JPY(0) * total.units)
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
        Alleged(trade=tx_id(), seller=theirs.holder, buyer=mine.holder, terms=mine.terms),
        to=(party(Alleged.seller), party(Alleged.buyer)),
    )


@query(roles=(Role.MEMBER,))
def trades_of(holder: Party, after: Timestamp) -> list[Trade]:
    """The trades of one institution as they stood then."""
    return trades.as_of(after).scan(holder, limit=100)
