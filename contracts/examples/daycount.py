"""Parts of a year between two days, by the conventions that bonds name.

The ledger's `year_fraction` counts five of them; two are written here. ACT/ACT
ICMA (ICMA Rule Book, rule 251) needs to know the coupon periods, and 30E/360
ISDA (ISDA 2006, section 4.16(h)) the bond's last day. Ten decimal places,
rounded half-even. No state: compiled into whoever imports it.
"""

from words import Fraction

from daicho.contract import (
    ACT_360,
    ACT_365F,
    ACT_ACT_ISDA,
    HALF_EVEN,
    THIRTY_360,
    THIRTY_E_360,
    U8,
    Annotated,
    Bool,
    Date,
    Decimal,
    Digits,
    Enum,
    Int,
    Record,
    year_fraction,
)

edition = 1

SCALE = 10
WORKING_SCALE = 18
FEBRUARY = 2

Exact = Annotated[Decimal, Digits(38, 18)]


class Basis(Enum):
    ACT_360 = 0
    ACT_365F = 1
    ACT_ACT_ISDA = 2
    ACT_ACT_ICMA = 3
    THIRTY_360 = 4
    THIRTY_E_360 = 5
    THIRTY_E_360_ISDA = 6


class Period(Record):
    """A coupon period, whole or a stub, and the grid of quasi-coupon days around it.

    The grid goes through `anchor` in steps of `months`; on the last days of months
    if `end_of_month`. `maturity` is the bond's last day.
    """

    start: Date
    end: Date
    anchor: Date
    months: U8
    end_of_month: Bool
    maturity: Date


def part_of_year(period: Period, basis: Basis) -> Fraction:
    start, end = period.start, period.end
    match basis:
        case Basis.ACT_360:
            return year_fraction(start, end, ACT_360, scale=SCALE, rounding=HALF_EVEN)
        case Basis.ACT_365F:
            return year_fraction(start, end, ACT_365F, scale=SCALE, rounding=HALF_EVEN)
        case Basis.ACT_ACT_ISDA:
            return year_fraction(start, end, ACT_ACT_ISDA, scale=SCALE, rounding=HALF_EVEN)
        case Basis.ACT_ACT_ICMA:
            return by_quasi_coupons(period)
        case Basis.THIRTY_360:
            return year_fraction(start, end, THIRTY_360, scale=SCALE, rounding=HALF_EVEN)
        case Basis.THIRTY_E_360:
            return year_fraction(start, end, THIRTY_E_360, scale=SCALE, rounding=HALF_EVEN)
        case Basis.THIRTY_E_360_ISDA:
            return months_of_thirty(start, end, period.maturity)


def by_quasi_coupons(period: Period) -> Fraction:
    """ACT/ACT ICMA: the days in each quasi-coupon period, by that period's length."""
    periods: Exact = Decimal("0")
    step = steps_before(period)
    first = on_grid(period, step)
    while first < period.end:
        step += 1
        second = on_grid(period, step)
        inside = min(second, period.end).days_since(max(first, period.start))
        length = second.days_since(first)
        periods += (Decimal("1") * inside).div(length, scale=WORKING_SCALE, rounding=HALF_EVEN)
        first = second
    return (periods * period.months).div(12, scale=SCALE, rounding=HALF_EVEN)


def steps_before(period: Period) -> Int:
    """The last step of the grid that is not after the period's start."""
    months = month_number(period.start) - month_number(period.anchor)
    step = months // period.months
    return step if on_grid(period, step) <= period.start else step - 1


def on_grid(period: Period, step: Int) -> Date:
    day = period.anchor.plus_months(period.months * step)
    return last_of_month(day) if period.end_of_month else day


def month_number(day: Date) -> Int:
    return day.year * 12 + day.month


def last_of_month(day: Date) -> Date:
    return day.plus(day.days_in_month - day.day)


def months_of_thirty(start: Date, end: Date, maturity: Date) -> Fraction:
    """30E/360 ISDA: the last day of a month is its 30th, but for a maturity in February."""
    first = 30 if start == last_of_month(start) else min(start.day, 30)
    second = end.day
    if end == last_of_month(end) and not (end == maturity and end.month == FEBRUARY):
        second = 30
    months = month_number(end) - month_number(start)
    counted = Decimal("1") * (months * 30 + second - first)
    return counted.div(360, scale=SCALE, rounding=HALF_EVEN)
