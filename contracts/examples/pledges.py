"""Securities pledged to a lender: released by the lender, or the lender's on default.

What is pledged stands in the lender's books, in a column of its own, locked under
the pledge's name. The ledger keeps how much each pledge holds: no pledge is released
from what another one holds, none twice, and nobody sells what is pledged.
"""

from words import Error, Isin, Nominal

from daicho.contract import (
    ANY_ROLE,
    Enum,
    Event,
    Holdings,
    Key,
    Party,
    Role,
    Row,
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

LIST_MAX = 100


class Position(Row):
    holder: Key[Party]
    isin: Key[Isin]
    available: Nominal
    pledged: Nominal
    """To this holder, by others."""


class Status(Enum):
    ACTIVE = 0
    RELEASED = 1
    ENFORCED = 2


class Pledge(Row):
    """One party's copy."""

    holder: Key[Party]
    pledge: Key[TxId]
    pledgor: Party
    lender: Party
    isin: Isin
    quantity: Nominal
    due: Timestamp
    """From then on the lender may enforce it."""
    status: Status


class Changed(Event):
    pledge: TxId
    pledgor: Party
    lender: Party
    quantity: Nominal
    """What is still pledged."""
    status: Status


positions = Holdings(
    Position,
    per=Position.isin,
    compartment=party(Position.holder),
    locked=(Position.pledged,),
)
pledges = Table(Pledge, compartment=party(Pledge.holder))


@entry(roles=(Role.ADMINISTRATOR,))
def bring_in(holder: Party, isin: Isin, quantity: Nominal) -> None:
    require(quantity > Nominal(0), Error.AMOUNT)
    positions.issue(quantity, target=positions.at(holder, isin).available)


@entry(roles=(Role.MEMBER,))
def transfer(isin: Isin, quantity: Nominal, receiver: Party) -> None:
    """What is pledged is not available, to nobody."""
    require(quantity > Nominal(0), Error.AMOUNT)
    positions.move(
        quantity,
        source=positions.at(sender(), isin).available,
        target=positions.at(receiver, isin).available,
    )


@entry(roles=(Role.MEMBER,))
def give(lender: Party, isin: Isin, quantity: Nominal, due: Timestamp) -> TxId:
    """Give a lender security until a debt is due; the pledge has the transaction's name."""
    require(lender != sender(), Error.PARTIES)
    require(due > now(), Error.DATES)
    positions.lock(
        quantity,
        source=positions.at(sender(), isin).available,
        target=positions.at(lender, isin).pledged,
        lock=tx_id(),
    )
    keep(
        Pledge(
            holder=sender(),
            pledge=tx_id(),
            pledgor=sender(),
            lender=lender,
            isin=isin,
            quantity=quantity,
            due=due,
            status=Status.ACTIVE,
        )
    )
    return tx_id()


@entry(roles=(Role.MEMBER,))
def release(pledge: TxId, quantity: Nominal) -> None:
    """The lender gives a part back to the pledgor, or all of it."""
    row = active(pledge)
    positions.unlock(
        source=positions.at(row.lender, row.isin).pledged,
        target=positions.at(row.pledgor, row.isin).available,
        lock=row.pledge,
        amount=quantity,
    )
    left = row.quantity - quantity
    keep(row.replace(quantity=left, status=Status.RELEASED if left == Nominal(0) else row.status))


@entry(roles=(Role.MEMBER,))
def enforce(pledge: TxId) -> Nominal:
    """The debt was not paid when it was due: what is still pledged is the lender's."""
    row = active(pledge)
    require(now() >= row.due, Error.DATES)
    taken = positions.unlock(
        source=positions.at(row.lender, row.isin).pledged,
        target=positions.at(row.lender, row.isin).available,
        lock=row.pledge,
    )
    keep(row.replace(quantity=Nominal(0), status=Status.ENFORCED))
    return taken


def active(pledge: TxId) -> Pledge:
    """An active pledge to the sender."""
    row = expect(pledges.get(sender(), pledge), Error.UNKNOWN)
    require(row.lender == sender(), Error.PARTIES)
    require(row.status == Status.ACTIVE, Error.STATUS)
    return row


def keep(row: Pledge) -> None:
    """Both copies, and both are told."""
    for holder in (row.pledgor, row.lender):
        pledges.put(row.replace(holder=holder))
    emit(
        Changed(
            pledge=row.pledge,
            pledgor=row.pledgor,
            lender=row.lender,
            quantity=row.quantity,
            status=row.status,
        ),
        to=(party(Changed.pledgor), party(Changed.lender)),
    )


@query(roles=ANY_ROLE)
def position(holder: Party, isin: Isin) -> Position:
    return positions[holder, isin]


@query(roles=ANY_ROLE)
def find_pledge(holder: Party, pledge: TxId) -> Pledge:
    return pledges[holder, pledge]


@query(roles=ANY_ROLE)
def pledges_of(holder: Party) -> list[Pledge]:
    return pledges.scan(holder, limit=LIST_MAX)


@query(roles=ANY_ROLE)
def holds(lender: Party, isin: Isin, pledge: TxId) -> Nominal | None:
    """What the ledger itself has locked under a pledge's name."""
    return positions.locked(positions.at(lender, isin).pledged, lock=pledge)
