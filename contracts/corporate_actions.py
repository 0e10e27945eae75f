"""Corporate actions: cash dividend and share split.

The administrator announces an action on the issuer's request and carries it out
once its record time has passed, page by page of the register. A dividend reads
the register as it stood at the record time, whenever it was announced: who sold
later is paid, who bought later is not. A split changes what a share is, so it
changes every holding and every open trade as they stand when it is carried out;
while pages remain nothing of the security moves.
"""

from cash import pay
from market import JPY, LIST_MAX, Error, Isin, Price, Shares, require_own
from reference import issuer_of
from securities import HOLDERS_PAGE, Holder, holders_then, set_halted, split_holders
from trades import free_earmarks, split_trades

from daicho.contract import (
    ADMINISTRATOR,
    DOWN,
    U32,
    Account,
    Decimal,
    Enum,
    Event,
    Hash,
    Key,
    Party,
    Role,
    Row,
    Table,
    Timestamp,
    emit,
    entry,
    expect,
    now,
    party,
    query,
    register,
    require,
)

edition = 1


class Kind(Enum):
    DIVIDEND = 0
    SPLIT = 1


class ActionStatus(Enum):
    ANNOUNCED = 0
    EXECUTING = 1
    EXECUTED = 2


class Action(Row):
    """A corporate action, named by the digest of the issuer's request.

    `holders` and `paid` count what is done so far.
    """

    issuer: Key[Party]
    action: Key[Hash]
    isin: Isin
    kind: Kind
    per_share: Price
    new: U32
    old: U32
    record_time: Timestamp
    status: ActionStatus
    holders: U32
    paid: JPY


class Progress(Row):
    """The last line of the register that an unfinished action has dealt with."""

    issuer: Key[Party]
    action: Key[Hash]
    last: Holder


class Entitlement(Row):
    """What one account was paid: its bank holds the money for it."""

    bank: Key[Party]
    action: Key[Hash]
    account: Key[Account]
    isin: Isin
    quantity: Shares
    amount: JPY


class Announced(Event):
    issuer: Party
    action: Hash
    isin: Isin
    kind: Kind
    record_time: Timestamp


class Executed(Event):
    """An action's end. From the splits among these the register can be rebuilt."""

    issuer: Party
    action: Hash
    isin: Isin
    kind: Kind
    new: U32
    old: U32
    holders: U32
    paid: JPY


actions = Table(Action, compartment=register(Action.issuer))
progress = Table(Progress, compartment=ADMINISTRATOR)
entitlements = Table(Entitlement, compartment=party(Entitlement.bank))


# --- announcement ---


@entry(roles=(Role.ADMINISTRATOR,))
def announce_dividend(
    isin: Isin, per_share: Price, record_time: Timestamp, request: Hash | None
) -> Hash:
    """A cash dividend for the holders at the record time, past or to come."""
    require(per_share > Decimal("0"), Error.AMOUNT)
    return announce(isin, Kind.DIVIDEND, per_share, 1, 1, record_time, request)


@entry(roles=(Role.ADMINISTRATOR,))
def announce_split(
    isin: Isin, new: U32, old: U32, record_time: Timestamp, request: Hash | None
) -> Hash:
    """A split of every `old` shares into `new`: 1:2 is new = 2, old = 1."""
    require(new > 0 and old > 0 and new != old, Error.RATIO)
    return announce(isin, Kind.SPLIT, Decimal("0"), new, old, record_time, request)


def announce(
    isin: Isin,
    kind: Kind,
    per_share: Price,
    new: U32,
    old: U32,
    record_time: Timestamp,
    request: Hash | None,
) -> Hash:
    """Enter an action. Without the issuer's request there is none; a request counts once."""
    action = expect(request, Error.NO_REQUEST)
    issuer = issuer_of(isin)
    require(actions.get(issuer, action) is None, Error.DUP)
    actions.insert(
        Action(
            issuer=issuer,
            action=action,
            isin=isin,
            kind=kind,
            per_share=per_share,
            new=new,
            old=old,
            record_time=record_time,
            status=ActionStatus.ANNOUNCED,
            holders=0,
            paid=JPY(0),
        )
    )
    emit(
        Announced(issuer=issuer, action=action, isin=isin, kind=kind, record_time=record_time),
        to=(ADMINISTRATOR, register(Announced.issuer)),
    )
    return action


# --- execution ---


@entry(roles=(Role.ADMINISTRATOR,))
def execute(issuer: Party, action: Hash) -> ActionStatus:
    """Carry out one page of an action; again until it is EXECUTED."""
    found = expect(actions.get(issuer, action), Error.UNKNOWN_ACTION)
    require(found.status != ActionStatus.EXECUTED, Error.STATUS)
    require(found.record_time < now(), Error.RECORD_TIME)
    page = next_page(found)
    paid = pay_page(found, page) if found.kind == Kind.DIVIDEND else JPY(0)
    is_last = len(page) < HOLDERS_PAGE
    done = found.replace(
        status=ActionStatus.EXECUTED if is_last else ActionStatus.EXECUTING,
        holders=found.holders + len(page),
        paid=found.paid + paid,
    )
    actions.put(done)
    if is_last:
        finish(done)
    else:
        progress.put(Progress(issuer=issuer, action=action, last=page[-1]))
    return done.status


def next_page(action: Action) -> list[Holder]:
    """The next holders of a dividend, or the next that were split."""
    before = progress.get(action.issuer, action.action)
    last: Holder | None = None
    if before is not None:
        last = before.last
    if action.kind == Kind.DIVIDEND:
        return holders_then(action.issuer, action.isin, action.record_time, last)
    if action.status == ActionStatus.ANNOUNCED:
        free_earmarks(action.isin)
        set_halted(action.isin, True)
    return split_holders(action.issuer, action.isin, action.new, action.old, last)


def pay_page(action: Action, page: list[Holder]) -> JPY:
    """Pay each account's bank; the issuer's own shares earn nothing.

    An account gets per_share times its shares, rounded down to the sen.
    """
    total = JPY(0)
    for holder in page:
        if holder.bank != action.issuer:
            amount = JPY.of(action.per_share * holder.quantity.decimal, DOWN)
            pay(action.issuer, holder.bank, amount)
            entitlements.insert(
                Entitlement(
                    bank=holder.bank,
                    action=action.action,
                    account=holder.account,
                    isin=action.isin,
                    quantity=holder.quantity,
                    amount=amount,
                )
            )
            total += amount
    return total


def finish(action: Action) -> None:
    """All holders are dealt with: trades follow a split, and the security moves again."""
    if (action.issuer, action.action) in progress:
        progress.delete(action.issuer, action.action)
    if action.kind == Kind.SPLIT:
        set_halted(action.isin, False)
        split_trades(action.isin, action.new, action.old)
    emit(
        Executed(
            issuer=action.issuer,
            action=action.action,
            isin=action.isin,
            kind=action.kind,
            new=action.new,
            old=action.old,
            holders=action.holders,
            paid=action.paid,
        ),
        to=(ADMINISTRATOR, register(Executed.issuer)),
    )


# --- queries ---


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def find_action(issuer: Party, action: Hash) -> Action:
    """One corporate action."""
    return actions[issuer, action]


@query(roles=(Role.ISSUER, Role.ADMINISTRATOR))
def actions_of(issuer: Party) -> list[Action]:
    """The corporate actions of an issuer."""
    require_own(issuer)
    return actions.scan(issuer, limit=LIST_MAX)


@query(roles=(Role.MEMBER, Role.ADMINISTRATOR))
def entitlements_of(bank: Party, action: Hash, after: Entitlement | None) -> list[Entitlement]:
    """What the accounts of a bank were paid by an action."""
    require_own(bank)
    return entitlements.scan(bank, action, after=after, limit=LIST_MAX)
