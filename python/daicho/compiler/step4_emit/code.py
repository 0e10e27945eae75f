"""Instructions to bytes, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from daicho.compiler.bytecode import (
    COLUMN_MAX,
    INSTRUCTIONS,
    NO_TYPE,
)
from daicho.compiler.diagnostics import InternalError, Span
from daicho.compiler.ids import Ids
from daicho.compiler.ir import Block, Branch, Code, Const, ErrorRef, Instr, Node
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step4_emit.fields import i64, u8, u16, u32
from daicho.compiler.step4_emit.types import Types, constant_bytes
from daicho.compiler.tree import IndexDecl, TableDecl
from daicho.compiler.types import (
    Type,
)


class MapEntry(NamedTuple):
    """`line:column` of the source is where `pc` of a function comes from."""

    pc: int
    line: int
    column: int


@dataclass
class Pool:
    """Everything that code refers to by index."""

    module: Module
    ids: Ids
    functions: dict[tuple[str, str], int]
    tables: dict[str, int] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)
    scheduled: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    """Positions in their sections, which are in the order of the ids."""
    types: Types = field(default_factory=Types)
    constants: dict[bytes, int] = field(default_factory=dict)
    errors: dict[ErrorRef, int] = field(default_factory=dict)
    imports: dict[tuple[str, str], int] = field(default_factory=dict)

    def type_or_none(self, type_: Type | None) -> int:
        """The index of a type, or the mark for none."""
        return NO_TYPE if type_ is None else self.types.index(type_)

    def constant(self, value: Const) -> int:
        """The index of a constant."""
        data = constant_bytes(value)
        entry = u16(self.types.index(value.type)) + u32(len(data)) + data
        return self.constants.setdefault(entry, len(self.constants))

    def error(self, error: ErrorRef) -> int:
        """The index of a failure code with these details."""
        for item in error.details:
            self.types.index(item)
        return self.errors.setdefault(error, len(self.errors))


class FunctionWriter:
    """Writes the code of one function."""

    def __init__(self, pool: Pool, code: Code) -> None:
        self.pool = pool
        self.code = code
        self.locals = {name: index for index, name in enumerate(code.locals)}
        self.data = bytearray()
        self.map: list[MapEntry] = []
        self.labels: list[str] = []

    def write(self) -> bytes:
        """The function's bytes; the body is itself a block and ends with `end`."""
        for node in self.code.body:
            self._node(node)
        self.data.append(INSTRUCTIONS["end"][0])
        return bytes(self.data)

    def _mark(self, span: Span) -> None:
        line, column = span.line, min(span.column - 1, COLUMN_MAX)
        if not self.map or self.map[-1][1:] != (line, column):
            self.map.append(MapEntry(len(self.data), line, column))

    def _node(self, node: Node) -> None:
        self._mark(node.span)
        match node:
            case Instr(op=op, args=args):
                self._instruction(op, args)
            case Block(kind=kind, label=label, body=body):
                self._instruction(kind, (None,) if kind == "block" else ())
                self._body(label, body)
                self._instruction("end", ())
            case Branch(result=result, then=then, orelse=orelse):
                self._instruction("if", (result,))
                self._body("", then)
                if orelse:
                    self._instruction("else", ())
                    self._body("", orelse)
                self._instruction("end", ())

    def _body(self, label: str, body: list[Node]) -> None:
        self.labels.append(label)
        for node in body:
            self._node(node)
        self.labels.pop()

    def _instruction(self, op: str, args: tuple[object, ...]) -> None:
        opcode, immediates = INSTRUCTIONS[op]
        if len(args) != len(immediates):
            raise InternalError(f"{op} takes {len(immediates)} immediates, got {args}")
        self.data.append(opcode)
        self.data += b"".join(map(self._immediate, immediates, args))

    def _immediate(self, kind: str, value: object) -> bytes:
        pool = self.pool
        match kind, value:
            case "l", str():
                return u16(self.locals[value])
            case (("t" | "r"), Type()):
                return u16(pool.types.index(value))
            case (("t" | "r"), None):
                return u16(NO_TYPE)
            case "8", int():
                return i64(value)
            case "2", int():
                return u16(value)
            case "1", int():
                return u8(value)
            case "4", int():
                return u32(value)
            case "k", Const():
                return u16(pool.constant(value))
            case "e", ErrorRef():
                return u16(pool.error(value))
            case "b", TableDecl():
                return u16(pool.tables[value.name])
            case "x", IndexDecl():
                return u16(pool.indexes[value.name])
            case "d", str():
                return u16(list(reversed(self.labels)).index(value))
            case "f", (str(module), str(name)):
                return u16(pool.functions[module, name])
            case "i", (str(module), str(name)):
                return u16(pool.imports.setdefault((module, name), len(pool.imports)))
            case "s", (str(), str(name)):
                return u16(pool.scheduled[name])
            case "v", (str(), str(name)):
                return u16(pool.events[name])
        raise InternalError(f"immediate {kind} {value!r}")
