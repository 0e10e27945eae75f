"""An agreement in three steps: proposed, affirmed by the other side, confirmed by a third.

Every party has its own copy. Until the counterparty has affirmed, the one who
confirms knows nothing of it. The proposer may amend what nobody has affirmed;
an amendment is a new version, and only the version that was read is affirmed.
Counterparty and confirmer may reject. What is not confirmed in time lapses by
a timer.
"""

from words import JPY, Error, Isin, Nominal

from daicho.contract import (
    ADMINISTRATOR,
    ANY_ROLE,
    U32,
    Enum,
    Event,
    Hash,
    Key,
    Map,
    Party,
    Record,
    Role,
    Row,
    Table,
    Timestamp,
    TxId,
    abort,
    cancel,
    emit,
    entry,
    expect,
    now,
    party,
    query,
    require,
    scheduled,
    sender,
    tx_id,
)

edition = 1

LIST_MAX = 150


class Terms(Record):
    isin: Isin
    nominal: Nominal
    price: JPY


class Status(Enum):
    PROPOSED = 0
    AFFIRMED = 1
    CONFIRMED = 2
    REJECTED = 3
    LAPSED = 4


class Agreement(Row):
    """One party's copy."""

    holder: Key[Party]
    agreement: Key[TxId]
    proposer: Party
    counterparty: Party
    confirmer: Party
    terms: Terms
    version: U32
    lapses_at: Timestamp
    status: Status


class Proposed(Event):
    """Of a first version and of every amendment: between the two sides."""

    agreement: TxId
    proposer: Party
    counterparty: Party
    terms: Terms
    version: U32


class Affirmed(Event):
    """To all three; the confirmer learns of it here."""

    agreement: TxId
    proposer: Party
    counterparty: Party
    confirmer: Party
    terms: Terms
    version: U32


class Ended(Event):
    """To all three: confirmed, rejected by the confirmer, or lapsed after affirmation."""

    agreement: TxId
    proposer: Party
    counterparty: Party
    confirmer: Party
    status: Status


class Dropped(Event):
    """To the two sides: rejected or lapsed before the confirmer was told."""

    agreement: TxId
    proposer: Party
    counterparty: Party
    status: Status


agreements = Table(Agreement, compartment=party(Agreement.holder))
timers: Map[TxId, Hash] = Map(compartment=ADMINISTRATOR)


# --- the three steps ---


@entry(roles=(Role.MEMBER,))
def propose(counterparty: Party, confirmer: Party, terms: Terms, lapses_at: Timestamp) -> TxId:
    """The sender proposes; the agreement is named by this transaction."""
    require(counterparty != sender(), Error.PARTIES)
    require(confirmer != sender() and confirmer != counterparty, Error.PARTIES)
    require(lapses_at > now(), Error.LAPSE_TIME)
    require(terms.nominal > Nominal(0) and terms.price > JPY(0), Error.AMOUNT)
    agreement = Agreement(
        holder=sender(),
        agreement=tx_id(),
        proposer=sender(),
        counterparty=counterparty,
        confirmer=confirmer,
        terms=terms,
        version=1,
        lapses_at=lapses_at,
        status=Status.PROPOSED,
    )
    record(agreement)
    announce(agreement)
    timers[tx_id()] = lapse.at(lapses_at, sender(), tx_id())
    return tx_id()


@entry(roles=(Role.MEMBER,))
def amend(agreement: TxId, terms: Terms) -> U32:
    """Other terms, as long as nobody has affirmed; the new version."""
    mine = own(agreement, Status.PROPOSED)
    require(mine.proposer == sender(), Error.PARTIES)
    require(terms.nominal > Nominal(0) and terms.price > JPY(0), Error.AMOUNT)
    amended = mine.replace(terms=terms, version=mine.version + 1)
    record(amended)
    announce(amended)
    return amended.version


@entry(roles=(Role.MEMBER,))
def affirm(agreement: TxId, version: U32) -> Status:
    """The counterparty agrees to the version it has read; now the confirmer is told."""
    mine = own(agreement, Status.PROPOSED)
    require(mine.counterparty == sender(), Error.PARTIES)
    require(version == mine.version, Error.MISMATCH, mine.version)
    affirmed = mine.replace(status=Status.AFFIRMED)
    record(affirmed)
    emit(
        Affirmed(
            agreement=agreement,
            proposer=mine.proposer,
            counterparty=mine.counterparty,
            confirmer=mine.confirmer,
            terms=mine.terms,
            version=mine.version,
        ),
        to=(party(Affirmed.proposer), party(Affirmed.counterparty), party(Affirmed.confirmer)),
    )
    return affirmed.status


@entry(roles=(Role.MEMBER,))
def confirm(agreement: TxId) -> Status:
    """The third party confirms what both sides agree on."""
    mine = own(agreement, Status.AFFIRMED)
    require(mine.confirmer == sender(), Error.PARTIES)
    return end(mine, Status.CONFIRMED)


@entry(roles=(Role.MEMBER,))
def reject(agreement: TxId) -> Status:
    """The counterparty before it affirms, the confirmer after that."""
    mine = expect(agreements.get(sender(), agreement), Error.UNKNOWN)
    match mine.status:
        case Status.PROPOSED:
            require(mine.counterparty == sender(), Error.PARTIES)
        case Status.AFFIRMED:
            require(mine.confirmer == sender(), Error.PARTIES)
        case Status.CONFIRMED | Status.REJECTED | Status.LAPSED:
            abort(Error.STATUS)
    return end(mine, Status.REJECTED)


@scheduled(priority=50, gas="S")
def lapse(proposer: Party, agreement: TxId) -> None:
    """Nobody took the last step in time."""
    end(agreements[proposer, agreement], Status.LAPSED)


# --- copies and events ---


def own(agreement: TxId, status: Status) -> Agreement:
    """The sender's copy, which must be in this status."""
    mine = expect(agreements.get(sender(), agreement), Error.UNKNOWN)
    require(mine.status == status, Error.STATUS)
    return mine


def record(agreement: Agreement) -> None:
    """Write the copies of the two sides; the confirmer's too, once it is affirmed."""
    agreements.put(agreement.replace(holder=agreement.proposer))
    agreements.put(agreement.replace(holder=agreement.counterparty))
    if agreement.status == Status.AFFIRMED or is_told(agreement):
        agreements.put(agreement.replace(holder=agreement.confirmer))


def is_told(agreement: Agreement) -> bool:
    return (agreement.confirmer, agreement.agreement) in agreements


def announce(agreement: Agreement) -> None:
    emit(
        Proposed(
            agreement=agreement.agreement,
            proposer=agreement.proposer,
            counterparty=agreement.counterparty,
            terms=agreement.terms,
            version=agreement.version,
        ),
        to=(party(Proposed.proposer), party(Proposed.counterparty)),
    )


def end(agreement: Agreement, status: Status) -> Status:
    """The last status, on every copy; tell those who knew of it."""
    record(agreement.replace(status=status))
    cancel(timers[agreement.agreement])
    del timers[agreement.agreement]
    if is_told(agreement):
        emit(
            Ended(
                agreement=agreement.agreement,
                proposer=agreement.proposer,
                counterparty=agreement.counterparty,
                confirmer=agreement.confirmer,
                status=status,
            ),
            to=(party(Ended.proposer), party(Ended.counterparty), party(Ended.confirmer)),
        )
    else:
        emit(
            Dropped(
                agreement=agreement.agreement,
                proposer=agreement.proposer,
                counterparty=agreement.counterparty,
                status=status,
            ),
            to=(party(Dropped.proposer), party(Dropped.counterparty)),
        )
    return status


# --- queries ---


@query(roles=ANY_ROLE)
def find_agreement(holder: Party, agreement: TxId) -> Agreement:
    return agreements[holder, agreement]


@query(roles=ANY_ROLE)
def agreements_of(holder: Party, after: Agreement | None) -> list[Agreement]:
    return agreements.scan(holder, after=after, limit=LIST_MAX)
