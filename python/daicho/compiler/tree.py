"""The typed tree: what step 2 makes of a syntax tree.

Every name is resolved, every conversion is written out as a node, every node
has a type and a place. Expressions are of one class with an operation name;
the operations are listed at `Expr`. `show` prints a function evenly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from daicho.compiler.diagnostics import Span
from daicho.compiler.types import NONE, Field, RecordType, Type


@dataclass(frozen=True)
class Expr:
    """One expression.

    | op | args | data |
    |---|---|---|
    | const | | int (numbers, times, enums: the raw integer), str, bytes or bool |
    | none, unknown | | |
    | local | | name |
    | convert | value | between two types of one family, checked |
    | some, unwrap | value | |
    | add … shr, eq … ge, min, max | left, right | |
    | and, or, if | short-circuit | |
    | not, neg, abs, invert | value | |
    | mul.round, div.round | left, right | rounding mode |
    | round | value | rounding mode |
    | raw, from_raw | value | |
    | field | record | name |
    | record, tuple | values in field order | |
    | replace | record, values | names |
    | list, dict | elements; keys and values in turn | |
    | index, slice, len, contains, … | | |
    | call | arguments | (module, function) |
    | timer.set | the time, then the arguments | (module, function) |
    | list.pop | | the name of the local list |
    | attempt.ok, attempt.code | what the attempt left | |
    | muldiv | three integers | rounding mode |
    | year_fraction | start, end | (day count, rounding mode) |
    | oracle.read, oracle.find | the greatest age | the feed's number |
    | oracle.time | | the feed's number |
    | scan | see `Scan` | `Scan` |
    | table.*, map.*, var.*, holdings.* | keys, values | table name |
    | holdings.lock | amount, source, target, lock | (table name, columns) |
    | holdings.unlock | source, target, lock, perhaps a part | (table name, columns) |
    | holdings.locked | place, lock | (table name, column) |
    | fail, require | details, condition first | (code name, code) |
    | the rest | | a function of the language of that name |
    """

    op: str
    type: Type
    span: Span
    args: tuple[Expr, ...] = ()
    data: object = None

    def __str__(self) -> str:
        data = "" if self.data is None else f"[{self.data!r}]"
        args = f"({', '.join(map(str, self.args))})" if self.args else ""
        return f"{self.op}{data}{args}:{self.type}"


@dataclass(frozen=True)
class Stmt:
    """Base of statements."""

    span: Span


@dataclass(frozen=True)
class Assign(Stmt):
    """`name = value`; `in_place`: `name += …` of a list, which in Python is the same list."""

    name: str
    value: Expr
    in_place: bool = False


@dataclass(frozen=True)
class Unpack(Stmt):
    """`a, b = value`, a tuple."""

    names: tuple[str, ...]
    value: Expr


@dataclass(frozen=True)
class Change(Stmt):
    """A local list or map changed in place: `op` is append, set, delete and so on."""

    name: str
    op: str
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Do(Stmt):
    """An expression for its effect."""

    value: Expr


@dataclass(frozen=True)
class If(Stmt):
    """Two ways on."""

    condition: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True)
class While(Stmt):
    """`condition` None: `while True`."""

    condition: Expr | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True)
class ForRange(Stmt):
    """`for name in range(start, stop, step)`."""

    name: str
    start: Expr
    stop: Expr
    step: int
    body: tuple[Stmt, ...]


@dataclass(frozen=True)
class ForEach(Stmt):
    """`names`: one name, or key and value of a map."""

    names: tuple[str, ...]
    items: Expr
    body: tuple[Stmt, ...]


@dataclass(frozen=True)
class Attempt(Stmt):
    """`with attempt() as name`: a savepoint. `name` then holds 0 or the failure's code."""

    name: str
    body: tuple[Stmt, ...]


@dataclass(frozen=True)
class Return(Stmt):
    """Leaves the function."""

    value: Expr | None


@dataclass(frozen=True)
class Break(Stmt):
    """Leaves the loop."""


@dataclass(frozen=True)
class Continue(Stmt):
    """Goes to the loop's next turn."""


@dataclass(frozen=True)
class Scan:
    """What the arguments of a scan are.

    In this order: the prefix, then those of lo, hi, after, time and limit that are there.
    With `index`, the columns are the index's.
    """

    table: str
    prefix: int
    lo: bool = False
    hi: bool = False
    after: bool = False
    time: bool = False
    limit: bool = False
    index: str = ""


@dataclass(frozen=True)
class TableDecl:
    """Stored state: `kind` is var, map, table or holdings."""

    name: str
    kind: str
    row: RecordType
    compartment: str
    compartment_column: int
    group: int = 0
    initial: Expr | None = None
    locked: tuple[int, ...] = ()
    """Positions among its values of the columns that lock and unlock alone change."""

    def __str__(self) -> str:
        return self.name

    def locks(self, column: int) -> str:
        """What the lock rows of a locked column are called."""
        return f"{self.name}.{self.values[column].name}"

    @property
    def keys(self) -> tuple[Field, ...]:
        """The key columns."""
        return self.row.key_fields

    @property
    def values(self) -> tuple[Field, ...]:
        """The columns beside the key."""
        return self.row.value_fields


@dataclass(frozen=True)
class IndexDecl:
    """A table's rows in the order of some of their columns, by name."""

    name: str
    table: TableDecl
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns of the index, in its order."""
        row = self.table.row
        return tuple(row.fields[row.index(name)] for name in self.columns)

    @property
    def holder(self) -> int:
        """The position of the column that names the compartment; -1 if none does."""
        if self.table.compartment not in ("party", "register"):
            return -1
        return self.columns.index(self.table.keys[self.table.compartment_column].name)


@dataclass(frozen=True)
class FeedDecl:
    """An oracle's feed, by its number in the control state."""

    name: str
    number: int
    type: Type


@dataclass(frozen=True)
class EventDecl:
    """An event class and its addressees: (compartment kind, field or None)."""

    record: RecordType
    addressees: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Param:
    """A parameter."""

    name: str
    type: Type


@dataclass
class Function:
    """One function, typed. `kind`: helper, entry, query, export, scheduled or migrate."""

    module: str
    name: str
    params: tuple[Param, ...]
    result: Type
    kind: str
    span: Span
    roles: tuple[int, ...] = ()
    signed_by: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    priority: int = 0
    gas: str = "M"
    """Priority and gas class of a scheduled function."""
    doc: str = ""
    locals: dict[str, Type] = field(default_factory=dict)
    body: tuple[Stmt, ...] = ()
    calls: list[tuple[str, str, Span]] = field(default_factory=list)
    effects: list[tuple[str, Span]] = field(default_factory=list)
    """What it does itself, and where: read, write, emit, schedule, random, tx_id."""
    fresh: bool = False
    """Whether the list or map it gives is one that nothing else holds."""

    @property
    def resumes(self) -> bool:
        """Whether a scheduled function returns a cursor, its next last argument."""
        return self.kind == "scheduled" and self.result != NONE


def show(function: Function) -> str:
    """The printable form of a typed function."""
    params = ", ".join(f"{item.name}: {item.type}" for item in function.params)
    lines = [f"{function.kind} {function.module}.{function.name}({params}) -> {function.result}"]
    _show_block(function.body, 1, lines)
    return "\n".join(lines) + "\n"


def _show_block(body: tuple[Stmt, ...], depth: int, lines: list[str]) -> None:
    for statement in body:
        _show(statement, depth, lines)


def _show(statement: Stmt, depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    match statement:
        case Assign(name=name, value=value):
            lines.append(f"{pad}{name} = {value}")
        case Unpack(names=names, value=value):
            lines.append(f"{pad}{', '.join(names)} = {value}")
        case Change(name=name, op=op, args=args):
            lines.append(f"{pad}{op} {name} ({', '.join(map(str, args))})")
        case Do(value=value):
            lines.append(f"{pad}do {value}")
        case Return(value=value):
            lines.append(f"{pad}return {value if value is not None else ''}".rstrip())
        case Break():
            lines.append(f"{pad}break")
        case Continue():
            lines.append(f"{pad}continue")
        case If(condition=condition, then=then, orelse=orelse):
            lines.append(f"{pad}if {condition}")
            _show_block(then, depth + 1, lines)
            if orelse:
                lines.append(f"{pad}else")
                _show_block(orelse, depth + 1, lines)
        case While(condition=condition, body=body):
            lines.append(f"{pad}while {condition if condition is not None else 'true'}")
            _show_block(body, depth + 1, lines)
        case ForRange(name=name, start=start, stop=stop, step=step, body=body):
            lines.append(f"{pad}for {name} from {start} to {stop} by {step}")
            _show_block(body, depth + 1, lines)
        case Attempt(name=name, body=body):
            lines.append(f"{pad}attempt {name}")
            _show_block(body, depth + 1, lines)
        case ForEach(names=names, items=items, body=body):
            lines.append(f"{pad}for {', '.join(names)} in {items}")
            _show_block(body, depth + 1, lines)
