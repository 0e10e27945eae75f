"""Time: moments, spans, days, and parts of a year. It comes from the block alone."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from typing import overload

from daicho.contract.amounts import Decimal, Rounding
from daicho.contract.ledger import OnLedgerOnly


@dataclass(frozen=True, order=True)
class Duration:
    """A span of time, in microseconds."""

    microseconds: int

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.microseconds + other.microseconds)

    def __sub__(self, other: Duration) -> Duration:
        return Duration(self.microseconds - other.microseconds)

    def __mul__(self, times: int) -> Duration:
        return Duration(self.microseconds * times)

    def __neg__(self) -> Duration:
        return Duration(-self.microseconds)

    def __abs__(self) -> Duration:
        return Duration(abs(self.microseconds))


def milliseconds(count: int) -> Duration:
    """`count` thousandths of a second."""
    return Duration(count * 1_000)


def seconds(count: int) -> Duration:
    """`count` seconds."""
    return Duration(count * 1_000_000)


def minutes(count: int) -> Duration:
    """`count` times 60 seconds."""
    return Duration(count * 60_000_000)


def hours(count: int) -> Duration:
    """`count` times 3,600 seconds."""
    return Duration(count * 3_600_000_000)


def days(count: int) -> Duration:
    """`count` times 86,400 seconds."""
    return Duration(count * 86_400_000_000)


@dataclass(frozen=True, order=True)
class Timestamp:
    """A moment of consensus time, in microseconds since 1970-01-01 UTC."""

    microseconds: int

    def __add__(self, span: Duration) -> Timestamp:
        return Timestamp(self.microseconds + span.microseconds)

    @overload
    def __sub__(self, other: Duration) -> Timestamp: ...

    @overload
    def __sub__(self, other: Timestamp) -> Duration: ...

    def __sub__(self, other: Duration | Timestamp) -> Timestamp | Duration:
        if isinstance(other, Timestamp):
            return Duration(self.microseconds - other.microseconds)
        return Timestamp(self.microseconds - other.microseconds)

    def date(self) -> Date:
        """The calendar day in UTC."""
        return Date(self.microseconds // 86_400_000_000)


@dataclass(frozen=True, order=True)
class Date:
    """A calendar day, as days since 1970-01-01."""

    number: int

    @classmethod
    def of(cls, year: int, month: int, day: int) -> Date:
        """The day `year`-`month`-`day`, from literals."""
        return cls((datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days)

    def plus(self, count: int) -> Date:
        """`count` calendar days later."""
        return Date(self.number + count)

    def plus_months(self, count: int) -> Date:
        """`count` months later; a day that month does not have becomes its last."""
        months = self.year * 12 + self.month - 1 + count
        year, month = months // 12, months % 12 + 1
        last = (
            datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)
        ).day
        return Date.of(year, month, min(self._calendar.day, last))

    def days_since(self, earlier: Date) -> int:
        """How many calendar days lie between."""
        return self.number - earlier.number

    def start(self) -> Timestamp:
        """Midnight UTC of this day."""
        return Timestamp(self.number * 86_400_000_000)

    @property
    def year(self) -> int:
        """The year, as 2026."""
        return self._calendar.year

    @property
    def month(self) -> int:
        """1 to 12."""
        return self._calendar.month

    @property
    def day(self) -> int:
        """1 to 31."""
        return self._calendar.day

    @property
    def weekday(self) -> int:
        """0, Monday, to 6, Sunday."""
        return self._calendar.weekday()

    @property
    def day_of_year(self) -> int:
        """1 to 366."""
        return self._calendar.timetuple().tm_yday

    @property
    def days_in_month(self) -> int:
        """28 to 31."""
        return self.plus(1 - self.day).plus_months(1).plus(-1).day

    @property
    def _calendar(self) -> datetime.date:
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=self.number)


class DayCount(enum.Enum):
    """How a part of a year is counted."""

    ACT_360 = 0
    ACT_365F = 1
    ACT_ACT_ISDA = 2
    THIRTY_360 = 3
    THIRTY_E_360 = 4


ACT_360 = DayCount.ACT_360
"""Calendar days by 360."""
ACT_365F = DayCount.ACT_365F
"""Calendar days by 365."""
ACT_ACT_ISDA = DayCount.ACT_ACT_ISDA
"""The days in leap years by 366, the others by 365."""
THIRTY_360 = DayCount.THIRTY_360
"""Months of 30 days, the bond basis."""
THIRTY_E_360 = DayCount.THIRTY_E_360
"""Months of 30 days, the Eurobond basis."""


def year_fraction(
    start: Date, end: Date, basis: DayCount, scale: int, rounding: Rounding
) -> Decimal:
    """The part of a year from `start` to `end`, exact and then rounded once.

    Negative if `end` is before `start`.
    """
    raise OnLedgerOnly
