"""Blocks of statements, and the names that are known in them."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod

from daicho.compiler.types import (
    ListType,
    MapType,
    OptionalType,
    RecordType,
    Type,
)
from differential.expressions import Expressions, Local
from differential.nodes import Node, Timed

NESTING_MAX = 3


class Blocks(ABC):
    """Blocks of statements, and the names they know."""

    def __init__(self, expressions: Expressions, result: Type | None) -> None:
        self.make = expressions
        self.rng: random.Random = expressions.rng
        self.world = expressions.world
        self.result = result
        self.depth = 0
        self.loops = 0
        self.sealed = False
        """Inside a savepoint, which nothing leaves but its end."""
        self.timers: list[Timed] = []
        self.prefix = "v"
        """What names of locals begin with: two makers of one body have two."""
        self._names = 0

    @abstractmethod
    def _statement(self) -> list[Node]:
        """Some statement, with what goes before and after it."""

    def body(self, count: int) -> list[Node]:
        """A whole body, `return` included."""
        made = self.block(count)
        if self.result is not None:
            made.append(Node(f"return {self.make.of(self.result, 2)}"))
        return made

    def block(self, count: int) -> list[Node]:
        """Some statements with names of their own."""
        before, attempts = list(self.make.locals), list(self.make.attempts)
        self.depth += 1
        made = [item for _ in range(count) for item in self._statement()]
        self.depth -= 1
        self.make.locals[:], self.make.attempts[:] = before, attempts
        return made

    def _size(self) -> int:
        return self.rng.randrange(1, 3)

    def _with(self, *names: Local, size: int = 0) -> list[Node]:
        """The body of a loop, which knows its targets."""
        before = list(self.make.locals)
        self.make.locals += names
        made = self.block(size or self._size())
        self.make.locals[:] = before
        return made

    def _name(self) -> str:
        self._names += 1
        return f"{self.prefix}{self._names}"

    def declare(self, type_: Type, value: str) -> Node:
        """`name: type = value`, and the name is known from here on."""
        if isinstance(type_, (ListType, MapType)) and value in self._paths():
            value = f"{'list' if isinstance(type_, ListType) else 'dict'}({value})"
        name = self._name()
        own = not isinstance(type_, OptionalType)
        self.make.locals.append(Local(name, type_, own))
        return Node(f"{name}: {self.world.render(type_)} = {value}")

    def _own(self, *kinds: type[Type]) -> Local | None:
        found = [
            item
            for item in self.make.locals
            if item.is_own and (not kinds or isinstance(item.type, kinds))
        ]
        return self.rng.choice(found) if found else None

    def _paths(self) -> set[str]:
        """Names and fields: a list or map that has one does not get another."""
        names = {item.name for item in self.make.locals}
        fields = {
            f"{item.name}.{part.name}"
            for item in self.make.locals
            if isinstance(item.type, RecordType)
            for part in item.type.fields
        }
        return names | fields

    def _scalar(self) -> Type:
        return self.rng.choice(self.world.scalars())
