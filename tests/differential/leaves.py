"""Where expressions end: names, literals, numbers in a narrow range."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from daicho.compiler.types import (
    INT,
    BytesType,
    DecimalType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TimestampType,
    Type,
)
from differential import literals
from differential.world import World


@dataclass(frozen=True)
class Local:
    """A name that has a value here."""

    name: str
    type: Type
    is_own: bool = True
    """Whether it may be assigned and changed."""


@dataclass(frozen=True)
class Helper:
    """A function of the program that may be called."""

    name: str
    params: tuple[Type, ...]
    result: Type | None
    writes: bool


@dataclass
class Leaves(ABC):
    """What the expressions of one function are made with."""

    rng: random.Random
    world: World
    risk: float
    """How often an operation may fail on values as they come."""
    locals: list[Local] = field(default_factory=list)
    helpers: list[Helper] = field(default_factory=list)
    may_write: bool = True
    reads_state: bool = True
    may_draw: bool = False
    """Whether there is a transaction, with a name and chance."""
    attempts: list[str] = field(default_factory=list)
    """Names of savepoints that have ended."""

    @abstractmethod
    def of(self, type_: Type, depth: int = 2) -> str:
        """Text of a value that may stand where `type_` is wanted."""

    def _risky(self) -> bool:
        return self.rng.random() < self.risk

    def _self(self, type_: Type, depth: int) -> str:
        """A text that is not a bare literal of unknown precedence."""
        return f"({self.of(type_, depth)})"

    def call(self, helper: Helper, depth: int) -> str:
        """A call of a helper."""
        args = ", ".join(self.of(item, depth) for item in helper.params)
        return f"{helper.name}({args})"

    def named(self, type_: Type) -> list[str]:
        """Locals, and fields of locals, that may stand for a type."""
        found: list[str] = []
        for item in self.locals:
            if fits(item.type, type_):
                found.append(item.name)
            elif isinstance(item.type, RecordType):
                found += [
                    f"{item.name}.{part.name}"
                    for part in item.type.fields
                    if fits(part.type, type_)
                ]
        return found

    def leaf(self, type_: Type) -> str:
        """A name or a literal; a number is brought into a narrow type, mostly."""
        names = self.named(type_)
        if names and self.rng.random() < 0.75:
            name = self.rng.choice(names)
            if isinstance(type_, IntType) and type_ != INT and not self._risky():
                known = any(item.name == name and item.type == type_ for item in self.locals)
                return name if known else f"({name} % 97)"
            return name
        literal = literals.written(self.rng, type_)
        if literal is not None:
            return literal
        match type_:
            case TimestampType():
                return "now()"
            case OptionalType(item):
                return "None" if self.rng.random() < 0.4 else self.leaf(item)
            case ListType(item, length):
                count = self.rng.randrange(0, min(length or 3, 3) + 1)
                return f"[{', '.join(self.leaf(item) for _ in range(count))}]"
            case MapType(key, value, length):
                count = self.rng.randrange(0, min(length or 2, 2) + 1)
                pairs = (f"{self.leaf(key)}: {self.leaf(value)}" for _ in range(count))
                return "{" + ", ".join(pairs) + "}"
            case RecordType():
                return self.record(type_, 0)
        raise AssertionError(type_)

    def leaf_literal(self, type_: Type) -> str:
        """A literal, which means the same in every function."""
        return literals.written(self.rng, type_) or "now()"

    def record(self, type_: RecordType, depth: int) -> str:
        fields = ", ".join(
            f"{item.name}={(self.key if item.key else self.of)(item.type, depth)}"
            for item in type_.fields
        )
        return f"{type_.name}({fields})"

    def key(self, type_: Type, depth: int) -> str:
        """A value for a key column: often one of a few."""
        known = self.world.few.setdefault(type_, [self.leaf_literal(type_) for _ in range(2)])
        if self.rng.random() < 0.7:
            return self.rng.choice(known)
        return self.of(type_, depth)

    def small(self, depth: int, least: int = 0, most: int = 6) -> str:
        """A whole number in a narrow range, computed where it can be."""
        if depth <= 0 or self.rng.random() < 0.5:
            return f"({self.rng.randrange(least, most + 1)})"
        if self._risky():
            return self.of(INT, depth - 1)
        span = most - least + 1
        return f"({self.of(INT, depth - 1)} % {span} + {least})"

    def bounded(self, depth: int, least: int, most: int) -> str:
        """A whole number that is never outside a narrow range: what a loop runs to."""
        if depth <= 0 or self.rng.random() < 0.5:
            return f"({self.rng.randrange(least, most + 1)})"
        return f"({self.of(INT, depth - 1)} % {most - least + 1} + {least})"


def fits(found: Type, wanted: Type) -> bool:
    """Whether a name of one type may stand where another is wanted."""
    match wanted:
        case IntType() | StrType() | BytesType():
            return type(found) is type(wanted)
        case DecimalType(scale=most):
            return isinstance(found, DecimalType) and found.scale <= most
        case ListType(item):
            return isinstance(found, ListType) and found.item == item
    return found == wanted
