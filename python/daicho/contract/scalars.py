"""Text, identities and time. Time comes from the block and from nowhere else."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from typing import Self, overload


@dataclass(frozen=True)
class MaxLen:
    """The bound of a text (characters), of bytes, of a list or a map (items)."""

    length: int


Str = str
Bytes = bytes
Bool = bool
Enum = enum.Enum
"""A closed list of choices; the values are the integers on the wire."""


class Id:
    """Sixteen opaque bytes. Two kinds of identity never compare equal."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, value: str) -> None:
        self._value = bytes.fromhex(value)
        if len(self._value) != 16:
            raise ValueError("an identity has 32 hexadecimal digits")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Id) and self._value == other._value

    def __lt__(self, other: Self) -> bool:
        return self._value < other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self._value.hex()}')"


class Party(Id):
    """An institution, an issuer or the administrator: whoever signs."""

    __slots__ = ()


class Account(Id):
    """An account in somebody's books."""

    __slots__ = ()


class Digest:
    """Thirty-two bytes. Not used itself."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, value: str) -> None:
        self._value = bytes.fromhex(value)
        if len(self._value) != 32:
            raise ValueError("a digest has 64 hexadecimal digits")

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other) and isinstance(other, Digest) and self._value == other._value
        )

    def __lt__(self, other: Self) -> bool:
        return self._value < other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self._value.hex()}')"


class TxId(Digest):
    """The name of a transaction."""

    __slots__ = ()


class Hash(Digest):
    """The digest of something kept elsewhere: a request, a document."""

    __slots__ = ()


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
    def _calendar(self) -> datetime.date:
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=self.number)
