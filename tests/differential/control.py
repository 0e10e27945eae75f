"""Branches, loops, calls, failures, savepoints."""

from __future__ import annotations

from daicho.compiler.types import (
    BOOL,
    INT,
    BytesType,
    EnumType,
    ListType,
    MapType,
    OptionalType,
    Type,
)
from differential.blocks import NESTING_MAX
from differential.expressions import Local
from differential.nodes import Node
from differential.world import CODES
from differential.writes import Writes


class Control(Writes):
    """Branches, loops, calls, failures."""

    def _require(self) -> list[Node]:
        code, details = self.rng.choice(CODES), ""
        if self.rng.random() < 0.4:
            details = f", {self.make.of(self._scalar(), 1)}"
        condition = self.make.of(BOOL, 2)
        if self.rng.random() < 0.8:
            condition = f"({condition} or {self.make.of(BOOL, 1)} or True)"
        return [Node(f"require({condition}, Error.{code}{details})")]

    def _call(self) -> list[Node]:
        found = [item for item in self.make.helpers if self.make.may_write or not item.writes]
        if not found:
            return self._declare()
        return [Node(self.make.call(self.rng.choice(found), 2))]

    def _leave(self) -> list[Node]:
        """An early end, in a branch of its own."""
        ends = [f"abort(Error.{self.rng.choice(CODES)})"]
        if self.loops:
            ends += ["break", "continue", "break", "continue"]
        if self.sealed:
            pass
        elif self.result is None:
            ends += ["return", "return"]
        else:
            ends += [f"return {self.make.of(self.result, 1)}"] * 2
        condition = f"({self.make.of(BOOL, 2)} and {self.make.of(BOOL, 1)})"
        return [Node(f"if {condition}:", [Node(self.rng.choice(ends))])]

    def _attempt(self) -> list[Node]:
        """A savepoint, and what it left."""
        name = self._name()
        outer, self.loops, self.sealed = (self.loops, self.sealed), 0, True
        body = self.block(self._size() + 1)
        if self.rng.random() < 0.25:
            ends = [Node(f"abort(Error.{self.rng.choice(CODES)})")]
            body += (
                ends if self.rng.random() < 0.5 else [Node(f"if {self.make.of(BOOL, 1)}:", ends)]
            )
        self.loops, self.sealed = outer
        self.make.attempts.append(name)
        return [Node(f"with attempt() as {name}:", body)]

    def _if(self) -> list[Node]:
        made = [Node(f"if {self.make.of(BOOL, 2)}:", self.block(self._size()))]
        if self.rng.random() < 0.3:
            made.append(Node(f"elif {self.make.of(BOOL, 2)}:", self.block(self._size()), True))
        if self.rng.random() < 0.5:
            made.append(Node("else:", self.block(self._size()), True))
        return made

    def _narrow(self) -> list[Node]:
        found = [item for item in self.make.locals if isinstance(item.type, OptionalType)]
        if not found or self.depth > NESTING_MAX:
            type_ = OptionalType(self._scalar())
            return [self.declare(type_, self.make.of(type_, 2))]
        local = self.rng.choice(found)
        assert isinstance(local.type, OptionalType)
        if self.rng.random() < 0.2 and self.make.reads_state:
            return self._expect()
        return self._there(local.name, local.type.item, self._size())

    def _loop(self) -> list[Node]:
        self.loops += 1
        made = self.rng.choice((self._for_range, self._for_each, self._while))()
        self.loops -= 1
        return made

    def _for_range(self) -> list[Node]:
        name = self._name()
        bounds = self.rng.choice(
            (
                self.make.bounded(2, 0, 5),
                f"{self.make.bounded(1, -2, 2)}, {self.make.bounded(2, 0, 5)}",
                f"{self.make.bounded(1, 0, 9)}, {self.make.bounded(1, 0, 9)}, "
                f"{self.rng.choice((2, 3, -1, -2))}",
            )
        )
        body = self._with(Local(name, INT, False))
        return [Node(f"for {name} in range({bounds}):", body)]

    def _for_each(self) -> list[Node]:
        kinds = (ListType, MapType, BytesType)
        found = [item for item in self.make.locals if isinstance(item.type, kinds)]
        if not found:
            items = ", ".join(self.make.leaf(self.world.enum) for _ in range(2))
            name = self._name()
            body = self._with(Local(name, self.world.enum, False))
            return [Node(f"for {name} in ({items}):", body)]
        local, name = self.rng.choice(found), self._name()
        if isinstance(local.type, MapType) and self.rng.random() < 0.6:
            other = self._name()
            names = Local(name, local.type.key, False), Local(other, local.type.value, False)
            return [Node(f"for {name}, {other} in {local.name}.items():", self._with(*names))]
        match local.type:
            case ListType(item):
                type_: Type = item
            case MapType(key):
                type_ = key
            case _:
                type_ = INT
        return [Node(f"for {name} in {local.name}:", self._with(Local(name, type_, False)))]

    def _while(self) -> list[Node]:
        name = self._name()
        start = Node(f"{name}: Int = {self.make.bounded(1, 0, 5)}")
        condition = f"({name} > 0 and {self.make.of(BOOL, 1)})"
        if self.rng.random() < 0.5:
            condition = f"{name} > 0"
        body = [Node(f"{name} -= 1"), *self._with(Local(name, INT, False))]
        return [start, Node(f"while {condition}:", body)]

    def _match(self) -> list[Node]:
        enum = self.world.enum
        assert isinstance(enum, EnumType)
        names = [name for name, _ in enum.members]
        self.rng.shuffle(names)
        cut = self.rng.randrange(1, len(names) + 1)
        arms = [Node(f"case Color.{name}:", self.block(1), True) for name in names[:cut]]
        rest = names[cut:]
        if rest:
            several = " | ".join(f"Color.{name}" for name in rest)
            pattern = several if self.rng.random() < 0.5 else "_"
            arms.append(Node(f"case {pattern}:", self.block(1), True))
        return [Node(f"match {self.make.of(enum, 2)}:", arms)]
