"""A coupon bond: issued, held and transferred, paid and redeemed by the ledger itself.

The first period may be a stub, short or long; all others have `months`, counted
from the first coupon's day. Interest is counted on the days as the terms name
them; it is paid on a business day. A timer pays each coupon, so many holders in
a block, to whoever held the bond at the record time: at the start of the day
`record_days` business days before payment. With the last coupon goes the nominal,
and from its record time on nothing is transferred. A coupon that the issuer cannot
pay is MISSED, and is paid when the administrator says so.

A holder's coupon is nominal x rate x part of the year, rounded down to the sen.
"""

from calendars import Centres, Convention, add_business_days, adjust
from daycount import Basis, Period, last_of_month, part_of_year
from purses import pay
from words import JPY, Error, Fraction, Isin, Nominal, Rate

from daicho.contract import (
    ADMINISTRATOR,
    ANY_ROLE,
    DOWN,
    PUBLIC,
    U8,
    U32,
    Bool,
    Date,
    Enum,
    Event,
    Holdings,
    Int,
    Key,
    Party,
    Record,
    Role,
    Row,
    Table,
    Timestamp,
    attempt,
    emit,
    entry,
    expect,
    now,
    party,
    query,
    register,
    require,
    scheduled,
    sender,
)

edition = 1

PAGE = 20
"""So many holders are paid in one run of the timer."""
COUPONS_MAX = 200


class Terms(Record):
    """What the prospectus says. `rate` is a year's, as a part of one."""

    rate: Rate
    basis: Basis
    issue_date: Date
    first_coupon: Date
    maturity: Date
    months: U8
    end_of_month: Bool
    convention: Convention
    centres: Centres
    record_days: U8


class Status(Enum):
    DUE = 0
    PAID = 1
    MISSED = 2


class Bond(Row):
    isin: Key[Isin]
    issuer: Party
    terms: Terms
    coupons: U32
    closes_at: Timestamp


class Coupon(Row):
    """One interest period and how far its payment is."""

    isin: Key[Isin]
    number: Key[U32]
    start: Date
    end: Date
    part: Fraction
    pays_on: Date
    record_time: Timestamp
    is_last: Bool
    status: Status


class Position(Row):
    """What a holder has, in its own books."""

    holder: Key[Party]
    isin: Key[Isin]
    nominal: Nominal


class Line(Row):
    """The same, in the issuer's register."""

    issuer: Key[Party]
    isin: Key[Isin]
    holder: Key[Party]
    nominal: Nominal


class Payment(Row):
    """What a holder was paid."""

    holder: Key[Party]
    isin: Key[Isin]
    number: Key[U32]
    interest: JPY
    redemption: JPY


class Stop(Row):
    """The last holder of a missed coupon that was paid, if any."""

    isin: Key[Isin]
    number: Key[U32]
    after: Party | None


class Paid(Event):
    holder: Party
    isin: Isin
    number: U32
    interest: JPY
    redemption: JPY


class Ended(Event):
    """A coupon is paid to all its holders, or missed."""

    issuer: Party
    isin: Isin
    number: U32
    status: Status


bonds = Table(Bond, compartment=PUBLIC)
coupons = Table(Coupon, compartment=PUBLIC)
positions = Holdings(Position, per=Position.isin, compartment=party(Position.holder))
lines = Table(Line, compartment=register(Line.issuer))
stops = Table(Stop, compartment=ADMINISTRATOR)
payments = Table(Payment, compartment=party(Payment.holder))


# --- issue and transfer ---


@entry(roles=(Role.ADMINISTRATOR,))
def issue(isin: Isin, issuer: Party, terms: Terms, holder: Party, nominal: Nominal) -> U32:
    """Issue a bond to its first holder; how many coupons it has."""
    require(isin not in bonds, Error.DUP)
    require(nominal > Nominal(0), Error.AMOUNT)
    bond = Bond(
        isin=isin,
        issuer=issuer,
        terms=terms,
        coupons=coupons_in(terms),
        closes_at=record_day(terms, payment_day(terms, terms.maturity)).start(),
    )
    bonds.insert(bond)
    positions.issue(nominal, target=positions.at(holder, isin).nominal)
    note(bond, holder)
    schedule(bond, 1)
    return bond.coupons


@entry(roles=(Role.MEMBER,))
def transfer(isin: Isin, holder: Party, nominal: Nominal) -> None:
    """Give nominal to another holder, free of payment."""
    bond = expect(bonds.get(isin), Error.UNKNOWN)
    require(nominal > Nominal(0), Error.AMOUNT)
    require(now() < bond.closes_at, Error.CLOSED)
    positions.move(
        nominal,
        source=positions.at(sender(), isin).nominal,
        target=positions.at(holder, isin).nominal,
    )
    note(bond, sender())
    note(bond, holder)


def note(bond: Bond, holder: Party) -> None:
    """Bring a line of the register to what the holder has now."""
    held = positions.get(holder, bond.isin)
    if held is not None and held.nominal > Nominal(0):
        lines.put(Line(issuer=bond.issuer, isin=bond.isin, holder=holder, nominal=held.nominal))
    elif (bond.issuer, bond.isin, holder) in lines:
        lines.delete(bond.issuer, bond.isin, holder)


# --- the schedule ---


def coupons_in(terms: Terms) -> U32:
    """How many periods there are; the last coupon's day must be the maturity."""
    require(terms.issue_date < terms.first_coupon and terms.months > 0, Error.DATES)
    number = 1
    while coupon_day(terms, number) < terms.maturity:
        number += 1
        require(number <= COUPONS_MAX, Error.DATES)
    require(coupon_day(terms, number) == terms.maturity, Error.DATES)
    return number


def coupon_day(terms: Terms, number: U32) -> Date:
    """The day of a coupon as the terms name it; 0 is the issue date."""
    if number == 0:
        return terms.issue_date
    day = terms.first_coupon.plus_months(terms.months * (number - 1))
    return last_of_month(day) if terms.end_of_month else day


def payment_day(terms: Terms, day: Date) -> Date:
    return adjust(terms.centres, day, terms.convention)


def record_day(terms: Terms, pays_on: Date) -> Date:
    before: Int = terms.record_days
    return add_business_days(terms.centres, pays_on, -before)


def schedule(bond: Bond, number: U32) -> None:
    """Enter a coupon and set the timer that pays it."""
    terms = bond.terms
    start = coupon_day(terms, number - 1)
    end = coupon_day(terms, number)
    pays_on = payment_day(terms, end)
    period = Period(
        start=start,
        end=end,
        anchor=terms.first_coupon,
        months=terms.months,
        end_of_month=terms.end_of_month,
        maturity=terms.maturity,
    )
    coupons.insert(
        Coupon(
            isin=bond.isin,
            number=number,
            start=start,
            end=end,
            part=part_of_year(period, terms.basis),
            pays_on=pays_on,
            record_time=record_day(terms, pays_on).start(),
            is_last=number == bond.coupons,
            status=Status.DUE,
        )
    )
    pay_coupon.at(pays_on.start(), bond.isin, number, None)


# --- payment ---


@scheduled(priority=10, gas="L")
def pay_coupon(isin: Isin, number: U32, after: Party | None) -> Party | None:
    """Pay one page of holders; the last of them, until there are no more."""
    bond = bonds[isin]
    coupon = coupons[isin, number]
    last: Party | None = None
    with attempt() as tried:
        last = pay_page(bond, coupon, after)
    if not tried.ok:
        stops.put(Stop(isin=isin, number=number, after=after))
        finish(bond, coupon, Status.MISSED)
    elif last is None:
        finish(bond, coupon, Status.PAID)
    return last


def pay_page(bond: Bond, coupon: Coupon, after: Party | None) -> Party | None:
    """Pay the next holders of the record time; the last of them if the page is full."""
    before: Line | None = None
    if after is not None:
        before = Line(issuer=bond.issuer, isin=bond.isin, holder=after, nominal=Nominal(0))
    register_then = lines.as_of(coupon.record_time)
    page = register_then.scan(bond.issuer, bond.isin, after=before, limit=PAGE)
    for line in page:
        pay_holder(bond, coupon, line)
    return page[-1].holder if len(page) == PAGE else None


def pay_holder(bond: Bond, coupon: Coupon, line: Line) -> None:
    yearly = line.nominal.decimal * bond.terms.rate
    interest = JPY.of(yearly * coupon.part, DOWN)
    redemption = JPY(0)
    if coupon.is_last:
        redemption = JPY.of(line.nominal.decimal, DOWN)
        positions.redeem(line.nominal, source=positions.at(line.holder, bond.isin).nominal)
        note(bond, line.holder)
    pay(bond.issuer, line.holder, interest + redemption)
    payments.insert(
        Payment(
            holder=line.holder,
            isin=bond.isin,
            number=coupon.number,
            interest=interest,
            redemption=redemption,
        )
    )
    emit(
        Paid(
            holder=line.holder,
            isin=bond.isin,
            number=coupon.number,
            interest=interest,
            redemption=redemption,
        ),
        to=(party(Paid.holder),),
    )


def finish(bond: Bond, coupon: Coupon, status: Status) -> None:
    """The coupon is paid or missed; the next one is entered in either case, once."""
    coupons.put(coupon.replace(status=status))
    if not coupon.is_last and (bond.isin, coupon.number + 1) not in coupons:
        schedule(bond, coupon.number + 1)
    emit(
        Ended(issuer=bond.issuer, isin=bond.isin, number=coupon.number, status=status),
        to=(PUBLIC,),
    )


@entry(roles=(Role.ADMINISTRATOR,))
def pay_missed(isin: Isin, number: U32) -> None:
    """The issuer has the money now: go on where the payment stopped, in the next block."""
    coupon = expect(coupons.get(isin, number), Error.UNKNOWN)
    require(coupon.status == Status.MISSED, Error.STATUS)
    coupons.put(coupon.replace(status=Status.DUE))
    pay_coupon.at(now(), isin, number, stops[isin, number].after)
    stops.delete(isin, number)


# --- queries ---


@query(roles=ANY_ROLE)
def find_bond(isin: Isin) -> Bond:
    return bonds[isin]


@query(roles=ANY_ROLE)
def coupons_of(isin: Isin) -> list[Coupon]:
    """The coupons that are entered so far."""
    return coupons.scan(isin, limit=COUPONS_MAX)


@query(roles=ANY_ROLE)
def position(holder: Party, isin: Isin) -> Nominal:
    return positions[holder, isin].nominal


@query(roles=ANY_ROLE)
def payments_of(holder: Party, isin: Isin) -> list[Payment]:
    return payments.scan(holder, isin, limit=COUPONS_MAX)


@query(roles=ANY_ROLE)
def holders(issuer: Party, isin: Isin) -> list[Line]:
    return lines.scan(issuer, isin)


@query(roles=ANY_ROLE)
def part_between(period: Period, basis: Basis) -> Fraction:
    """What a basis makes of a period: for whoever wants to check the terms."""
    return part_of_year(period, basis)
