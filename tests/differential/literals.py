"""Values as an author writes them, and as arguments: mostly small, sometimes at an edge."""

from __future__ import annotations

import calendar
import datetime
import decimal
import random
from typing import Any

from daicho.compiler.types import (
    AmountType,
    BoolType,
    BytesType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    FixedType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TimestampType,
    Type,
)
from daicho.rewrite.containers import record_class
from daicho.rewrite.numbers import bounds

LETTERS = "abcxyz019-é台𝒳\x00"
PARTIES = tuple(bytes([number]) * 16 for number in (1, 2, 3))
GENESIS_US = 1_767_603_600_000_000
HOUR_US = 3_600_000_000
_FIRST, _LAST = datetime.date.min.toordinal(), datetime.date.max.toordinal()
_TODAY = datetime.date(2026, 1, 5).toordinal()


def integer(rng: random.Random, type_: IntType) -> int:
    """A whole number of a type."""
    near = rng.choice((0, 0, 0, 1, 2, 3, 5, 7, 10, 29, 64, 100, 127, 255, 1000, 10**6))
    chance = rng.random()
    if chance < 0.04:
        return rng.choice((type_.low, type_.high, type_.high - 1, type_.high // 2))
    if chance < 0.1:
        return rng.randrange(type_.low, type_.high + 1)
    value = near + rng.randrange(-2, 12)
    return value if type_.low <= value <= type_.high else rng.randrange(0, 100)


def mantissa(rng: random.Random, type_: DecimalType | AmountType) -> int:
    """A decimal's whole number of last places."""
    low, high = bounds(type_)
    chance = rng.random()
    if chance < 0.03:
        return rng.choice((low, high))
    if chance < 0.1:
        return rng.randrange(low, high + 1)
    digits = rng.randrange(-20, 2_000)
    if rng.random() < 0.3:
        digits = digits * 10 + 5  # halves are where rounding modes part
    value = digits * 10 ** rng.randrange(0, type_.scale + 1)
    return value if low <= value <= high else rng.randrange(0, 10)


def text(rng: random.Random, most: int) -> str:
    """A text of at most so many characters."""
    if rng.random() < 0.15:
        return str(rng.randrange(-300, 3_000))[:most]
    return "".join(rng.choices(LETTERS, k=rng.randrange(0, min(most, 6) + 1)))


def day(rng: random.Random) -> datetime.date:
    """A day, mostly near the ledger's."""
    if rng.random() < 0.1:
        return datetime.date.fromordinal(rng.choice((_FIRST, _LAST, rng.randrange(_FIRST, _LAST))))
    near = datetime.date.fromordinal(_TODAY + rng.randrange(-800, 800))
    if rng.random() < 0.4:  # the ends of months are where conventions part
        last = calendar.monthrange(near.year, near.month)[1]
        return near.replace(day=rng.choice((28, 30, last, last)) if last > 29 else last)
    return near


def moment(rng: random.Random) -> int:
    """A moment, mostly near the ledger's."""
    if rng.random() < 0.05:
        return rng.choice((0, 2**63 - 1, rng.randrange(2**63)))
    return GENESIS_US + rng.randrange(-4, 12) * HOUR_US // 2


def argument(rng: random.Random, type_: Type) -> Any:
    """A value of a type, as the CPython backend holds it."""
    match type_:
        case BoolType():
            return rng.random() < 0.5
        case IntType():
            return integer(rng, type_)
        case DecimalType() | AmountType():
            return mantissa(rng, type_)
        case EnumType(members=members):
            return rng.randrange(len(members))
        case StrType(length):
            return text(rng, length or 20)
        case BytesType(length):
            return rng.randbytes(rng.randrange(0, min(length or 8, 8) + 1))
        case FixedType(length=16):
            return rng.choice(PARTIES)
        case FixedType(length=length):
            return rng.randbytes(length)
        case DateType():
            return day(rng)
        case TimestampType():
            return moment(rng)
        case DurationType():
            return rng.choice((0, 1, HOUR_US, -HOUR_US, 24 * HOUR_US, 2**63 - 1, -(2**63)))
    return _whole(rng, type_)


def _whole(rng: random.Random, type_: Type) -> Any:
    match type_:
        case OptionalType(item):
            return None if rng.random() < 0.4 else argument(rng, item)
        case ListType(item, length):
            return [argument(rng, item) for _ in range(rng.randrange(0, min(length or 6, 5) + 1))]
        case MapType(key, value, length):
            count = rng.randrange(0, min(length or 5, 4) + 1)
            pairs = {argument(rng, key): argument(rng, value) for _ in range(count)}
            return dict(sorted(pairs.items()))
        case RecordType(fields=fields):
            return record_class(type_)([argument(rng, item.type) for item in fields])
    raise AssertionError(type_)


# --- as source text ---


def written(rng: random.Random, type_: Type) -> str | None:
    """A literal of a scalar type; None for a type that has none."""
    match type_:
        case BoolType():
            return rng.choice(("True", "False"))
        case IntType():
            return f"({min(integer(rng, type_), 2**127 - 1)})"
        case AmountType(name=name):
            return f'{name}("{decimal_text(mantissa(rng, type_), type_.scale)}")'
        case DecimalType():
            return f'Decimal("{decimal_text(mantissa(rng, type_), type_.scale)}")'
        case EnumType(name=name, members=members):
            return f"{name}.{rng.choice(members)[0]}"
        case StrType(length):
            return repr(text(rng, length or 20))
        case BytesType(length):
            return repr(rng.randbytes(rng.randrange(0, min(length or 6, 6) + 1)))
        case FixedType(name=name, length=length):
            data = rng.choice(PARTIES) if length == 16 else rng.randbytes(length)
            return f'{name}("{data.hex()}")'
        case DateType():
            value = day(rng)
            return f"Date.of({value.year}, {value.month}, {value.day})"
        case DurationType():
            unit = rng.choice(("days", "hours", "minutes", "seconds", "milliseconds"))
            return f"{unit}({rng.randrange(-3, 40)})"
    return None


def decimal_text(raw: int, scale: int) -> str:
    """The number that so many last places are."""
    return format(decimal.Decimal(raw).scaleb(-scale, decimal.Context(prec=80)), "f")
