"""Texts, bytes, moments, days."""

from __future__ import annotations

from daicho.compiler.types import (
    BYTES,
    DATE,
    DURATION,
    STR,
    TIMESTAMP,
    BytesType,
    DurationType,
    StrType,
    TimestampType,
    Type,
)
from differential.conditions import Conditions
from differential.world import INTEGERS


class Texts(Conditions):
    """Expressions of text and time types."""

    def _str(self, type_: StrType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(5):
            case 0:
                made = f"({self.of(STR, below)} + {self.of(STR, below)})"
            case 1:
                made = f"({self.of(STR, below)})[{self._bounds(below)}]"
            case 2:
                made = f"Str({self.of(self.rng.choice(INTEGERS), below)})"
            case 3:
                return self._letter(below)
            case _:
                return self._element(type_, below)
        if type_.length is None or self._risky():
            return made
        return f"({made})[:{type_.length}]"

    def _bounds(self, depth: int) -> str:
        low = self.small(depth, -4, 5) if self.rng.random() < 0.6 else ""
        return f"{low}:{self.small(depth, -4, 5) if self.rng.random() < 0.6 else ''}"

    def _bytes(self, type_: BytesType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(4):
            case 0:
                made = f"({self.of(BYTES, below)} + {self.of(BYTES, below)})"
            case 1:
                made = f"({self.of(BYTES, below)})[{self._bounds(below)}]"
            case 2:
                made = f"{self._self(STR, below)}.encode()"
            case _:
                return self.leaf(type_)
        if type_.length is None or self._risky():
            return made
        return f"({made})[:{type_.length}]"

    def _time(self, type_: Type, depth: int) -> str:
        below, number = depth - 1, self.rng.randrange(4)
        if isinstance(type_, TimestampType):
            if number == 0:
                return f"({self.of(DATE, below)}).start()"
            return f"({self.of(TIMESTAMP, below)} {'+-'[number % 2]} {self.of(DURATION, below)})"
        if isinstance(type_, DurationType):
            return self._duration(number, below)
        if number == 0:
            return f"({self.of(TIMESTAMP, below)}).date()"
        if number == 1:
            parts = (self.small(below, 1999, 2030), self.small(below, 1, 12))
            last = self.small(below, 27, 31) if self._risky() else self.small(below, 1, 28)
            return f"Date.of({parts[0]}, {parts[1]}, {last} + 0)"
        method = ("plus", "plus_months")[number % 2]
        return f"({self.of(DATE, below)}).{method}({self.small(below, -40, 99)})"

    def _duration(self, number: int, depth: int) -> str:
        if number == 0:
            return f"({self.of(TIMESTAMP, depth)} - {self.of(TIMESTAMP, depth)})"
        if number == 1:
            return f"({self.of(DURATION, depth)} * {self.small(depth, -3, 9)})"
        if number == 2:
            return f"hours({self.small(depth, -9, 50)} + 0)"
        way = self.rng.choice(("-({0})", "abs({0})", "({0} + {1})", "({0} - {1})"))
        return way.format(self.of(DURATION, depth), self.of(DURATION, depth))
