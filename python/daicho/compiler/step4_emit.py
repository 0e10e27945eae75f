"""Step 4, emit: from named code to the bytes of `docs/bytecode.md`.

Types, constants and failure codes are interned in the order of their first
use, so equal input gives equal bytes on every machine.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from daicho.compiler import codes
from daicho.compiler.bytecode import (
    COMPARTMENTS,
    FORMAT,
    GAS_SCHEDULE,
    INSTRUCTIONS,
    MAGIC,
    NO_TYPE,
)
from daicho.compiler.diagnostics import InternalError, Reporter, Span
from daicho.compiler.ids import Ids
from daicho.compiler.ir import Block, Branch, Code, Const, ErrorRef, Instr, Node
from daicho.compiler.step2_check.effects import all_functions, all_modules
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower.builder import stored_row
from daicho.compiler.tree import EventDecl, Function, TableDecl
from daicho.compiler.types import (
    ROLE,
    AmountType,
    BoolType,
    BytesType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
    FixedType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    SnapshotType,
    StrType,
    TimestampType,
    TupleType,
    Type,
)

EDITION = 1
ROW_VERSION = 1
FIRST_TYPE = 32
LENGTH_MAX = 65_536
CODE_BYTES_MAX = 65_535
LOCALS_MAX = 256
ALL_ROLES = 0xFFFF_FFFF
ARTEFACT_BYTES_MAX = 524_288


def u8(value: int) -> bytes:
    """One byte."""
    return struct.pack("<B", value)


def u16(value: int) -> bytes:
    """Two bytes."""
    return struct.pack("<H", value)


def u32(value: int) -> bytes:
    """Four bytes."""
    return struct.pack("<I", value)


def text(value: str) -> bytes:
    """A `name` or `str`: its length and its UTF-8."""
    data = value.encode()
    return u32(len(data)) + data


def vector(items: list[bytes]) -> bytes:
    """A count and the items."""
    return u32(len(items)) + b"".join(items)


@dataclass(frozen=True)
class MapEntry:
    """`line:column` of the source is where `pc` of a function comes from."""

    pc: int
    line: int
    column: int


@dataclass
class Emitted:
    """An artefact, and where each instruction comes from, by function."""

    data: bytes
    source_map: dict[str, list[MapEntry]]
    pcs: int = 0


class Types:
    """Interns types: one type, one index."""

    def __init__(self) -> None:
        self._indices: dict[object, int] = {}
        self._by_type: dict[Type, int] = {}
        self.bodies: list[bytes] = []

    def index(self, type_: Type) -> int:
        """The index of a type, given one if it is new."""
        known = self._by_type.get(type_)
        if known is None:
            known = self._by_type[type_] = self._index(type_)
        return known

    def _index(self, type_: Type) -> int:
        fixed = _predeclared(type_)
        if fixed is not None:
            return fixed
        body = self._body(type_)
        nominal = (type_.module, type_.name) if isinstance(type_, (RecordType, EnumType)) else None
        key = (nominal, body)
        if key not in self._indices:
            self._indices[key] = FIRST_TYPE + len(self.bodies)
            self.bodies.append(body)
        return self._indices[key]

    def _body(self, type_: Type) -> bytes:
        match type_:
            case DecimalType(precision, scale):
                return u8(1) + u8(precision) + u8(scale)
            case AmountType(scale=scale):
                return u8(1) + u8(38) + u8(scale)
            case StrType(length):
                return u8(2) + u32(LENGTH_MAX if length is None else length)
            case BytesType(length):
                return u8(3) + u32(LENGTH_MAX if length is None else length)
            case EnumType(name=name, members=members):
                return u8(4) + text(name) + vector([text(item) for item, _ in members])
            case RecordType():
                return self._record(type_)
            case TupleType(items):
                fields = tuple(Field(f"item_{number}", item) for number, item in enumerate(items))
                return self._fields("tuple", fields)
            case ListType(item, length):
                return u8(6) + u16(self.index(item)) + u32(LENGTH_MAX if length is None else length)
            case MapType(key, value, length):
                head = u8(7) + u16(self.index(key)) + u16(self.index(value))
                return head + u32(LENGTH_MAX if length is None else length)
            case OptionalType(item):
                return u8(8) + u16(self.index(item))
        raise InternalError(f"type {type_}")

    def _record(self, type_: RecordType) -> bytes:
        if type_.kind != "row":
            return self._fields(type_.name, type_.fields)
        return self._fields(type_.name, (*type_.key_fields, Field("row", stored_row(type_))))

    def _fields(self, name: str, fields: tuple[Field, ...]) -> bytes:
        return (
            u8(5)
            + text(name)
            + vector([text(item.name) + u16(self.index(item.type)) for item in fields])
        )


def _predeclared(type_: Type) -> int | None:
    match type_:
        case BoolType():
            return 0
        case IntType(128, True):
            return 1
        case IntType(bits, signed):
            return (7 if signed else 2) + (8, 16, 32, 64, 128).index(bits)
        case FixedType(name):
            return {"Account": 11, "Party": 12, "Hash": 13, "TxId": 13}[name]
        case DateType():
            return 14
        case TimestampType() | SnapshotType():
            return 15
        case DurationType():
            return 16
    return None


def constant_bytes(value: Const) -> bytes:
    """The canonical bytes of a constant."""
    match value.type, value.value:
        case StrType(), str(data):
            return text(data)
        case BytesType(), bytes(data):
            return u32(len(data)) + data
        case FixedType(), bytes(data):
            return data
        case ((DecimalType() | AmountType()), int(number)):
            return number.to_bytes(16, "little", signed=True)
        case IntType(bits, signed), int(number):
            return number.to_bytes(bits // 8, "little", signed=signed)
    raise InternalError(f"constant {value}")


@dataclass
class Pool:
    """Everything that code refers to by index."""

    module: Module
    ids: Ids
    functions: dict[tuple[str, str], int]
    tables: dict[str, int]
    types: Types = field(default_factory=Types)
    constants: dict[bytes, int] = field(default_factory=dict)
    errors: dict[ErrorRef, int] = field(default_factory=dict)
    events: dict[tuple[str, str], int] = field(default_factory=dict)
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
        here = (span.line, span.column - 1)
        if not self.map or (self.map[-1].line, self.map[-1].column) != here:
            self.map.append(MapEntry(len(self.data), *here))

    def _node(self, node: Node) -> None:
        self._mark(node.span)
        match node:
            case Instr():
                self._instruction(node.op, node.args)
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
        for kind, value in zip(immediates, args, strict=False):
            self.data += self._immediate(kind, value)

    def _immediate(self, kind: str, value: object) -> bytes:
        pool = self.pool
        match kind, value:
            case (("t" | "r"), None):
                return u16(NO_TYPE)
            case (("t" | "r"), Type()):
                return u16(pool.types.index(value))
            case "l", str():
                return u16(self.locals[value])
            case "k", Const():
                return u16(pool.constant(value))
            case "e", ErrorRef():
                return u16(pool.error(value))
            case "b", TableDecl():
                return u16(pool.tables[value.name])
            case "d", str():
                return u16(list(reversed(self.labels)).index(value))
            case "1", int():
                return u8(value)
            case "2", int():
                return u16(value)
            case "4", int():
                return u32(value)
            case "8", int():
                return struct.pack("<q", value)
            case _, tuple():
                return u16(self._reference(kind, (str(value[0]), str(value[1]))))
        raise InternalError(f"immediate {kind} {value!r}")

    def _reference(self, kind: str, name: tuple[str, str]) -> int:
        pool = self.pool
        match kind:
            case "f":
                return pool.functions[name]
            case "i":
                return pool.imports.setdefault(name, len(pool.imports))
            case "v":
                return pool.events.setdefault(name, len(pool.events))
        raise InternalError(f"reference {kind} {name}")


def emit(module: Module, functions: list[Code], ids: Ids, reporter: Reporter) -> Emitted:
    """The artefact of a module whose functions are `functions`, in this order."""
    numbers = {(code.module, code.name): index for index, code in enumerate(functions)}
    tables = {table.name: index for index, table in enumerate(module.tables)}
    pool = Pool(module, ids, numbers, tables)
    for name, event in module.events.items():
        pool.types.index(event.record)
        pool.events[module.name, name] = len(pool.events)
    writers: list[FunctionWriter] = []
    bodies: list[bytes] = []
    for code in functions:
        writer = FunctionWriter(pool, code)
        body = writer.write()
        _check_size(module, code, body, reporter)
        writers.append(writer)
        bodies.append(_function(pool, code, body))
    return _assemble(pool, writers, bodies, reporter)


def _check_size(module: Module, code: Code, body: bytes, reporter: Reporter) -> None:
    span = next(
        item.span
        for item in all_functions(module).values()
        if (item.module, item.name) == (code.module, code.name)
    )
    if len(body) > CODE_BYTES_MAX:
        reporter.error(
            codes.LIMIT, span, what=f"`{code.name}` has more than {CODE_BYTES_MAX} bytes of code"
        )
    if len(code.locals) > LOCALS_MAX:
        reporter.error(codes.LIMIT, span, what=f"`{code.name}` needs more than {LOCALS_MAX} locals")


def _function(pool: Pool, code: Code, body: bytes) -> bytes:
    names = list(code.locals)
    params = [u16(pool.types.index(item)) for item in code.params]
    declared = [u16(pool.types.index(code.locals[name])) for name in names[len(params) :]]
    name = code.name if code.module == pool.module.name else f"{code.module}_{code.name}"
    head = text(name) + vector(params) + u16(pool.type_or_none(code.result))
    return head + vector(declared) + u32(len(body)) + body


# --- sections ---


def _assemble(
    pool: Pool, writers: list[FunctionWriter], bodies: list[bytes], reporter: Reporter
) -> Emitted:
    module = pool.module
    imports = _imports(pool, reporter)
    events, tables = _events(pool), _tables(pool)
    entries, queries, exports = (
        _callable(pool, kind, reporter) for kind in ("entry", "query", "export")
    )
    errors = [
        u16(item.code)
        + text(item.name)
        + vector([u16(pool.types.index(detail)) for detail in item.details])
        for item in pool.errors
    ]
    maps = [
        vector([u32(i.pc) + u32(i.line) + u16(i.column) for i in writer.map]) for writer in writers
    ]
    sections = [
        text(module.name) + text(module.parsed.source.filename.rpartition("/")[2]),
        vector(pool.types.bodies),
        vector(list(pool.constants)),
        vector(errors),
        vector(events),
        vector(tables),
        vector(imports),
        vector(bodies),
        vector(entries),
        vector(queries),
        vector(exports),
        vector(maps),
    ]
    body = b"".join(u8(number) + u32(len(item)) + item for number, item in enumerate(sections, 1))
    head = MAGIC + u16(FORMAT) + u16(EDITION) + u16(GAS_SCHEDULE) + u16(0) + u32(len(body))
    if len(head) + len(body) > ARTEFACT_BYTES_MAX:
        reporter.error(
            codes.LIMIT,
            Span(1, 1, 1, 1),
            what=f"the contract has more than {ARTEFACT_BYTES_MAX} bytes",
        )
    return Emitted(head + body, {writer.code.name: writer.map for writer in writers})


def _imports(pool: Pool, reporter: Reporter) -> list[bytes]:
    functions, modules = all_functions(pool.module), all_modules(pool.module)
    rows: list[bytes] = []
    for module, name in pool.imports:
        callee = functions[module, name]
        exports = [item.name for item in modules[module].functions if item.kind == "export"]
        number = pool.ids.number(module, "exports", exports)[name]
        contract = pool.ids.contracts.get(module, 0)
        if not contract:
            reporter.error(
                codes.CONTRACT_SET, callee.span, what=f"the contract `{module}` has no id"
            )
        if callee.callers and pool.module.name not in callee.callers:
            what = f"`{name}` of `{module}` may be called by {', '.join(callee.callers)} only"
            span = _call_span(pool.module, module, name)
            reporter.error(codes.CONTRACT_SET, span, what=what)
        params = vector([u16(pool.types.index(item.type)) for item in callee.params])
        rows.append(u32(contract) + u32(number) + params + u16(_result(pool, callee)))
    return rows


def _call_span(module: Module, other: str, name: str) -> Span:
    spans = [s for f in module.functions for m, n, s in f.calls if (m, n) == (other, name)]
    return spans[0] if spans else Span(1, 1, 1, 1)


def _result(pool: Pool, function: Function) -> int:
    return pool.type_or_none(None if str(function.result) == "None" else function.result)


def _events(pool: Pool) -> list[bytes]:
    module = pool.module
    numbers = pool.ids.number(module.name, "events", [name for _, name in pool.events])
    rows: list[bytes] = []
    for owner, name in pool.events:
        event: EventDecl = all_modules(module)[owner].events[name]
        addressees = [
            u8(COMPARTMENTS[kind]) + u16(0 if column is None else event.record.index(column))
            for kind, column in event.addressees
        ]
        rows.append(
            u16(numbers[name])
            + text(name)
            + u16(pool.types.index(event.record))
            + vector(addressees)
        )
    return rows


def _tables(pool: Pool) -> list[bytes]:
    numbers = pool.ids.number(
        pool.module.name, "tables", [item.name for item in pool.module.tables]
    )
    return [_table(pool, table, numbers[table.name]) for table in pool.module.tables]


def _table(pool: Pool, table: TableDecl, number: int) -> bytes:
    columns = [text(item.name) + u16(pool.types.index(item.type)) for item in table.keys]
    row = u16(pool.types.index(stored_row(table.row)))
    head = u16(number) + text(table.name) + u16(ROW_VERSION) + vector(columns) + row
    head += u8(COMPARTMENTS[table.compartment]) + u8(table.compartment_column)
    if table.kind != "holdings":
        return head + u8(0)
    return (
        head + u8(1) + u8(table.group) + vector([u16(index) for index in range(len(table.values))])
    )


def _callable(pool: Pool, kind: str, reporter: Reporter) -> list[bytes]:
    module = pool.module
    chosen = [item for item in module.functions if item.kind == kind]
    plural = {"entry": "entries", "query": "queries", "export": "exports"}[kind]
    numbers = pool.ids.number(module.name, plural, [item.name for item in chosen])
    rows: list[bytes] = []
    for function in sorted(chosen, key=lambda item: numbers[item.name]):
        head = u32(numbers[function.name]) + text(function.name)
        head += u16(pool.functions[module.name, function.name])
        params = [item.name for item in function.params]
        names = vector([text(item) for item in params])
        if kind == "entry":
            signed = vector([u16(params.index(item)) for item in function.signed_by])
            head += u32(_mask(function)) + signed + names
        elif kind == "query":
            head += u32(_mask(function)) + names
        else:
            head += _callers(pool, function, reporter)
        rows.append(head)
    return rows


def _mask(function: Function) -> int:
    if len(set(function.roles)) == len(ROLE.members):
        return ALL_ROLES
    mask = 0
    for bit in function.roles:
        mask |= 1 << bit
    return mask


def _callers(pool: Pool, function: Function, reporter: Reporter) -> bytes:
    numbers: list[int] = []
    for name in function.callers:
        number = pool.ids.contracts.get(name)
        if number is None:
            reporter.error(
                codes.CONTRACT_SET, function.span, what=f"the contract `{name}` has no id"
            )
        else:
            numbers.append(number)
    return vector([u32(number) for number in sorted(numbers)])
