"""What is stored, read: by key, by scan, by index, as of the past."""

from __future__ import annotations

from daicho.compiler.types import (
    BOOL,
    TIMESTAMP,
    Field,
    IntType,
    ListType,
    OptionalType,
    RecordType,
    Type,
)
from differential.assignments import Assignments
from differential.expressions import Local
from differential.nodes import Node
from differential.world import CODES


class Reads(Assignments):
    """What is stored, read: by key, by scan, by index, as of the past."""

    def _keys(self, row: RecordType) -> list[str]:
        return [self.make.key(item.type, 1) for item in row.key_fields]

    def _table(self) -> tuple[str, RecordType]:
        tables = {**self.world.rows, "balances": self.world.holdings}
        name = self.rng.choice(list(tables))
        return name, tables[name]

    def _past(self, always: bool = False) -> str:
        """As of a time, sometimes one that is not past."""
        if not always and self.rng.random() < 0.6:
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
            then = self._past(always=self.rng.random() < 0.5)
            return [self.declare(BOOL, f"({', '.join(keys)}) in {name}{then}")]
        asks = not self.make.may_draw and not self.make.may_write
        if self.rng.random() < (0.5 if asks else 0.05):
            return [self.declare(row, f"{name}{past}[{', '.join(keys)}]")]
        if self.rng.random() < 0.2:
            return self._tried(row, f"{name}{self._past(always=True)}[{', '.join(keys)}]")
        if self.rng.random() < 0.2:
            inner, key = self._name(), ", ".join(keys)
            body = Node(f"{inner}: {row.name} = {name}{past}[{key}]")
            return [Node(f"if ({key}) in {name}{past}:", [body])]
        past = past or self._past()
        made = self.declare(OptionalType(row), f"{name}{past}.get({', '.join(keys)})")
        return [made, *self._there(self.make.locals[-1].name, row, 1)]

    def _tried(self, type_: Type, value: str) -> list[Node]:
        """A value that may not be there, in a savepoint."""
        name, inner = self._name(), self._name()
        self.make.attempts.append(name)
        body = Node(f"{inner}: {self.world.render(type_)} = {value}")
        return [Node(f"with attempt() as {name}:", [body])]

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
        prefix = "sender(), " if name == "mine" else ""
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
        least = 0 if name.startswith(("facts", "later")) else 1
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

    def _heard(self) -> list[Node]:
        if self.rng.random() < 0.2:
            return [self.declare(OptionalType(TIMESTAMP), "oracle.time(spoken)")]
        age = f"hours({self.make.small(1, 0, 3)} + 0)"
        if self.rng.random() < 0.5:
            wanted = OptionalType(self.world.decimals["Rate"])
            return [self.declare(wanted, f"oracle.find(spoken, max_age={age})")]
        return [self.declare(self.world.decimals["Rate"], f"oracle.read(spoken, max_age={age})")]

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
