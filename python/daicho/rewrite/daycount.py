"""The part of a year between two days, by the market's conventions."""

from __future__ import annotations

import datetime
from calendar import isleap
from fractions import Fraction

from daicho.compiler.types import Type
from daicho.rewrite.numbers import fitter, rounded, scale_of

_LAST = 31
_EVERY = 30


def year_fraction(start: datetime.date, end: datetime.date, how: tuple[int, int], to: Type) -> int:
    """The years from `start` to `end`; `how` is the convention and the rounding mode."""
    convention, mode = how
    way, first, last = (-1, end, start) if end < start else (1, start, end)
    exact = way * _exact(first, last, convention)
    return fitter(to)(rounded(exact * 10 ** scale_of(to), mode))


def _exact(start: datetime.date, end: datetime.date, convention: int) -> Fraction:
    days = (end - start).days
    match convention:
        case 0:
            return Fraction(days, 360)
        case 1:
            return Fraction(days, 365)
        case 2:
            return _actual(start, end)
    return Fraction(_thirty(start, end, european=convention == 4), 360)


def _actual(start: datetime.date, end: datetime.date) -> Fraction:
    """Every day counts one day of the year it lies in; a whole year is one."""
    if start.year == end.year:
        return Fraction((end - start).days, _length(start.year))
    # The last day of a year, and one more: the next year may be beyond the calendar.
    head = (datetime.date(start.year, 12, 31) - start).days + 1
    tail = (end - datetime.date(end.year, 1, 1)).days
    between = end.year - start.year - 1
    return Fraction(head, _length(start.year)) + between + Fraction(tail, _length(end.year))


def _length(year: int) -> int:
    return 366 if isleap(year) else 365


def _thirty(start: datetime.date, end: datetime.date, *, european: bool) -> int:
    first, last = start.day, end.day
    if first == _LAST:
        first = _EVERY
    if last == _LAST and (european or first == _EVERY):
        last = _EVERY
    return 360 * (end.year - start.year) + _EVERY * (end.month - start.month) + last - first
