"""Netting: payments wait in a queue, are set off pair by pair, and what is left is owed.

A member enters what it owes another. When the operator closes a cycle, its
payments are added up for each pair of members and each currency, a page in a
block; then whoever owes more of the two gets an obligation for the difference.
It is paid from the debtor's account, in parts if the account is short: then all
its creditors in that currency get the same share, to the cent.

The queue and the sums are the operator's; an obligation is seen by its two sides.
"""

from words import Error

from daicho.contract import (
    ADMINISTRATOR,
    ANY_ROLE,
    LARGEST_REMAINDER,
    PUBLIC,
    U32,
    Enum,
    Event,
    Holdings,
    Int,
    Key,
    Money,
    Party,
    Role,
    Row,
    Table,
    TxId,
    Var,
    allocate,
    emit,
    entry,
    now,
    party,
    query,
    require,
    scheduled,
    sender,
    tx_id,
)

edition = 1

PAGE = 40
"""Payments, or pairs, of one block."""


class Cents(Money, scale=2): ...


class Currency(Enum):
    USD = 0
    EUR = 1
    GBP = 2


class Account(Row):
    member: Key[Party]
    currency: Key[Currency]
    amount: Cents


class Payment(Row):
    """Something owed, in the queue of its cycle."""

    cycle: Key[U32]
    payment: Key[TxId]
    payer: Party
    payee: Party
    currency: Currency
    amount: Cents


class Pair(Row):
    """Two members, the one with the lesser id first, and what it owes the other: or less than 0."""

    cycle: Key[U32]
    currency: Key[Currency]
    first: Key[Party]
    second: Key[Party]
    owes: Cents


class Obligation(Row):
    """One side's copy of what is still to be paid."""

    holder: Key[Party]
    cycle: Key[U32]
    currency: Key[Currency]
    debtor: Key[Party]
    creditor: Key[Party]
    amount: Cents


accounts = Holdings(Account, per=Account.currency, compartment=party(Account.member))
queue = Table(Payment, compartment=ADMINISTRATOR)
pairs = Table(Pair, compartment=ADMINISTRATOR)
obligations = Table(Obligation, compartment=party(Obligation.holder))
cycle: Var[U32] = Var(1, compartment=PUBLIC)


class Queued(Event):
    payer: Party
    payee: Party
    payment: TxId
    amount: Cents
    currency: Currency


class Obliged(Event):
    debtor: Party
    creditor: Party
    cycle: U32
    currency: Currency
    amount: Cents


class Settled(Event):
    """`left` is what is still owed."""

    debtor: Party
    creditor: Party
    cycle: U32
    currency: Currency
    paid: Cents
    left: Cents


@entry(roles=(Role.ADMINISTRATOR,))
def fund(member: Party, currency: Currency, amount: Cents) -> None:
    require(amount > Cents(0), Error.AMOUNT)
    accounts.issue(amount, target=accounts.at(member, currency).amount)


# --- the queue ---


@entry(roles=(Role.MEMBER,))
def owe(payee: Party, currency: Currency, amount: Cents) -> U32:
    """The sender owes; the cycle in which it will be netted."""
    require(amount > Cents(0), Error.AMOUNT)
    require(payee != sender(), Error.PARTIES)
    queue.insert(
        Payment(
            cycle=cycle.get(),
            payment=tx_id(),
            payer=sender(),
            payee=payee,
            currency=currency,
            amount=amount,
        )
    )
    emit(
        Queued(payer=sender(), payee=payee, payment=tx_id(), amount=amount, currency=currency),
        to=(party(Queued.payer), party(Queued.payee)),
    )
    return cycle.get()


@entry(roles=(Role.ADMINISTRATOR,))
def close() -> U32:
    """End the cycle: what comes now is of the next. The cycle that is netted."""
    ended = cycle.get()
    cycle.set(ended + 1)
    add_up.at(now(), ended, None)
    return ended


# --- netting ---


@scheduled(priority=20, gas="M")
def add_up(ended: U32, after: Payment | None) -> Payment | None:
    """Add a page of payments to their pairs; the last page sends the pairs on."""
    page = queue.scan(ended, after=after, limit=PAGE)
    for row in page:
        add(row)
    if len(page) == PAGE:
        return page[-1]
    oblige.at(now(), ended, None)
    return None


def add(row: Payment) -> None:
    first, second = min(row.payer, row.payee), max(row.payer, row.payee)
    amount = row.amount if row.payer == first else -row.amount
    known = pairs.get(row.cycle, row.currency, first, second)
    before = Cents(0) if known is None else known.owes
    pairs.put(
        Pair(
            cycle=row.cycle,
            currency=row.currency,
            first=first,
            second=second,
            owes=before + amount,
        )
    )


@scheduled(priority=20, gas="M")
def oblige(ended: U32, after: Pair | None) -> Pair | None:
    """Whoever owes more of a pair owes the difference: a page of pairs."""
    page = pairs.scan(ended, after=after, limit=PAGE)
    for pair in page:
        if pair.owes > Cents(0):
            record(pair, pair.first, pair.second)
        elif pair.owes < Cents(0):
            record(pair, pair.second, pair.first)
    return page[-1] if len(page) == PAGE else None


def record(pair: Pair, debtor: Party, creditor: Party) -> None:
    """An obligation, in both copies."""
    for holder in (debtor, creditor):
        obligations.insert(
            Obligation(
                holder=holder,
                cycle=pair.cycle,
                currency=pair.currency,
                debtor=debtor,
                creditor=creditor,
                amount=abs(pair.owes),
            )
        )
    emit(
        Obliged(
            debtor=debtor,
            creditor=creditor,
            cycle=pair.cycle,
            currency=pair.currency,
            amount=abs(pair.owes),
        ),
        to=(party(Obliged.debtor), party(Obliged.creditor)),
    )


# --- payment ---


@entry(roles=(Role.MEMBER,))
def pay(ended: U32, currency: Currency) -> Cents:
    """Pay what the sender owes of a cycle in a currency, or as much as it has; how much."""
    owed = obligations.scan(sender(), ended, currency, sender())
    total = Cents(0)
    weights: list[Int] = []
    for row in owed:
        total += row.amount
        weights.append(row.amount.units)
    require(total > Cents(0), Error.UNKNOWN)
    account = accounts.get(sender(), currency)
    paid = Cents(0) if account is None else min(total, account.amount)
    require(paid > Cents(0), Error.AMOUNT)
    parts = allocate(paid, weights, LARGEST_REMAINDER)
    for i in range(len(owed)):
        settle(owed[i], parts[i])
    return paid


def settle(row: Obligation, paid: Cents) -> None:
    """Move a part to the creditor; what is paid whole is gone from both copies."""
    left = row.amount - paid
    accounts.move(
        paid,
        source=accounts.at(row.debtor, row.currency).amount,
        target=accounts.at(row.creditor, row.currency).amount,
    )
    for holder in (row.debtor, row.creditor):
        if left == Cents(0):
            obligations.delete(holder, row.cycle, row.currency, row.debtor, row.creditor)
        else:
            obligations.put(row.replace(holder=holder, amount=left))
    emit(
        Settled(
            debtor=row.debtor,
            creditor=row.creditor,
            cycle=row.cycle,
            currency=row.currency,
            paid=paid,
            left=left,
        ),
        to=(party(Settled.debtor), party(Settled.creditor)),
    )


# --- queries ---


@query(roles=ANY_ROLE)
def balance(member: Party, currency: Currency) -> Cents:
    row = accounts.get(member, currency)
    return Cents(0) if row is None else row.amount


@query(roles=ANY_ROLE)
def obligations_of(holder: Party, ended: U32) -> list[Obligation]:
    """What a member still owes and is owed of a cycle."""
    return obligations.scan(holder, ended)


@query(roles=(Role.ADMINISTRATOR,))
def sums_of(ended: U32) -> list[Pair]:
    return pairs.scan(ended)
