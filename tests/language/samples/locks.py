"""Amounts locked under a name, by every way there is."""

from daicho.contract import (
    ANY_ROLE,
    Annotated,
    Code,
    Hash,
    Holdings,
    Index,
    Int,
    Key,
    MaxLen,
    Party,
    Quantity,
    Role,
    Row,
    Str,
    TxId,
    abort,
    attempt,
    entry,
    party,
    query,
    sender,
    tx_id,
)

edition = 1

Isin = Annotated[Str, MaxLen(500)]
Codes = Annotated[list[Int], MaxLen(4)]


class Shares(Quantity, scale=2): ...


class Error(Code):
    ENOUGH = 1001


class Position(Row):
    bank: Key[Party]
    isin: Key[Isin]
    available: Shares
    earmarked: Shares
    pledged: Shares


positions = Holdings(
    Position,
    per=Position.isin,
    compartment=party(Position.bank),
    locked=(Position.pledged, Position.earmarked),
)
by_bank = Index(positions, Position.bank)


@entry(roles=(Role.MEMBER,))
def bring_in(isin: Isin, quantity: Shares) -> None:
    positions.issue(quantity, target=positions.at(sender(), isin).available)


@entry(roles=(Role.MEMBER,))
def earmark(isin: Isin, quantity: Shares) -> TxId:
    """Under the transaction's own name."""
    positions.lock(
        quantity,
        source=positions.at(sender(), isin).available,
        target=positions.at(sender(), isin).earmarked,
        lock=tx_id(),
    )
    return tx_id()


@entry(roles=(Role.MEMBER,))
def pledge(isin: Isin, quantity: Shares, lender: Party, lock: Hash) -> None:
    """Into another's books."""
    positions.lock(
        quantity,
        source=positions.at(sender(), isin).available,
        target=positions.at(lender, isin).pledged,
        lock=lock,
    )


def delivered(isin: Isin, buyer: Party, lock: TxId) -> Shares:
    return positions.unlock(
        source=positions.at(sender(), isin).earmarked,
        target=positions.at(buyer, isin).available,
        lock=lock,
    )


@entry(roles=(Role.MEMBER,))
def deliver(isin: Isin, buyer: Party, lock: TxId) -> Shares:
    return delivered(isin, buyer, lock)


@entry(roles=(Role.MEMBER,))
def give_back(isin: Isin, owner: Party, part: Shares, lock: Hash) -> Shares:
    return positions.unlock(
        amount=part,
        lock=lock,
        target=positions.at(owner, isin).available,
        source=positions.at(sender(), isin).pledged,
    )


@entry(roles=(Role.MEMBER,))
def try_all(isin: Isin, part: Shares, lock: TxId) -> Codes:
    """A lock, a part of it, all of it, and once more; each undone but the first."""
    codes: Codes = []
    with attempt() as locked:
        positions.lock(
            part,
            source=positions.at(sender(), isin).available,
            target=positions.at(sender(), isin).earmarked,
            lock=lock,
        )
    codes.append(locked.code)
    with attempt() as released:
        positions.unlock(
            source=positions.at(sender(), isin).earmarked,
            target=positions.at(sender(), isin).available,
            lock=lock,
            amount=part,
        )
        abort(Error.ENOUGH)
    codes.append(released.code)
    with attempt() as unlocked:
        delivered(isin, sender(), lock)
        delivered(isin, sender(), lock)
    codes.append(unlocked.code)
    return codes


@query(roles=ANY_ROLE)
def earmarked(bank: Party, isin: Isin, lock: TxId) -> Shares | None:
    return positions.locked(positions.at(bank, isin).earmarked, lock=lock)


@query(roles=ANY_ROLE)
def pledged(bank: Party, isin: Isin, lock: Hash) -> Shares | None:
    return positions.locked(positions.at(bank, isin).pledged, lock=lock)


@query(roles=ANY_ROLE)
def held(bank: Party) -> list[Position]:
    return by_bank.scan(bank)
