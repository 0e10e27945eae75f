"""What the three parts of step 3 share: the code being written and its locals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from daicho.compiler.ir import Block, Branch, Code, Const, Instr, Node
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.tree import Expr, Function, IndexDecl, TableDecl
from daicho.compiler.types import Field, RecordType, Type

Functions = dict[tuple[str, str], Function]
TableMap = dict[tuple[str, str], TableDecl]

_PLAIN = ("const", "local")
"""What is there already: it traps nowhere, and no other expression changes it."""


class Builder:
    """Writes the code of one function."""

    def __init__(
        self,
        module: Module,
        function: Function,
        functions: Functions,
        tables: TableMap,
        code: Code,
        pusher: Pusher,
    ) -> None:
        self.module = module
        self.function = function
        self.functions = functions
        self.tables = tables
        self.code = code
        self._pusher = pusher
        self.span = function.span
        self.break_label = ""
        self.continue_label = ""
        self._body = code.body
        self._labels = 0
        self._temporaries = 0
        self._free: dict[Type, list[str]] = {}
        self._used: list[tuple[Type, str]] = []

    def emit(self, op: str, *args: object) -> None:
        """Append one instruction at the current place of the source."""
        self._body.append(Instr(op, self.span, args))

    def push(self, value: Expr) -> None:
        """Write the code that leaves `value` on the stack."""
        self._pusher(self, value)

    def push_all(self, values: Sequence[Expr]) -> None:
        """Values one after another."""
        for item in values:
            self.push(item)

    def push_int(self, type_: Type, number: int) -> None:
        """A number of a raw type, as an immediate where it fits 64 bits."""
        if -(1 << 63) <= number < 1 << 63:
            self.emit("push.int", type_, number)
        else:
            self.emit("const", Const(type_, number))

    def get(self, name: str) -> None:
        """Push a local."""
        self.emit("local.get", name)

    def set(self, name: str) -> None:
        """Pop into a local."""
        self.emit("local.set", name)

    def label(self, word: str) -> str:
        """A new branch target."""
        self._labels += 1
        return f"{word}{self._labels}"

    def temporary(self, type_: Type) -> str:
        """A local of this type that nobody uses until the statement ends."""
        free = self._free.get(type_, [])
        if free:
            name = free.pop()
        else:
            self._temporaries += 1
            name = f"%{self._temporaries}"
            self.code.locals[name] = type_
        self._used.append((type_, name))
        return name

    def again(self, value: Expr) -> Expr:
        """What pushes `value` as often as wanted: itself if nothing is worked out, or a local."""
        return value if value.op in _PLAIN else self._in_local(value, "local.set")

    def tee(self, value: Expr) -> Expr:
        """Push `value`, and return what pushes it another time."""
        if value.op not in _PLAIN:
            return self._in_local(value, "local.tee")
        self.push(value)
        return value

    def _in_local(self, value: Expr, op: str) -> Expr:
        self.push(value)
        name = self.temporary(value.type)
        self.emit(op, name)
        return Expr("local", value.type, value.span, (), name)

    def kept(self, type_: Type) -> str:
        """A local of this type for the whole function, as a loop's counter."""
        self._temporaries += 1
        name = f"%{self._temporaries}"
        self.code.locals[name] = type_
        return name

    def statement_ends(self, mark: int) -> None:
        """Free the temporaries taken since `mark`."""
        while len(self._used) > mark:
            type_, name = self._used.pop()
            self._free.setdefault(type_, []).append(name)

    def mark(self) -> int:
        """A point to free temporaries back to."""
        return len(self._used)

    @contextmanager
    def block(self, kind: str, label: str) -> Iterator[None]:
        """Write into a new block or loop."""
        node = Block(kind, label, self.span, [])
        with self._into(node.body):
            yield
        self._body.append(node)

    @contextmanager
    def _into(self, body: list[Node]) -> Iterator[None]:
        before, self._body = self._body, body
        yield
        self._body = before

    def get_field(self, record: RecordType, name: str) -> None:
        """The field of the record on the stack.

        A row holds its key columns and, as its last field, the columns that are stored.
        """
        if record.kind != "row":
            self.emit("record.get", record, record.index(name))
            return
        keys = [item.name for item in record.key_fields]
        if name in keys:
            self.emit("record.get", record, keys.index(name))
            return
        stored = stored_row(record)
        self.emit("record.get", record, len(keys))
        self.emit("record.get", stored, stored.index(name))

    def branch(self, result: Type | None) -> Arms:
        """Write an `if` whose condition is on the stack."""
        node = Branch(self.span, result, [], [])
        self._body.append(node)
        return Arms(self, node)

    def index(self, name: str) -> IndexDecl:
        """An index of the contract; no other contract's can be named."""
        return next(item for item in self.module.indexes if item.name == name)

    def table(self, name: str) -> TableDecl:
        """A table of the function's own module."""
        return self.tables[self.function.module, name]


Pusher = Callable[[Builder, Expr], None]


class Arms:
    """The two arms of an `if`."""

    def __init__(self, builder: Builder, node: Branch) -> None:
        self._builder = builder
        self._node = node

    @contextmanager
    def then(self) -> Iterator[None]:
        """Write the arm taken when the condition holds."""
        with self._builder._into(self._node.then):
            yield

    @contextmanager
    def orelse(self) -> Iterator[None]:
        """Write the other arm."""
        with self._builder._into(self._node.orelse):
            yield


def stored_row(row: RecordType) -> RecordType:
    """What a table keeps beside the key: the columns that are not key columns."""
    return RecordType(row.module, f"{row.name}_stored", "record", row.value_fields)


def rest_of_key(row: RecordType, prefix: int) -> RecordType:
    """The key columns after a scan's prefix: where a scan resumes."""
    fields = tuple(Field(item.name, item.type) for item in row.key_fields[prefix:])
    return RecordType(row.module, f"{row.name}_after_{prefix}", "record", fields)


def rest_of_index(index: IndexDecl, prefix: int) -> RecordType:
    """Where a scan of an index resumes: its columns after the prefix, then the row's key."""
    row = index.table.row
    own = [Field(f"index_{at}", item.type) for at, item in enumerate(index.fields)]
    key = [Field(f"key_{at}", item.type) for at, item in enumerate(row.key_fields)]
    name = f"{index.name}_after_{prefix}"
    return RecordType(row.module, name, "record", (*own[prefix:], *key))
