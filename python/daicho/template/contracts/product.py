"""Commercial paper: short notes, sold below par and redeemed at par.

A company issues a paper to a dealer, who consents by signing too. Holders pass
it on, and from its maturity on each redeems what it holds. What is held never
appears or vanishes otherwise: the ledger checks that, not this file.
"""

from daicho.contract import (
    ANY_ROLE,
    HALF_UP,
    PUBLIC,
    Annotated,
    Code,
    Decimal,
    Digits,
    Event,
    Holdings,
    Int,
    Key,
    MaxLen,
    Money,
    Party,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    days,
    emit,
    entry,
    expect,
    now,
    party,
    query,
    require,
    sender,
)

edition = 1

TERM_DAYS_MAX = 365
YEAR_DAYS = 365


class JPY(Money, scale=0): ...


PaperId = Annotated[Str, MaxLen(12)]
Rate = Annotated[Decimal, Digits(9, 6)]


class Error(Code):
    """Numbered from 1001; a number is never used again."""

    DUP = 1001
    UNKNOWN_PAPER = 1002
    TERM = 1003
    AMOUNT = 1004
    NOT_DUE = 1005


class Paper(Row):
    """What everybody may know of a paper."""

    paper: Key[PaperId]
    issuer: Party
    issued: JPY
    matures_at: Timestamp


class Position(Row):
    """What one institution holds of a paper: its own secret."""

    holder: Key[Party]
    paper: Key[PaperId]
    amount: JPY


papers = Table(Paper, compartment=PUBLIC)
positions = Holdings(Position, per=Position.paper, compartment=party(Position.holder))


class Issued(Event):
    paper: PaperId
    issuer: Party
    dealer: Party
    amount: JPY


class Transferred(Event):
    paper: PaperId
    seller: Party
    buyer: Party
    amount: JPY


class Redeemed(Event):
    paper: PaperId
    issuer: Party
    holder: Party
    amount: JPY


@entry(roles=(Role.MEMBER,), signed_by=("dealer",))
def issue(paper: PaperId, dealer: Party, amount: JPY, term_days: Int) -> Timestamp:
    """The sender issues a paper to a dealer; when it matures."""
    require(papers.get(paper) is None, Error.DUP)
    require(amount > JPY(0), Error.AMOUNT)
    require(term_days > 0 and term_days <= TERM_DAYS_MAX, Error.TERM, term_days)
    matures_at = now() + days(1) * term_days
    papers.insert(Paper(paper=paper, issuer=sender(), issued=amount, matures_at=matures_at))
    positions.issue(amount, target=positions.at(dealer, paper).amount)
    emit(
        Issued(paper=paper, issuer=sender(), dealer=dealer, amount=amount),
        to=(party(Issued.issuer), party(Issued.dealer)),
    )
    return matures_at


@entry(roles=(Role.MEMBER,))
def transfer(paper: PaperId, buyer: Party, amount: JPY) -> None:
    """Pass a part of what the sender holds on."""
    require(amount > JPY(0), Error.AMOUNT)
    positions.move(
        amount,
        source=positions.at(sender(), paper).amount,
        target=positions.at(buyer, paper).amount,
    )
    emit(
        Transferred(paper=paper, seller=sender(), buyer=buyer, amount=amount),
        to=(party(Transferred.seller), party(Transferred.buyer)),
    )


@entry(roles=(Role.MEMBER,))
def redeem(paper: PaperId) -> JPY:
    """End the sender's position, once the paper is due; what the issuer owes for it."""
    terms = expect(papers.get(paper), Error.UNKNOWN_PAPER)
    require(now() >= terms.matures_at, Error.NOT_DUE, terms.matures_at)
    row = positions.get(sender(), paper)
    owed = JPY(0) if row is None else row.amount
    require(owed > JPY(0), Error.AMOUNT)
    positions.redeem(owed, source=positions.at(sender(), paper).amount)
    emit(
        Redeemed(paper=paper, issuer=terms.issuer, holder=sender(), amount=owed),
        to=(party(Redeemed.issuer), party(Redeemed.holder)),
    )
    return owed


@query(roles=ANY_ROLE)
def find_paper(paper: PaperId) -> Paper:
    return expect(papers.get(paper), Error.UNKNOWN_PAPER)


@query(roles=ANY_ROLE)
def position_of(holder: Party, paper: PaperId) -> JPY:
    """What a holder has; nothing, too, for who may not see it."""
    row = positions.get(holder, paper)
    return JPY(0) if row is None else row.amount


@query(roles=ANY_ROLE)
def price(paper: PaperId, amount: JPY, rate: Rate) -> JPY:
    """What `amount` is worth today at a yearly rate: par less simple interest."""
    terms = expect(papers.get(paper), Error.UNKNOWN_PAPER)
    left = max(0, (terms.matures_at - now()).microseconds // days(1).microseconds)
    interest = (amount.decimal * rate * left).div(YEAR_DAYS, scale=6, rounding=HALF_UP)
    return amount - JPY.of(interest, HALF_UP)
