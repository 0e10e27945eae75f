"""Function bodies, made at random, that always compile."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from daicho.compiler.types import (
    BOOL,
    HASH,
    INT,
    PARTY,
    TIMESTAMP,
    BytesType,
    EnumType,
    Field,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TupleType,
    Type,
)
from differential import world as worlds
from differential.expressions import Expressions, Local
from differential.world import CODES

NESTING_MAX = 3


@dataclass(frozen=True)
class Timed:
    """A scheduled function."""

    name: str
    params: tuple[Type, ...]


@dataclass
class Node:
    """A statement: its first line, and what stands below it."""

    text: str
    body: list[Node] | None = None
    partner: bool = False
    """An `else:` or `case`, which goes with the one before it."""

    def lines(self, depth: int = 1) -> Iterator[str]:
        """The source text, indented."""
        yield "    " * depth + self.text
        if self.body is not None:
            for item in self.body:
                yield from item.lines(depth + 1)
            if not self.body:
                yield "    " * (depth + 1) + "pass"

    def count(self) -> int:
        """Statements in it, itself counted."""
        return (0 if self.partner else 1) + sum(item.count() for item in self.body or [])


class Statements:
    """Makes the body of one function."""

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
        self._names = 0

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

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _statement(self) -> list[Node]:
        ways: list[tuple[int, Callable[[], list[Node]]]] = [
            (28, self._declare), (14, self._assign), (24, self._change), (3, self._unpack),
            (6, self._map_work), (4, self._require), (4, self._call), (5, self._narrow),
            (4, self._leave),
        ]  # fmt: skip
        if self.depth <= NESTING_MAX:
            ways += [(9, self._if), (9, self._loop), (4, self._match), (7, self._attempt)]
        if self.make.reads_state:
            ways += [
                (6, self._read),
                (4, self._scan),
                (3, self._index),
                (3, self._resume),
                (2, self._heard),
            ]
        if self.make.may_write:
            ways += [(20, self._write), (3, self._emit), (1, self._flood)]
            ways += [(4, self._timer)] if self.timers else []
        weights = [weight for weight, _ in ways]
        return self.rng.choices([way for _, way in ways], weights)[0]()

    # --- locals ---

    def _declare(self) -> list[Node]:
        type_ = worlds.local(self.rng, self.world)
        value = self.make.of(type_, 2)
        if isinstance(type_, (ListType, MapType)) and value in self._paths():
            value = f"{'list' if isinstance(type_, ListType) else 'dict'}({value})"
        return [self.declare(type_, value)]

    def declare(self, type_: Type, value: str) -> Node:
        """`name: type = value`, and the name is known from here on."""
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

    def _change(self) -> list[Node]:
        target = self._own(ListType, MapType)
        if target is None:
            return self._declare()
        name, of = target.name, self.make.of
        if isinstance(target.type, MapType):
            key = of(target.type.key, 2)
            if self.rng.random() < 0.25:
                return [Node(f"del {name}[{key}]")]
            return [Node(f"{name}[{key}] = {of(target.type.value, 2)}")]
        assert isinstance(target.type, ListType)
        item = target.type.item
        ways = [
            f"{name}.append({of(item, 2)})",
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

    def _scalar(self) -> Type:
        return self.rng.choice(self.world.scalars())

    # --- failures, calls ---

    def _map_work(self) -> list[Node]:
        """A map, and some of what one does with it."""
        type_ = MapType(worlds.key_type(self.rng, self.world.enum), self._scalar(), None)
        made = [self.declare(type_, self.make.of(type_, 2))]
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
                return [Node(f"del {name}[{key}]")]
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
        return [Node(f"{name}[{key}] = {self.make.of(type_.value, 1)}")]

    def _flood(self) -> list[Node]:
        """One of the bounds on what a transaction may do: events, timers, rows, calls."""
        name, way = self._name(), self.rng.randrange(4)
        if way == 0:
            return [Node(f"for {name} in range(257):", self._emit())]
        if way == 1 and self.timers:
            timed = self.timers[0]
            args = ", ".join(["now() + hours(9)", *(self.make.leaf(it) for it in timed.params)])
            made = Node(f"{self._name()}: Hash = {timed.name}.at({args})")
            return [Node(f"for {name} in range(65):", [made])]
        key = self.world.map_key
        if way == 2 and isinstance(key, IntType) and key.bits > 16:
            value = self.make.leaf_literal(self.world.map_value) if self._plain_value() else ""
            if value:
                return [Node(f"for {name} in range(4097):", [Node(f"by_key[{name}] = {value}")])]
        known = [item.name for item in self.make.helpers if item.name == "dive"]
        return [Node(f"dive({self.make.bounded(2, 50, 70)})")] if known else self._declare()

    def _plain_value(self) -> bool:
        return isinstance(self.world.map_value, (IntType, StrType))

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
        self.loops, self.sealed = outer
        self.make.attempts.append(name)
        return [Node(f"with attempt() as {name}:", body)]

    def _timer(self) -> list[Node]:
        """A timer set, sometimes taken back."""
        timed = self.rng.choice(self.timers)
        hours = self.rng.choice(("minutes(20)", "hours(1)", "hours(2)", "-(hours(3))"))
        args = ", ".join(["now() + " + hours, *(self.make.of(item, 1) for item in timed.params)])
        made = [self.declare(HASH, f"{timed.name}.at({args})")]
        if self.rng.random() < 0.6:
            made.append(self.declare(BOOL, f"cancel({self.make.leaf(HASH)})"))
        return made

    def _heard(self) -> list[Node]:
        age = f"hours({self.make.small(1, 0, 3)} + 0)"
        if self.rng.random() < 0.5:
            wanted = OptionalType(self.world.decimals["Rate"])
            return [self.declare(wanted, f"oracle.find(spoken, max_age={age})")]
        return [self.declare(self.world.decimals["Rate"], f"oracle.read(spoken, max_age={age})")]

    # --- branches and loops ---

    def _size(self) -> int:
        return self.rng.randrange(1, 3)

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

    def _expect(self) -> list[Node]:
        """A row or a value that must be there."""
        name, row = self._table()
        code, keys = self.rng.choice(CODES), ", ".join(self._keys(row))
        return [self.declare(row, f"expect({name}.get({keys}), Error.{code})")]

    def _there(self, name: str, type_: Type, count: int) -> list[Node]:
        before = list(self.make.locals)
        self.make.locals[:] = [item for item in before if item.name != name]
        self.make.locals.append(Local(name, type_, False))
        made = [Node(f"if {name} is not None:", self.block(count))]
        self.make.locals[:] = before
        if self.rng.random() < 0.4:
            made.append(Node("else:", self.block(1), True))
        return made

    def _loop(self) -> list[Node]:
        self.loops += 1
        made = self.rng.choice((self._for_range, self._for_each, self._while))()
        self.loops -= 1
        return made

    def _with(self, *names: Local, size: int = 0) -> list[Node]:
        """The body of a loop, which knows its targets."""
        before = list(self.make.locals)
        self.make.locals += names
        made = self.block(size or self._size())
        self.make.locals[:] = before
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

    # --- state ---

    def _keys(self, row: RecordType) -> list[str]:
        return [self.make.key(item.type, 1) for item in row.key_fields]

    def _table(self) -> tuple[str, RecordType]:
        tables = {**self.world.rows, "balances": self.world.holdings}
        name = self.rng.choice(list(tables))
        return name, tables[name]

    def _past(self) -> str:
        """As of a time, sometimes one that is not past."""
        if self.rng.random() < 0.6:
            return ""
        back = self.rng.choice(("hours(1)", "hours(2)", "minutes(31)", "milliseconds(1)"))
        time = self.make.of(TIMESTAMP, 1) if self.rng.random() < 0.2 else f"now() - {back}"
        if self.rng.random() < 0.4:
            time = f"height() - {self.make.small(1, 0, 3)}"
        return f".as_of({time})"

    def _read(self) -> list[Node]:
        if self.rng.random() < 0.2:
            return [self.declare(self.world.var, "single.get()")]
        if self.rng.random() < 0.2:
            key, value = self.make.key(self.world.map_key, 1), self.world.map_value
            if self.rng.random() < 0.3:
                return self._if_key(key)
            wanted = value if isinstance(value, OptionalType) else OptionalType(value)
            return [self.declare(wanted, f"by_key.get({key})")]
        name, row = self._table()
        keys, past = self._keys(row), self._past()
        if self.rng.random() < 0.25:
            return [self.declare(BOOL, f"({', '.join(keys)}) in {name}{past}")]
        asks = not self.make.may_draw and not self.make.may_write
        if self.rng.random() < (0.25 if asks else 0.05):
            return [self.declare(row, f"{name}{past}[{', '.join(keys)}]")]
        if self.rng.random() < 0.2:
            inner, key = self._name(), ", ".join(keys)
            body = Node(f"{inner}: {row.name} = {name}{past}[{key}]")
            return [Node(f"if ({key}) in {name}{past}:", [body])]
        made = self.declare(OptionalType(row), f"{name}{past}.get({', '.join(keys)})")
        return [made, *self._there(self.make.locals[-1].name, row, 1)]

    def _if_key(self, key: str) -> list[Node]:
        """A map's value, which must be there: looked for first, mostly."""
        if self.rng.random() < self.make.risk:
            return [self.declare(self.world.map_value, f"by_key[{key}]")]
        held = self.declare(self.world.map_key, key)
        name = self.make.locals[-1].name
        inner = self._name()
        value = f"{inner}: {self.world.render(self.world.map_value)} = by_key[{name}]"
        return [held, Node(f"if {name} in by_key:", [Node(value)])]

    def _index(self) -> list[Node]:
        name = self.rng.choice(list(self.world.indexes))
        table, columns = self.world.indexes[name]
        row = self.world.rows[table]
        fields = tuple(row.fields[row.index(column)] for column in columns)
        return self._scanned(name, row, fields)

    def _scan(self) -> list[Node]:
        name, row = self._table()
        return self._scanned(name, row, row.key_fields)

    def _resume(self) -> list[Node]:
        """The first rows of a scan, and those after them."""
        name = self.rng.choice(list(self.world.rows))
        row = self.world.rows[name]
        prefix = "" if name == "facts" else "sender(), "
        first, rest = self._name(), self._name()
        shown = f"{rest}: list[{row.name}] = {name}.scan({prefix}after={first}[-1])"
        body = [Node(shown)]
        self.make.locals.append(Local(first, ListType(row), True))
        inner = self._with(Local(rest, ListType(row), True), size=1)
        source = f"{name}.scan({prefix}limit={self.make.bounded(1, 1, 2)})"
        return [
            Node(f"{first}: list[{row.name}] = {source}"),
            Node(
                f"if len({first}) > 0:",
                [*body, *inner, Node(f"require(len({rest}) < 9999, Error.FIRST)")],
            ),
            *self._count_rows(first),
        ]

    def _count_rows(self, name: str) -> list[Node]:
        """What was found goes where it is seen."""
        if not self.make.may_write or not isinstance(self.world.var, IntType):
            return []
        return [Node(f"single.set(len({name}) % 100)")]

    def _scanned(self, name: str, row: RecordType, columns: tuple[Field, ...]) -> list[Node]:
        keys = [self.make.key(item.type, 1) for item in columns]
        width = len(columns)
        least = 0 if name.startswith("facts") else 1
        prefix = self.rng.randrange(least, width + 1)
        options = []
        if prefix < width:
            column = columns[prefix].type
            options += [
                f"{option}={self.make.of(column, 1)}"
                for option in ("lo", "hi")
                if self.rng.random() < 0.3
            ]
            cursors = [item.name for item in self.make.locals if item.type == OptionalType(row)]
            if cursors and self.rng.random() < 0.5:
                options.append(f"after={self.rng.choice(cursors)}")
        if self.rng.random() < 0.5:
            options.append(f"limit={self.make.small(1, 0, 4)}")
        given = ", ".join([*keys[:prefix], *options])
        target = self._name()
        source = f"{name}{self._past()}.scan({given})"
        if self.rng.random() < 0.5:
            self.loops += 1
            body = self._with(Local(target, row, False))
            self.loops -= 1
            return [Node(f"for {target} in {source}:", body)]
        self.make.locals.append(Local(target, ListType(row), True))
        return [Node(f"{target}: list[{row.name}] = {source}")]

    def _write(self) -> list[Node]:
        match self.rng.randrange(9):
            case 0:
                return [Node(f"single.set({self.make.of(self.world.var, 2)})")]
            case 1 | 2:
                key = self.make.key(self.world.map_key, 1)
                if self.rng.random() < 0.2:
                    return [Node(f"del by_key[{key}]")]
                return [Node(f"by_key[{key}] = {self.make.of(self.world.map_value, 2)}")]
            case 3 | 4 | 5:
                return [Node(self._holdings())]
        name = self.rng.choice(list(self.world.rows))
        row = self.world.rows[name]
        if self.rng.random() < 0.2:
            return [Node(f"{name}.delete({', '.join(self._keys(row))})")]
        if self.rng.random() < 0.3:
            keys = ", ".join(self._keys(row))
            found = self.declare(OptionalType(row), f"{name}.get({keys})")
            there = self.make.locals.pop().name
            deleted = ", ".join(f"{there}.{item.name}" for item in row.key_fields)
            changed = self.rng.choice(row.value_fields)
            value = self.make.of(changed.type, 1)
            ways = [
                f"{name}.delete({deleted})",
                f"{name}.put({there}.replace({changed.name}={value}))",
            ]
            return [found, Node(f"if {there} is not None:", [Node(self.rng.choice(ways))])]
        method = self.rng.choice(("insert", "put", "put", "put", "update"))
        return [Node(f"{name}.{method}({self.make.of(row, 2)})")]

    def _holdings(self) -> str:
        share = self.world.amounts[1]
        few = self.rng.randrange(0, 40)
        amount = self.make.of(share, 1) if self.rng.random() < 0.3 else f'{share.name}("{few}")'
        source, target = (self._place() for _ in range(2))
        match self.rng.randrange(4):
            case 0:
                return f"balances.redeem({amount}, source={source})"
            case 1 | 2:
                return f"balances.issue({amount}, target={target})"
        return f"balances.move({amount}, source={source}, target={target})"

    def _place(self) -> str:
        """Few places, so that one often holds something."""
        code = self.world.holdings.key_fields[1].type
        holder = self.rng.choice(("sender()", self.make.leaf(PARTY)))
        group = "'A'" if isinstance(code, StrType) else "(1)"
        if isinstance(code, EnumType):
            group = f"Color.{code.members[0][0]}"
        elif self.rng.random() < 0.2:
            group = self.make.leaf(code)
        return f"balances.at({holder}, {group}).{self.rng.choice(('free', 'held'))}"

    def _emit(self) -> list[Node]:
        fields = ", ".join(
            f"{item.name}={self.make.of(item.type, 1)}" for item in self.world.event.fields
        )
        return [Node(f"emit(Said({fields}), to=(PUBLIC, party(Said.who)))")]
