"""What the three parts of step 3 share: the code being written and its locals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daicho.compiler.ir import Block, Branch, Code, Instr, Node
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.tree import Function, TableDecl
from daicho.compiler.types import Field, RecordType, Type

Functions = dict[tuple[str, str], Function]
TableMap = dict[tuple[str, str], TableDecl]


class Builder:
    """Writes the code of one function."""

    def __init__(
        self, module: Module, function: Function, functions: Functions, tables: TableMap, code: Code
    ) -> None:
        self.module = module
        self.function = function
        self.functions = functions
        self.tables = tables
        self.code = code
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

    def branch(self, result: Type | None) -> Arms:
        """Write an `if` whose condition is on the stack."""
        node = Branch(self.span, result, [], [])
        self._body.append(node)
        return Arms(self, node)

    def table(self, name: str) -> TableDecl:
        """A table of the function's own module."""
        return self.tables[self.function.module, name]


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
