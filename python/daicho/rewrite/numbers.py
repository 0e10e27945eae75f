"""Arithmetic: Python's whole numbers, and a check of the range after each operation.

A decimal or an amount is its whole number of last places. A rounding is worked out
as an exact fraction and rounded once by `decimal`.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

from daicho.compiler.types import (
    AmountType,
    DateType,
    DecimalType,
    DurationType,
    IntType,
    TimestampType,
    Type,
)
from daicho.rewrite.faults import Trap, overflow

AMOUNT_DIGITS = 38
WIDTH_BITS = 128
"""No number is wider: a shift or a power beyond is out of range, whatever the type."""
_EXACT = 0
MODES = (
    None,
    decimal.ROUND_DOWN,
    decimal.ROUND_UP,
    decimal.ROUND_FLOOR,
    decimal.ROUND_CEILING,
    decimal.ROUND_HALF_UP,
    decimal.ROUND_HALF_DOWN,
    decimal.ROUND_HALF_EVEN,
)
"""By the number of the mode; the first is EXACT."""


CACHED_MAX = 256
"""Types that one process keeps at hand; records of one name hash alike."""


@lru_cache(CACHED_MAX)
def bounds(type_: Type) -> tuple[int, int]:
    """The least and the greatest raw number of a type."""
    match type_:
        case IntType():
            return type_.low, type_.high
        case DecimalType(precision):
            return 1 - 10**precision, 10**precision - 1
        case AmountType():
            return 1 - 10**AMOUNT_DIGITS, 10**AMOUNT_DIGITS - 1
        case DurationType():
            return -(2**63), 2**63 - 1
        case TimestampType():
            return 0, 2**63 - 1
    raise TypeError(f"{type_} is not a number")


@lru_cache(CACHED_MAX)
def fitter(type_: Type) -> Callable[[int], int]:
    """The check that a number is one of `type_`."""
    low, high = bounds(type_)

    def fit(value: int) -> int:
        if low <= value <= high:
            return value
        raise overflow()

    return fit


def scale_of(type_: Type) -> int:
    """Places after the point."""
    return type_.scale if isinstance(type_, (DecimalType, AmountType)) else 0


# --- whole numbers ---


def floordiv(left: int, right: int) -> int:
    """`left // right`."""
    if right == 0:
        raise Trap("DIVIDE_BY_ZERO")
    return left // right


def mod(left: int, right: int) -> int:
    """`left % right`."""
    if right == 0:
        raise Trap("DIVIDE_BY_ZERO")
    return left % right


def power(base: int, exponent: int) -> int:
    """`base ** exponent`; what cannot fit any type is not worked out."""
    if exponent < 0:
        raise Trap("DOMAIN")
    if abs(base) <= 1:
        return int(base ** min(exponent, 2 + exponent % 2))
    if exponent > WIDTH_BITS:
        raise overflow()
    return int(base**exponent)


def shift_left(value: int, count: int) -> int:
    """`value << count`."""
    if count < 0:
        raise Trap("DOMAIN")
    if value != 0 and count > WIDTH_BITS:
        raise overflow()
    return value << count if value else 0


def shift_right(value: int, count: int) -> int:
    """`value >> count`, floored."""
    if count < 0:
        raise Trap("DOMAIN")
    return value >> min(count, 2 * WIDTH_BITS)


# --- rounding ---


def rounded(exact: Fraction, mode: int) -> int:
    """The whole number that `mode` makes of an exact fraction."""
    whole, rest = divmod(exact.numerator, exact.denominator)
    if abs(int(exact)) >= 2**WIDTH_BITS:
        raise overflow()
    if rest == 0:
        return whole
    rounding = MODES[mode]
    if rounding is None:
        raise Trap("INEXACT")
    # Below, at or above the half decides every mode, so one digit stands for the rest.
    digit = 5 if 2 * rest == exact.denominator else 3 if 2 * rest < exact.denominator else 7
    near = decimal.Decimal(whole * 10 + digit).scaleb(-1, _WIDE)
    return int(near.quantize(decimal.Decimal(1), rounding, _WIDE))


_WIDE = decimal.Context(prec=400)


def ratio(
    left: tuple[int, Type], right: tuple[int, Type], below: tuple[int, Type], to: Type, mode: int
) -> int:
    """`left · right / below` as a `to`, rounded once."""
    (a, a_type), (b, b_type), (c, c_type) = left, right, below
    if c == 0:
        raise Trap("DIVIDE_BY_ZERO")
    shift = scale_of(to) + scale_of(c_type) - scale_of(a_type) - scale_of(b_type)
    exact = Fraction(a * b, c) * Fraction(10) ** shift
    return fitter(to)(rounded(exact, mode))


_ONE = (1, IntType(WIDTH_BITS, True))


def convert(value: int, source: Type, to: Type, mode: int = _EXACT) -> int:
    """A number of one type as one of another."""
    return ratio((value, source), _ONE, _ONE, to, mode)


def multiply(left: int, right: int, types: tuple[Type, Type, Type], mode: int) -> int:
    """`left · right`; types of both and of the result."""
    return ratio((left, types[0]), (right, types[1]), _ONE, types[2], mode)


def divide(left: int, right: int, types: tuple[Type, Type, Type], mode: int) -> int:
    """`left / right`; types of both and of the result."""
    return ratio((left, types[0]), _ONE, (right, types[1]), types[2], mode)


def muldiv(left: int, right: int, below: int, types: tuple[Type, ...], mode: int) -> int:
    """`left · right / below`; types of the three and of the result."""
    pairs = (left, types[0]), (right, types[1]), (below, types[2])
    return ratio(*pairs, types[3], mode)


# --- shares ---

_LARGEST, _FIRST = 0, 1


def allocate(total: int, weights: Sequence[int], rule: int) -> list[int]:
    """Parts that sum to `total`, in proportion to `weights`."""
    if any(weight < 0 for weight in weights):
        raise Trap("DOMAIN")
    whole = sum(weights)
    if whole >= 2**WIDTH_BITS:
        raise overflow()
    if whole == 0:
        raise Trap("DOMAIN")
    exact = [Fraction(abs(total) * weight, whole) for weight in weights]
    parts = [int(item) for item in exact]
    left = abs(total) - sum(parts)
    if rule == _LARGEST:
        order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
        for at in order[:left]:
            parts[at] += 1
    else:
        heavy = [at for at, weight in enumerate(weights) if weight]
        parts[heavy[0] if rule == _FIRST else heavy[-1]] += left
    return parts if total >= 0 else [-part for part in parts]


def is_date(type_: Type) -> bool:
    """Whether values are days, which are not raw numbers here."""
    return isinstance(type_, DateType)
