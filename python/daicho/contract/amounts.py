"""Exact numbers: checked integers, decimals, money and quantities.

Nothing here is a float and nothing rounds by itself. A result that may not
fit its scale names a rounding mode where it is made; two currencies, or a
currency and a quantity, never meet in one sum. An integer kind such as `U64`
is `int` to a type checker and to Python; the compiler puts a range check where
a value takes that type.
"""

from __future__ import annotations

import decimal
import enum
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self


class Rounding(enum.Enum):
    """What to do with the digits that do not fit. `EXACT` aborts instead."""

    EXACT = 0
    DOWN = 1
    UP = 2
    FLOOR = 3
    CEILING = 4
    HALF_UP = 5
    HALF_DOWN = 6
    HALF_EVEN = 7


EXACT = Rounding.EXACT
DOWN = Rounding.DOWN
UP = Rounding.UP
FLOOR = Rounding.FLOOR
CEILING = Rounding.CEILING
HALF_DOWN = Rounding.HALF_DOWN
HALF_UP = Rounding.HALF_UP
HALF_EVEN = Rounding.HALF_EVEN

_PYTHON_ROUNDING = {
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.UP: decimal.ROUND_UP,
    Rounding.FLOOR: decimal.ROUND_FLOOR,
    Rounding.CEILING: decimal.ROUND_CEILING,
    Rounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
}
_CONTEXT = decimal.Context(prec=200, traps=[decimal.InvalidOperation, decimal.DivisionByZero])


def _to_units(value: decimal.Decimal, scale: int, rounding: Rounding) -> int:
    """`value` as a whole number of 10**-scale, rounded as told."""
    shifted = value.scaleb(scale, _CONTEXT)
    if rounding is Rounding.EXACT:
        whole = shifted.to_integral_value(decimal.ROUND_DOWN)
        if whole != shifted:
            raise ArithmeticError(f"{value} needs more than {scale} decimal places")
        return int(whole)
    return int(shifted.to_integral_value(_PYTHON_ROUNDING[rounding]))


@dataclass(frozen=True)
class Digits:
    """`Annotated[Decimal, Digits(18, 4)]`: 18 digits in all, 4 after the point."""

    precision: int
    scale: int


@dataclass(frozen=True)
class Bits:
    """The range of an integer kind."""

    bits: int
    signed: bool


Int = int
"""The default integer: signed, 128 bits, every overflow aborts."""
U8 = Annotated[int, Bits(8, signed=False)]
U16 = Annotated[int, Bits(16, signed=False)]
U32 = Annotated[int, Bits(32, signed=False)]
U64 = Annotated[int, Bits(64, signed=False)]
U128 = Annotated[int, Bits(128, signed=False)]
I8 = Annotated[int, Bits(8, signed=True)]
I16 = Annotated[int, Bits(16, signed=True)]
I32 = Annotated[int, Bits(32, signed=True)]
I64 = Annotated[int, Bits(64, signed=True)]
I128 = Annotated[int, Bits(128, signed=True)]


class Decimal:
    """An exact decimal.

    Sums keep the finer scale, products add the scales; only `round`, `div` and
    `to_int` lose digits, and each names how.
    """

    __slots__ = ("_value",)
    _value: decimal.Decimal

    def __init__(self, value: str | int) -> None:
        self._value = decimal.Decimal(value)

    @classmethod
    def _make(cls, value: decimal.Decimal) -> Decimal:
        made = cls(0)
        made._value = value
        return made

    def round(self, scale: int, rounding: Rounding) -> Decimal:
        """This number with `scale` digits after the point."""
        return self._make(decimal.Decimal(_to_units(self._value, scale, rounding)).scaleb(-scale))

    def to_int(self, rounding: Rounding) -> int:
        """This number as a whole one; EXACT aborts if it is none."""
        return _to_units(self._value, 0, rounding)

    def div(self, divisor: Decimal | int, scale: int, rounding: Rounding) -> Decimal:
        """This number divided by `divisor`, with `scale` digits after the point."""
        right = decimal.Decimal(divisor) if isinstance(divisor, int) else divisor._value
        return self._make(_CONTEXT.divide(self._value, right)).round(scale, rounding)

    def __add__(self, other: Decimal) -> Decimal:
        return self._make(_CONTEXT.add(self._value, other._value))

    def __sub__(self, other: Decimal) -> Decimal:
        return self._make(_CONTEXT.subtract(self._value, other._value))

    def __mul__(self, other: Decimal | int) -> Decimal:
        right = decimal.Decimal(other) if isinstance(other, int) else other._value
        return self._make(_CONTEXT.multiply(self._value, right))

    def __neg__(self) -> Decimal:
        return self._make(-self._value)

    def __abs__(self) -> Decimal:
        return self._make(abs(self._value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decimal) and self._value == other._value

    def __lt__(self, other: Decimal) -> bool:
        return self._value < other._value

    def __le__(self, other: Decimal) -> bool:
        return self._value <= other._value

    def __gt__(self, other: Decimal) -> bool:
        return self._value > other._value

    def __ge__(self, other: Decimal) -> bool:
        return self._value >= other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Decimal('{self._value}')"


class Amount:
    """A whole number of the smallest unit of something.

    Not used itself: authors derive from `Money` or `Quantity`.
    """

    __slots__ = ("_units",)
    _units: int
    scale: ClassVar[int]

    def __init_subclass__(cls, scale: int | None = None) -> None:
        super().__init_subclass__()
        if scale is not None:
            cls.scale = scale

    def __init__(self, value: str | int) -> None:
        self._units = _to_units(decimal.Decimal(value), self.scale, Rounding.EXACT)

    @classmethod
    def of(cls, value: Decimal, rounding: Rounding) -> Self:
        """The decimal `value` as this unit, rounded to its scale as told."""
        return cls.from_units(_to_units(value._value, cls.scale, rounding))

    @classmethod
    def from_units(cls, units: int) -> Self:
        """`units` of the smallest denomination: cents, hundredths of a share."""
        made = cls(0)
        made._units = units
        return made

    @property
    def units(self) -> int:
        """How many of the smallest denomination this is."""
        return self._units

    @property
    def decimal(self) -> Decimal:
        """The plain number, without its unit."""
        return Decimal._make(decimal.Decimal(self._units).scaleb(-self.scale))

    def __add__(self, other: Self) -> Self:
        return self.from_units(self._units + other._units)

    def __sub__(self, other: Self) -> Self:
        return self.from_units(self._units - other._units)

    def __neg__(self) -> Self:
        return self.from_units(-self._units)

    def __abs__(self) -> Self:
        return self.from_units(abs(self._units))

    def __mul__(self, times: int) -> Self:
        return self.from_units(self._units * times)

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other) and isinstance(other, Amount) and self._units == other._units
        )

    def __lt__(self, other: Self) -> bool:
        return self._units < other._units

    def __le__(self, other: Self) -> bool:
        return self._units <= other._units

    def __gt__(self, other: Self) -> bool:
        return self._units > other._units

    def __ge__(self, other: Self) -> bool:
        return self._units >= other._units

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._units))

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self.decimal._value}')"


class Money(Amount):
    """`class JPY(Money, scale=0): ...` declares a currency."""

    __slots__ = ()


class Quantity(Amount):
    """`class Shares(Quantity, scale=2): ...` declares a unit of holding."""

    __slots__ = ()
