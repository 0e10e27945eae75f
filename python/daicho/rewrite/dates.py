"""Days and moments, by `datetime`. A moment is whole microseconds since 1970."""

from __future__ import annotations

import calendar
import datetime

from daicho.rewrite.faults import Trap, overflow

EPOCH = datetime.date(1970, 1, 1)
DAY_US = 86_400_000_000
_MONTHS = 12


def from_days(days: int) -> datetime.date:
    """The day so many days after the epoch."""
    try:
        return EPOCH + datetime.timedelta(days=days)
    except OverflowError:
        raise overflow() from None


def to_days(day: datetime.date) -> int:
    """Days since the epoch."""
    return (day - EPOCH).days


def day_of(moment: int) -> datetime.date:
    """The day a moment lies in."""
    return from_days(moment // DAY_US)


def start_of(day: datetime.date) -> int:
    """Midnight of a day; there is no moment before 1970."""
    if day < EPOCH:
        raise overflow()
    return to_days(day) * DAY_US


def plus_days(day: datetime.date, count: int) -> datetime.date:
    """So many days later."""
    return from_days(to_days(day) + count)


def days_between(later: datetime.date, earlier: datetime.date) -> int:
    """`later - earlier`."""
    return (later - earlier).days


def make(year: int, month: int, day: int) -> datetime.date:
    """The day of these numbers; DOMAIN if there is none."""
    try:
        return datetime.date(year, month, day)
    except (ValueError, OverflowError):
        raise Trap("DOMAIN") from None


def plus_months(day: datetime.date, count: int) -> datetime.date:
    """So many months later, at most the month's last day."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + count, _MONTHS)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise overflow()
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def part(day: datetime.date, which: int) -> int:
    """0 year, 1 month, 2 day, 3 weekday from Monday, 4 day of the year, 5 days of the month."""
    match which:
        case 3:
            return day.weekday()
        case 4:
            return day.timetuple().tm_yday
        case 5:
            return calendar.monthrange(day.year, day.month)[1]
    return (day.year, day.month, day.day)[which]
