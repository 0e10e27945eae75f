"""Whole numbers, decimals, amounts."""

from __future__ import annotations

from daicho.compiler.types import (
    BYTES,
    DATE,
    DIGITS_MAX,
    DURATION,
    HASH,
    INT,
    STR,
    TIMESTAMP,
    AmountType,
    BytesType,
    DecimalType,
    IntType,
    ListType,
    MapType,
    StrType,
    Type,
)
from differential.leaves import Leaves, fits
from differential.world import INTEGERS

MODES = ("EXACT", "DOWN", "UP", "FLOOR", "CEILING", "HALF_UP", "HALF_DOWN", "HALF_EVEN")
LOSSY = MODES[1:]
PARTS = ("year", "month", "day", "weekday", "day_of_year", "days_in_month")
DAY_COUNTS = ("ACT_360", "ACT_365F", "ACT_ACT_ISDA", "THIRTY_360", "THIRTY_360", "THIRTY_E_360")
LONG = (1, 3, 5, 7, 8, 10, 12)
"""Months of 31 days."""
RULES = ("LARGEST_REMAINDER", "FIRST", "LAST")


class Numbers(Leaves):
    """Expressions of number types."""

    def sides(self, type_: Type, depth: int) -> tuple[str, str]:
        """Both sides of a comparison: U128 does not stand beside what has a sign."""
        left, right = self.of(type_, depth), self.of(type_, depth)
        if not isinstance(type_, IntType):
            return left, right
        kinds = [*(item.type for item in self.locals), *(item.result for item in self.helpers)]
        named = (*self.world.text, *map(str, kinds), left, right)
        if not any("U128" in part for part in named):
            return left, right
        return f"{type_}({left})", f"{type_}({right})"

    def _integer(self, type_: IntType, depth: int) -> str:
        if self.rng.random() < 0.35:
            return self._measure(type_, depth)
        narrow = type_.bits < 64
        operand = type_ if self.rng.random() < 0.5 else self.rng.choice((INT, *INTEGERS))
        left = self.of(operand, depth - 1)
        match self.rng.randrange(9):
            case 0 | 1 | 2:
                operator = self.rng.choice(("+", "-", "+", "*"))
                made = f"({left} {operator} {self.of(operand, depth - 1)})"
            case 3:
                right = self.of(operand, depth - 1) if self._risky() else self._divisor(depth)
                made = f"({left} {self.rng.choice(('//', '%'))} {right})"
            case 4:
                made = f"({left} {self.rng.choice('&|^')} {self.of(operand, depth - 1)})"
            case 5:
                made = f"({left} {self.rng.choice(('<<', '>>'))} {self.small(depth - 1)})"
            case 6:
                base = "(0)" if self.rng.random() < 0.1 else self.small(depth - 1, -3, 9)
                made = f"({base} ** {self.small(depth - 1)})"
            case 7:
                made = f"({self.rng.choice(('-', '~', '-'))}({left} + {self.small(depth - 1)}))"
            case _:
                made = self._function(left, operand, depth)
        if self._risky() or (not narrow and self.rng.random() < 0.5):
            return made
        return f"({made} % {self.rng.choice((7, 10, 97))})"

    def _divisor(self, depth: int) -> str:
        if self.rng.random() < 0.05:
            return f"({self.of(INT, depth - 1)} % 2)"
        if self.rng.random() < 0.7:
            return f"({self.rng.choice((1, 2, 3, 7, 10, -1, -3))})"
        return f"(abs({self.of(INT, depth - 1)} % 9) + 1)"

    def _function(self, left: str, operand: Type, depth: int) -> str:
        match self.rng.randrange(4):
            case 3:
                edge = self.rng.choice((IntType(64, True), *INTEGERS[:8]))
                near = f"{edge.high - 1} + " if self.rng.random() < 0.6 else f"{edge.low + 1} - "
                return f"{edge}({near}{self.bounded(1, 0, 2)})"
            case 0:
                return f"abs({left})"
            case 1:
                name = self.rng.choice(("min", "max"))
                return f"{name}({', '.join(self.sides(operand, depth - 1))})"
        return f"{self.rng.choice(INTEGERS)}({left} + {self.small(depth - 1)})"

    def _measure(self, type_: IntType, depth: int) -> str:
        """A whole number that measures something else."""
        below = depth - 1
        match self.rng.randrange(18):
            case 0 | 1:
                return f"len({self._sized(below)})"
            case 2:
                return self._element(type_, below)
            case 3:
                return f"{self._self(STR, below)}.find({self.of(STR, below)})"
            case 4:
                return f"{self.rng.choice((INT, type_))}({self._digits(below)})"
            case 5:
                return f"({self.of(self.rng.choice(self.world.amounts), below)}).units"
            case 6:
                which = self.rng.choice((TIMESTAMP, DURATION))
                return f"({self.of(which, below)}).microseconds"
            case 7:
                part = self.rng.choice(PARTS)
                return f"({self.of(DATE, below)}).{part}"
            case 8:
                return f"({self.of(DATE, below)}).days_since({self.of(DATE, below)})"
            case 9:
                return f"({self._self(BYTES, below)})[{self.small(below, -1, 2)}]"
            case 10:
                return f"ord({self._letter(below)})"
            case 11:
                return "height()"
            case 13:
                return f"({self.of(HASH, below)}).below({self.small(below, 1, 99)})"
            case 14 if self.attempts:
                return f"{self.rng.choice(self.attempts)}.code"
            case 15 | 16:
                factors = f"{self.of(INT, below)}, {self.of(INT, below)}"
                return f"muldiv({factors}, {self._divisor(below)}, {self._mode()})"
            case 17:
                rate = self.rng.choice(list(self.world.decimals.values()))
                return f"({self.of(rate, below)}).to_int({self._mode()})"
            case 12 if self.reads_state and isinstance(self.world.var, IntType):
                return "single.get()"
        return f"{self._self(BYTES, below)}.find({self.of(BYTES, below)})"

    def _digits(self, depth: int) -> str:
        if self._risky():
            return f"({self.of(STR, depth)} + '')"
        return f"Str({self.of(INT, depth)} % 100)"

    def _letter(self, depth: int) -> str:
        return f"({self.of(STR, depth)} + 'q')[{self.small(0, -1, 0)}]"

    def _sized(self, depth: int) -> str:
        kinds = (ListType, MapType, StrType, BytesType)
        found = [item.name for item in self.locals if isinstance(item.type, kinds)]
        return self.rng.choice(found) if found else self.of(STR, depth)

    def _element(self, type_: Type, depth: int) -> str:
        """An element of a local list or map, or a leaf where there is none."""
        ways: list[str] = []
        for item in self.locals:
            match item.type:
                case ListType(element) if fits(element, type_):
                    ways.append(f"{item.name}[{self.small(depth, -1, 2)}]")
                case MapType(key, value) if fits(value, type_):
                    ways.append(f"{item.name}[{self.of(key, depth)}]")
        return self.rng.choice(ways) if ways else self.leaf(type_)

    def _decimal(self, type_: DecimalType, depth: int) -> str:
        below, scale = depth - 1, type_.scale
        match self.rng.randrange(11):
            case 8 | 9 | 10 if scale < DIGITS_MAX:
                zeros = "0" * scale
                half = f'Decimal("0.{zeros}5")'
                mode = self.rng.choice(MODES[5:])
                return f"({half} * {self.bounded(below, 0, 99)}).round({scale}, {mode})"
            case 7:
                options = f"scale={scale}, rounding={self._mode()}"
                return f"year_fraction({self._span(below)}, {options})"
            case 0 | 1:
                operator = self.rng.choice("+-")
                return f"({self.of(type_, below)} {operator} {self.of(type_, below)})"
            case 2:
                other = self.of(INT, below) if self.rng.random() < 0.4 else self._rate(below)
                return f"({self._rate(below)} * {other}).round({scale}, {self._mode()})"
            case 3:
                divisor = self.rng.choice((self._rate(below), self._divisor(below)))
                options = f"scale={scale}, rounding={self._mode()}"
                return f"({self.of(type_, below)}).div({divisor}, {options})"
            case 4:
                name = self.rng.choice(("min", "max"))
                return f"{name}({self.of(type_, below)}, {self.of(type_, below)})"
            case 5:
                return f"{self.rng.choice(('-', 'abs'))}({self.of(type_, below)})"
        amount = self.rng.choice(self.world.amounts)
        if amount.scale <= scale:
            return f"({self.of(amount, below)}).decimal"
        return f"({self.of(amount, below)}).decimal.round({scale}, {self._mode()})"

    def _span(self, depth: int) -> str:
        """Two days and how to count between them: at ends of months conventions part."""
        if self.rng.random() < 0.4:
            days = f"{self.of(DATE, depth)}, {self.of(DATE, depth)}"
            return f"{days}, {self.rng.choice(DAY_COUNTS)}"
        days = ", ".join(
            f"Date.of({year}, {self.rng.choice(LONG)}, {self.rng.choice((15, 28, 30, 31, 31))})"
            for year in (2025, self.rng.choice((2024, 2026)))
        )
        return f"{days}, {self.rng.choice(DAY_COUNTS[2:])}"

    def _rate(self, depth: int) -> str:
        return f"({self.of(self.world.decimals['Rate'], depth)})"

    def _mode(self) -> str:
        return "EXACT" if self._risky() else self.rng.choice(LOSSY)

    def _amount(self, type_: AmountType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(8):
            case 0 | 1:
                operator = self.rng.choice("+-+")
                return f"({self.of(type_, below)} {operator} {self.of(type_, below)})"
            case 2:
                return f"({self.of(type_, below)} * {self.small(below, -2, 9)})"
            case 3:
                source = self.rng.choice(list(self.world.decimals.values()))
                return f"{type_.name}.of({self.of(source, below)}, {self._mode()})"
            case 4:
                return f"{type_.name}.from_units({self.of(INT, below)})"
            case 5:
                return f"{self.rng.choice(('-', 'abs'))}({self.of(type_, below)})"
            case 6:
                name = self.rng.choice(("min", "max"))
                return f"{name}({self.of(type_, below)}, {self.of(type_, below)})"
        return f"{self.shares(type_, below)}[{self.small(0, -1, 1)}]"

    def shares(self, type_: AmountType, depth: int) -> str:
        """`allocate` of an amount."""
        if self._risky():
            weights = self.of(ListType(INT), depth)
        else:
            most = self.rng.choice((1, 2, 9))
            count = self.rng.randrange(2, 5)
            weights = f"[{', '.join(self.small(depth, 1, most) for _ in range(count))}]"
        return f"allocate({self.of(type_, depth)}, {weights}, {self.rng.choice(RULES)})"
