"""Locals: made, assigned, changed."""

from __future__ import annotations

from daicho.compiler.types import (
    IntType,
    ListType,
    MapType,
    OptionalType,
    StrType,
    TupleType,
    Type,
)
from differential import world as worlds
from differential.blocks import Blocks
from differential.expressions import Local
from differential.nodes import Node


class Assignments(Blocks):
    """Locals: made, assigned, changed."""

    def _declare(self) -> list[Node]:
        type_ = worlds.local(self.rng, self.world)
        return [self.declare(type_, self.make.of(type_, 2))]

    def _assign(self) -> list[Node]:
        target = self._own()
        if target is None:
            return self._declare()
        if isinstance(target.type, (IntType, StrType)) and self.rng.random() < 0.4:
            operator = "+" if isinstance(target.type, StrType) else self.rng.choice("+-*|&")
            return [Node(f"{target.name} {operator}= {self.make.of(target.type, 1)}")]
        value = self.make.of(target.type, 2)
        if isinstance(target.type, (ListType, MapType)) and value in self._paths():
            return self._declare()
        return [Node(f"{target.name} = {value}")]

    def _change(self) -> list[Node]:
        """A list or map, made the function's own and changed, with or without a look at it."""
        target = self._own(ListType, MapType)
        if target is None:
            return self._declare()
        name, of = target.name, self.make.of
        if self.rng.random() < 0.4:
            made = [self.declare(target.type, self._copy(target.type, of(target.type, 1)))]
            name = self.make.locals[-1].name
        else:
            made = [self._owned(name, target.type)]
        if isinstance(target.type, MapType):
            key = of(target.type.key, 2)
            if self.rng.random() < 0.25:
                return [*made, *self._gone(name, target.type, key)]
            return [*made, Node(f"{name}[{key}] = {of(target.type.value, 2)}")]
        assert isinstance(target.type, ListType)
        return [*made, *self._list_change(name, target.type.item)]

    def _copy(self, type_: Type, value: str) -> str:
        return f"{'list' if isinstance(type_, ListType) else 'dict'}({value})"

    def _owned(self, name: str, type_: Type) -> Node:
        """What a name holds may have another name: from here on it has a copy."""
        return Node(f"{name} = {self._copy(type_, name)}")

    def _list_change(self, name: str, item: Type) -> list[Node]:
        of = self.make.of
        ways = [
            f"{name}.append({of(item, 2)})",
            f"{name}.insert({self.make.small(2, -3, 6)}, {of(item, 2)})",
            f"{name}.reverse()",
            f"{name}[{self.make.small(2, -1, 1)}] = {of(item, 2)}",
            f"del {name}[{self.make.small(2, -1, 1)}]",
            f"{name}.extend({of(ListType(item), 1)})",
        ]
        if isinstance(item, (IntType, StrType)):
            ways.append(f"{name}.sort()")
        if self.rng.random() < 0.15:
            before = [] if self.rng.random() < 0.3 else [Node(f"{name}.append({of(item, 2)})")]
            return [*before, self.declare(item, f"{name}.pop()")]
        return [Node(self.rng.choice(ways))]

    def _gone(self, name: str, type_: MapType, key: str) -> list[Node]:
        """A key deleted: one that was just put there, one that is there, or any."""
        gone = Node(f"del {name}[{key}]")
        match self.rng.randrange(6):
            case 0:
                return [gone]
            case 1 | 2:
                return [Node(f"if {key} in {name}:", [gone])]
        return [Node(f"{name}[{key}] = {self.make.of(type_.value, 1)}"), gone]

    def _unpack(self) -> list[Node]:
        types = (self._scalar(), self._scalar())
        helpers = [item for item in self.make.helpers if isinstance(item.result, TupleType)]
        if helpers and self.rng.random() < 0.6:
            helper = self.rng.choice(helpers)
            if helper.writes and not self.make.may_write:
                return self._declare()
            assert isinstance(helper.result, TupleType)
            names = [self._name() for _ in helper.result.items]
            node = Node(f"{', '.join(names)} = {self.make.call(helper, 2)}")
            types = helper.result.items  # type: ignore[assignment]  # as many as it has
        else:
            names = [self._name(), self._name()]
            values = [self.declare(item, self.make.of(item, 2)) for item in types]
            sources = [item.name for item in self.make.locals[-2:]]
            node = Node(f"{names[0]}, {names[1]} = ({sources[1]}, {sources[0]})")
            self.make.locals += [Local(names[0], types[1]), Local(names[1], types[0])]
            return [*values, node]
        self.make.locals += [Local(*pair) for pair in zip(names, types, strict=True)]
        return [node]

    def _map_work(self) -> list[Node]:
        """A map, and some of what one does with it."""
        type_ = MapType(worlds.key_type(self.rng, self.world.enum), self._scalar(), None)
        made = [self.declare(type_, self._copy(type_, self.make.of(type_, 2)))]
        name = self.make.locals[-1].name
        for _ in range(self.rng.randrange(1, 4)):
            made += self._map_step(name, type_)
        return made

    def _map_step(self, name: str, type_: MapType) -> list[Node]:
        key = self.make.key(type_.key, 1)
        match self.rng.randrange(7):
            case 0:
                return [self.declare(OptionalType(type_.value), f"{name}.get({key})")]
            case 1:
                return [self._owned(name, type_), *self._gone(name, type_, key)]
            case 2:
                return [self.declare(ListType(type_.value), f"{name}.values()")]
            case 3:
                way = self.rng.choice((f"{name}.keys()", f"list({name})"))
                return [self.declare(ListType(type_.key), way)]
            case 4:
                inner = self._name()
                value = f"{inner}: {self.world.render(type_.value)} = {name}[{key}]"
                return [Node(f"if {key} in {name}:", [Node(value)])]
            case 5:
                first, second = self._name(), self._name()
                names = Local(first, type_.key, False), Local(second, type_.value, False)
                head = f"for {first}, {second} in {name}.items():"
                self.loops += 1
                body = self._with(*names, size=1)
                self.loops -= 1
                return [Node(head, body)]
        change = Node(f"{name}[{key}] = {self.make.of(type_.value, 1)}")
        return [self._owned(name, type_), change]
