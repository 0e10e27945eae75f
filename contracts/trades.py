"""Bilateral trades: entered by one side, confirmed by the other, settled DVP.

Each side has its own copy of a trade in its own books; both change in the same
transaction. Confirmation matches the terms field by field and settles at once:
shares against money, both or neither (DVP model 1, gross and trade by trade).
The two sides may ask for the administrator's sign-off of the shares, of the
money or of both; then both legs are earmarked and the trade is pending until
the last sign-off, or until it is rejected.

Nobody is woken when a trade lapses: it is judged by block time when a trade is
next touched.
"""

from cash import earmark_cash, pay, pay_earmarked, release_cash
from market import JPY, LIST_MAX, Error, Isin, Price, Shares, require_own, split_quantity
from reference import is_institution
from securities import deliver, deliver_earmarked, earmark, release, require_ready

from daicho.contract import (
    ADMINISTRATOR,
    HALF_EVEN,
    U32,
    Account,
    Bool,
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
    export,
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


class Leg(Enum):
    SECURITIES = 0
    CASH = 1


class Signoff(Enum):
    """Which legs wait for the administrator."""

    NONE = 0
    SECURITIES = 1
    CASH = 2
    BOTH = 3


class Status(Enum):
    ALLEGED = 0
    SETTLED = 1
    PENDING = 2
    LAPSED = 3
    CANCELLED = 4
    REJECTED = 5


class Terms(Record):
    """What both sides must say alike."""

    isin: Isin
    quantity: Shares
    price: Price
    consideration: JPY
    signoff: Signoff


class Trade(Row):
    """One side's copy of a trade. `account` is its own, unknown until it says so."""

    holder: Key[Party]
    trade: Key[TxId]
    side: Key[Side]
    counterparty: Party
    account: Account | None
    terms: Terms
    lapses_at: Timestamp
    status: Status


class OpenTrade(Row):
    """A trade that is alleged or pending, for the administrator."""

    isin: Key[Isin]
    trade: Key[TxId]
    seller: Party
    buyer: Party
    status: Status
    awaits_securities: Bool
    awaits_cash: Bool


class Alleged(Event):
    """Somebody says that it has traded with the counterparty. `side` is the enterer's."""

    trade: TxId
    entered_by: Party
    counterparty: Party
    side: Side
    terms: Terms
    lapses_at: Timestamp


class Matched(Event):
    """Both sides agree; the status says whether the trade settled or waits."""

    trade: TxId
    seller: Party
    buyer: Party
    status: Status


class Closed(Event):
    """An open trade came to its end."""

    trade: TxId
    seller: Party
    buyer: Party
    status: Status


trades = Table(Trade, compartment=party(Trade.holder))
open_book = Table(OpenTrade, compartment=ADMINISTRATOR)


# --- enter, confirm, cancel ---


@entry(roles=(Role.MEMBER,))
def enter(
    counterparty: Party, side: Side, terms: Terms, account: Account, lapses_at: Timestamp
) -> TxId:
    """Say that the sender has traded; the counterparty finds it as an allegement.

    `side` is the sender's, `account` its own securities account for this trade.
    """
    require(is_institution(counterparty), Error.UNKNOWN_INSTITUTION)
    require_ready(terms.isin, sender(), account)
    require(terms.quantity > Shares(0) and terms.consideration > JPY(0), Error.AMOUNT)
    require(lapses_at > now(), Error.LAPSE_TIME)
    mine = Trade(
        holder=sender(),
        trade=tx_id(),
        side=side,
        counterparty=counterparty,
        account=account,
        terms=terms,
        lapses_at=lapses_at,
        status=Status.ALLEGED,
    )
    theirs = mine.replace(
        holder=counterparty, side=opposite(side), counterparty=sender(), account=None
    )
    trades.insert(mine)
    trades.insert(theirs)
    open_book.insert(
        OpenTrade(
            isin=terms.isin,
            trade=mine.trade,
            seller=sender() if side == Side.SELL else counterparty,
            buyer=sender() if side == Side.BUY else counterparty,
            status=Status.ALLEGED,
            awaits_securities=False,
            awaits_cash=False,
        )
    )
    emit(
        Alleged(
            trade=mine.trade,
            entered_by=sender(),
            counterparty=counterparty,
            side=side,
            terms=terms,
            lapses_at=lapses_at,
        ),
        to=(party(Alleged.entered_by), party(Alleged.counterparty)),
    )
    return mine.trade


@entry(roles=(Role.MEMBER,))
def confirm(trade: TxId, side: Side, terms: Terms, account: Account) -> Status:
    """Confirm an allegement: match, then settle both legs or earmark both."""
    mine = expect(trades.get(sender(), trade, side), Error.UNKNOWN_TRADE)
    require(mine.status == Status.ALLEGED and mine.account is None, Error.STATUS)
    theirs = trades[mine.counterparty, trade, opposite(side)]
    if now() > mine.lapses_at:
        return close(mine, theirs, Status.LAPSED)
    wrong = differing(mine.terms, terms)
    require(wrong == "", Error.MISMATCH, wrong)
    mine = mine.replace(account=account)
    if side == Side.BUY:
        return settle_or_wait(theirs, mine)
    return settle_or_wait(mine, theirs)


@entry(roles=(Role.MEMBER,))
def cancel(trade: TxId, side: Side) -> Status:
    """Take back an allegement of one's own that nobody has confirmed."""
    mine = expect(trades.get(sender(), trade, side), Error.UNKNOWN_TRADE)
    require(mine.status == Status.ALLEGED and mine.account is not None, Error.STATUS)
    theirs = trades[mine.counterparty, trade, opposite(side)]
    lapsed = now() > mine.lapses_at
    return close(mine, theirs, Status.LAPSED if lapsed else Status.CANCELLED)


def differing(alleged: Terms, given: Terms) -> Str:
    """The names of the fields that differ, separated by spaces."""
    names = ""
    if alleged.isin != given.isin:
        names += "isin "
    if alleged.quantity != given.quantity:
        names += "quantity "
    if alleged.price != given.price:
        names += "price "
    if alleged.consideration != given.consideration:
        names += "consideration "
    if alleged.signoff != given.signoff:
        names += "signoff "
    return names[:-1]


def opposite(side: Side) -> Side:
    return Side.SELL if side == Side.BUY else Side.BUY


# --- settlement ---


def settle_or_wait(sale: Trade, purchase: Trade) -> Status:
    """A matched trade settles, unless a sign-off is asked for."""
    terms = sale.terms
    if terms.signoff == Signoff.NONE:
        pay(purchase.holder, sale.holder, terms.consideration)
        deliver(
            terms.isin,
            terms.quantity,
            sale.holder,
            account_of(sale),
            purchase.holder,
            account_of(purchase),
        )
        return matched(sale, purchase, Status.SETTLED)
    require_ready(terms.isin, purchase.holder, account_of(purchase))
    earmark_cash(purchase.holder, terms.consideration)
    earmark(terms.isin, terms.quantity, sale.holder, account_of(sale))
    return matched(sale, purchase, Status.PENDING)


def matched(sale: Trade, purchase: Trade, status: Status) -> Status:
    """Both copies and the administrator's book show the outcome of a match."""
    set_status(sale, purchase, status)
    if status == Status.PENDING:
        signoff = sale.terms.signoff
        waiting = open_book[sale.terms.isin, sale.trade]
        open_book.put(
            waiting.replace(
                status=status,
                awaits_securities=signoff != Signoff.CASH,
                awaits_cash=signoff != Signoff.SECURITIES,
            )
        )
    else:
        open_book.delete(sale.terms.isin, sale.trade)
    emit(
        Matched(trade=sale.trade, seller=sale.holder, buyer=purchase.holder, status=status),
        to=(party(Matched.seller), party(Matched.buyer)),
    )
    return status


def close(mine: Trade, theirs: Trade, status: Status) -> Status:
    """An open trade ends, settled or not."""
    set_status(mine, theirs, status)
    open_book.delete(mine.terms.isin, mine.trade)
    is_sale = mine.side == Side.SELL
    emit(
        Closed(
            trade=mine.trade,
            seller=mine.holder if is_sale else theirs.holder,
            buyer=theirs.holder if is_sale else mine.holder,
            status=status,
        ),
        to=(party(Closed.seller), party(Closed.buyer)),
    )
    return status


def set_status(mine: Trade, theirs: Trade, status: Status) -> None:
    trades.put(mine.replace(status=status))
    trades.put(theirs.replace(status=status))


def account_of(side: Trade) -> Account:
    """The account a side has named; both have once a trade is matched."""
    return expect(side.account, Error.STATUS)


# --- sign-off ---


@entry(roles=(Role.ADMINISTRATOR,))
def approve(isin: Isin, trade: TxId, leg: Leg) -> Status:
    """Sign one leg off; with the last one the trade settles."""
    waiting = expect(open_book.get(isin, trade), Error.UNKNOWN_TRADE)
    if leg == Leg.SECURITIES:
        require(waiting.awaits_securities, Error.STATUS)
        waiting = waiting.replace(awaits_securities=False)
    else:
        require(waiting.awaits_cash, Error.STATUS)
        waiting = waiting.replace(awaits_cash=False)
    if waiting.awaits_securities or waiting.awaits_cash:
        open_book.put(waiting)
        return Status.PENDING
    sale = trades[waiting.seller, trade, Side.SELL]
    purchase = trades[waiting.buyer, trade, Side.BUY]
    terms = sale.terms
    pay_earmarked(purchase.holder, sale.holder, terms.consideration)
    deliver_earmarked(
        isin,
        terms.quantity,
        sale.holder,
        account_of(sale),
        purchase.holder,
        account_of(purchase),
    )
    return close(sale, purchase, Status.SETTLED)


@entry(roles=(Role.ADMINISTRATOR,))
def reject(isin: Isin, trade: TxId) -> Status:
    """Refuse a pending trade; both earmarks are freed."""
    waiting = expect(open_book.get(isin, trade), Error.UNKNOWN_TRADE)
    require(waiting.status == Status.PENDING, Error.STATUS)
    sale = trades[waiting.seller, trade, Side.SELL]
    purchase = trades[waiting.buyer, trade, Side.BUY]
    release_cash(purchase.holder, sale.terms.consideration)
    release(isin, sale.terms.quantity, sale.holder, account_of(sale))
    return close(sale, purchase, Status.REJECTED)


# --- share splits: open trades follow ---


@export(callers=("corporate_actions",))
def free_earmarks(isin: Isin) -> None:
    """Before a split: shares of pending trades become available again."""
    for waiting in open_book.scan(isin):
        if waiting.status == Status.PENDING:
            sale = trades[waiting.seller, waiting.trade, Side.SELL]
            release(isin, sale.terms.quantity, sale.holder, account_of(sale))


@export(callers=("corporate_actions",))
def split_trades(isin: Isin, new: U32, old: U32) -> None:
    """After a split: the terms of every open trade, and the earmarks of pending ones.

    Quantity times new over old, rounded down to the hundredth; price times old
    over new, rounded half to even at four places; the consideration stays, so
    that what the buyer owes does not change (FINOS CDM, stock split of an
    unsettled trade). Parts rounded down never exceed the whole rounded down, so
    the earmarks fit. A trade of which nothing is left is cancelled.
    """
    for waiting in open_book.scan(isin):
        sale = trades[waiting.seller, waiting.trade, Side.SELL]
        purchase = trades[waiting.buyer, waiting.trade, Side.BUY]
        terms = sale.terms.replace(
            quantity=split_quantity(sale.terms.quantity, new, old),
            price=(sale.terms.price * old).div(new, 4, HALF_EVEN),
        )
        sale = sale.replace(terms=terms)
        purchase = purchase.replace(terms=terms)
        if terms.quantity == Shares(0):
            if waiting.status == Status.PENDING:
                release_cash(purchase.holder, terms.consideration)
            close(sale, purchase, Status.CANCELLED)
        else:
            trades.put(sale)
            trades.put(purchase)
            if waiting.status == Status.PENDING:
                earmark(isin, terms.quantity, sale.holder, account_of(sale))


# --- queries ---


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def find_trade(holder: Party, trade: TxId, side: Side) -> Trade:
    """One side's copy of a trade."""
    return trades[holder, trade, side]


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def trades_of(holder: Party, after: Trade | None) -> list[Trade]:
    """The trades of one institution, allegements against it included."""
    require_own(holder)
    return trades.scan(holder, after=after, limit=LIST_MAX)


@query(roles=(Role.ADMINISTRATOR,))
def open_trades(isin: Isin, after: OpenTrade | None) -> list[OpenTrade]:
    """The trades in an instrument that are alleged or pending."""
    return open_book.scan(isin, after=after, limit=LIST_MAX)
