"""What each callable of a contract may touch: tables, how, and how far it is known.

A node or a client that reads this beside the arguments knows, before it runs a
call, which rows it can meet. A key is *exact* if it is made of arguments,
context and constants alone; a scan with such a prefix is a *prefix*; whatever
depends on stored state, on a reading, on chance or on how an attempt ended is
*dynamic*. The summary is for readers: the machine does not rely on it.

Called functions are followed, those of other contracts too, once for each way
of knowing their arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from daicho.compiler.step2_check.effects import Name, all_functions, all_modules
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.tree import (
    Assign,
    Attempt,
    Break,
    Change,
    Continue,
    Do,
    Expr,
    ForEach,
    ForRange,
    Function,
    If,
    Return,
    Scan,
    Stmt,
    TableDecl,
    Unpack,
    While,
)
from daicho.compiler.types import Field

KINDS = ("entry", "query", "export", "scheduled")
MODES = ("read", "write", "delta", "as-of")
FORMS = ("exact", "prefix", "dynamic")
WAYS_MAX = 8
"""Ways of knowing its arguments that one function is followed in."""

_DYNAMIC = ("random", "attempt.ok", "attempt.code", "timer.cancel")
_READS = ("table.get", "table.find", "table.has", "map.get", "map.find", "var.get", "scan")
_ROWS = ("table.put", "table.insert", "table.update")
_WRITES = (*_ROWS, "table.delete", "map.put", "map.delete", "var.set")
_MOVES = ("holdings.move", "holdings.issue", "holdings.redeem")
_LOCKS = ("holdings.lock", "holdings.unlock", "holdings.locked")
_STORED = frozenset(_READS + _WRITES + _MOVES + _LOCKS)


class Access(NamedTuple):
    """One table, index or lock rows of one contract, touched in one mode."""

    module: str
    table: str
    mode: str
    form: str

    def __str__(self) -> str:
        return f"{self.module}.{self.table} {self.mode} {self.form}"


@dataclass(frozen=True)
class AccessSet:
    """All that one callable may touch."""

    kind: str
    name: str
    accesses: tuple[Access, ...]

    def __str__(self) -> str:
        lines = [f"{self.kind} {self.name}", *(f"  {item}" for item in self.accesses)]
        return "\n".join(lines)


def access_sets(module: Module) -> list[AccessSet]:
    """The summary of every entry, query, export and scheduled function, in this order."""
    walker = _Walker(module)
    chosen: list[tuple[str, str, Key]] = []
    for kind in KINDS:
        for function in module.functions:
            if function.kind == kind:
                known = frozenset(item.name for item in function.params)
                key = walker.key((function.module, function.name), known)
                chosen.append((kind, function.name, key))
    walker.settle()
    return [AccessSet(kind, name, tuple(sorted(walker.done[key][0]))) for kind, name, key in chosen]


Key = tuple[Name, frozenset[str]]
"""A function, and those of its parameters that are made of what is given."""
Summary = tuple[frozenset[Access], bool]
"""What a function touches, and whether its result is made of its known arguments."""


class _Walker:
    """Works out each function for each way of knowing, and again whenever a callee's changes."""

    def __init__(self, module: Module) -> None:
        self.functions = all_functions(module)
        self.modules = all_modules(module)
        self.done: dict[Key, Summary] = {}
        self._ways: dict[Name, int] = {}
        self._undone: dict[Name, frozenset[str]] = {}
        self._callers: dict[Key, dict[Key, None]] = {}
        self._waiting: list[Key] = []

    def key(self, name: Name, known: frozenset[str]) -> Key:
        """Ask for a function; beyond some ways of knowing it, nothing is known."""
        key = (name, known)
        if key not in self.done and self._ways.get(name, 0) >= WAYS_MAX:
            key = (name, frozenset())
        if key not in self.done:
            self._ways[name] = self._ways.get(name, 0) + 1
            self.done[key] = (frozenset(), True)
            self._waiting.append(key)
        return key

    def called(self, name: Name, known: frozenset[str], caller: Key) -> Summary:
        """What is known of a callee so far; `caller` is asked again when it changes."""
        key = self.key(name, known)
        self._callers.setdefault(key, {})[caller] = None
        return self.done[key]

    def undone(self, function: Function) -> frozenset[str]:
        """The locals of which an attempt leaves one value or another."""
        name = (function.module, function.name)
        if name not in self._undone:
            self._undone[name] = _undone(function)
        return self._undone[name]

    def settle(self) -> None:
        """Until nothing changes: facts only fall, and with settled facts accesses only grow."""
        while self._waiting:
            key = self._waiting.pop()
            body = _Body(self, key)
            summary = (frozenset(body.found), body.result_known)
            if summary != self.done[key]:
                self.done[key] = summary
                self._waiting += self._callers.get(key, {})


class _Body:
    """One function: which locals are made of what is given, and what is touched.

    A local is unknown if anything unknown is ever assigned to it, if it is assigned where
    only unknown facts decide whether control comes, or if an attempt that fails gives it
    back the value it had. Facts only fall, and a statement is looked at again only when one
    falls that it depends on.
    """

    def __init__(self, walker: _Walker, key: Key) -> None:
        self.walker = walker
        self.key = key
        self.function = walker.functions[key[0]]
        self.unknown = {item.name for item in self.function.params} - key[1]
        self.unknown |= walker.undone(self.function)
        self.found: set[Access] = set()
        self.result_known = True
        self._broken: set[int] = set()
        """Loops that something unknown may leave, by the identity of their node."""
        self._loops: tuple[int, ...] = ()
        self._at = 0
        """The statement being looked at, by its identity."""
        self._known: dict[int, Stmt] = {}
        self._around: dict[int, tuple[bool, tuple[int, ...]]] = {}
        """Whether it is sure that control comes to a statement, and the loops around it."""
        self._readers: dict[str, dict[int, None]] = {}
        self._waiting: dict[int, None] = {}
        self._settle()
        self.found, self._around = set(), {}  # what was found with facts that fell since is void
        self._block(self.function.body, sure=True)

    def _settle(self) -> None:
        self._block(self.function.body, sure=True)
        while self._waiting:
            self._at, _ = self._waiting.popitem()
            sure, self._loops = self._around[self._at]
            self._statement(self._known[self._at], sure)
        self._loops = ()

    # --- statements ---

    def _block(self, body: tuple[Stmt, ...], sure: bool) -> None:
        """Look at statements around which something is new."""
        around = (sure, self._loops)
        for statement in body:
            if self._around.get(id(statement)) != around:
                self._at = id(statement)
                self._known[self._at], self._around[self._at] = statement, around
                self._statement(statement, sure)

    def _statement(self, statement: Stmt, sure: bool) -> None:
        match statement:
            case Assign(name=name, value=value):
                self._set(name, self._value(value) and sure)
            case Unpack(names=names, value=value):
                known = self._value(value) and sure
                for name in names:
                    self._set(name, known)
            case Change(name=name, args=args):
                self._set(name, all(self._each(args)) and sure)
            case Do(value=value):
                self._value(value)
            case If(condition=condition, then=then, orelse=orelse):
                sure = self._value(condition) and sure
                self._block(then, sure)
                self._block(orelse, sure)
            case Attempt(name=name, body=body):
                self._set(name, False)
                self._block(body, sure)
            case Return(value=value):
                known = value is None or self._value(value)
                self.result_known = self.result_known and known and sure
                self._leaves(sure)
            case Break() | Continue():
                self._leaves(sure)
            case _:
                self._loop(statement, sure)

    def _loop(self, statement: Stmt, sure: bool) -> None:
        names: tuple[str, ...] = ()
        body: tuple[Stmt, ...] = ()
        match statement:
            case While(condition=condition, body=body):
                sure = sure and (condition is None or self._value(condition))
            case ForRange(name=name, start=start, stop=stop, body=body):
                sure = all(self._each((start, stop))) and sure
                names = (name,)
            case ForEach(names=names, items=items, body=body):
                sure = self._value(items) and sure
        sure = sure and id(statement) not in self._broken
        for name in names:
            self._set(name, sure)
        outside = self._loops
        self._loops = (*outside, id(statement))
        self._block(body, sure)
        self._loops = outside

    def _set(self, name: str, known: bool) -> None:
        if not known and name not in self.unknown:
            self.unknown.add(name)
            self._waiting.update(self._readers.get(name, {}))

    def _leaves(self, sure: bool) -> None:
        if not sure:
            entered = [loop for loop in self._loops if loop not in self._broken]
            self._waiting.update(dict.fromkeys(entered))
            self._broken.update(entered)

    # --- expressions: whether a value is made of what is given ---

    def _each(self, items: tuple[Expr, ...]) -> list[bool]:
        """Every one is visited: it may touch something."""
        return list(map(self._value, items))

    def _value(self, value: Expr) -> bool:
        op = value.op
        if op in ("local", "list.pop"):
            self._readers.setdefault(str(value.data), {})[self._at] = None
            return str(value.data) not in self.unknown
        if op == "let":
            self._set(str(value.data), self._value(value.args[0]))
            return self._value(value.args[1])
        known = self._each(value.args)
        if op == "call":
            assert isinstance(value.data, tuple)
            return self._call((str(value.data[0]), str(value.data[1])), known)
        if op in _STORED:
            self._touch(value, known)
            return False
        return all(known) and op not in _DYNAMIC and not op.startswith("oracle.")

    def _call(self, name: Name, known: list[bool]) -> bool:
        pairs = zip(self.walker.functions[name].params, known, strict=True)
        given = frozenset(item.name for item, is_known in pairs if is_known)
        found, result_known = self.walker.called(name, given, self.key)
        self.found |= found
        return result_known

    # --- stored state ---

    def _touch(self, value: Expr, known: list[bool]) -> None:
        """`known` says of each argument whether it is made of what is given."""
        if isinstance(value.data, Scan):
            self._scan(value.data, known)
            return
        if value.op in _LOCKS:
            self._locked(value, known)
            return
        timed = False
        table = str(value.data)
        if isinstance(value.data, tuple):
            table = str(value.data[0])
            timed = value.op in _READS and bool(value.data[1])
        if value.op in _MOVES:
            self._moved(table, known[1:])
        elif value.op in _READS:
            keys = known[: len(self._keys(table))]
            self._add(table, "as-of" if timed else "read", _exact(keys))
        else:
            self._add(table, "write", self._written(value, table, known))
            self._reordered(table)

    def _table(self, name: str) -> TableDecl:
        module = self.walker.modules[self.function.module]
        return next(item for item in module.tables if item.name == name)

    def _keys(self, table: str) -> tuple[Field, ...]:
        return self._table(table).keys

    def _written(self, value: Expr, table: str, known: list[bool]) -> str:
        if value.op == "var.set":
            return "exact"
        count = len(self._keys(table))
        if value.op not in _ROWS:
            return _exact(known[:count])
        row = value.args[0]
        return _exact(self._each(row.args[:count]) if row.op == "record" else known[:1])

    def _moved(self, table: str, known: list[bool]) -> None:
        width = len(self._keys(table))
        for start in range(0, len(known), width):
            self._add(table, "delta", _exact(known[start : start + width]))
        self._reordered(table)

    def _locked(self, value: Expr, known: list[bool]) -> None:
        """The places of a lock, as of a move; and its row, at the one that is locked."""
        assert isinstance(value.data, tuple)
        name, *columns = value.data
        table = self._table(str(name))
        width, keys = len(table.keys), known[value.op == "holdings.lock" :]
        places = [keys[at * width : at * width + width] for at in range(len(columns))]
        lock = keys[len(columns) * width]
        for place, column in zip(places, columns, strict=True):
            if value.op != "holdings.locked":
                self._add(table.name, "delta", _exact(place))
            if column in table.locked:
                mode = "read" if value.op == "holdings.locked" else "write"
                self._add(table.locks(column), mode, _exact([*place, lock]))
        if value.op != "holdings.locked":
            self._reordered(table.name)

    def _reordered(self, table: str) -> None:
        """A write moves the row in the table's indexes, from a place not known before."""
        for index in self.walker.modules[self.function.module].indexes:
            if index.table.name == table:
                self._add(index.name, "write", "dynamic")

    def _scan(self, scan: Scan, known: list[bool]) -> None:
        mode = "as-of" if scan.time else "read"
        form = "prefix" if all(known[: scan.prefix]) else "dynamic"
        if scan.index:
            self._add(scan.index, mode, form)
            self._add(scan.table, mode, "dynamic")
        else:
            self._add(scan.table, mode, form)

    def _add(self, table: str, mode: str, form: str) -> None:
        self.found.add(Access(self.function.module, table, mode, form))


def _undone(function: Function) -> frozenset[str]:
    """Locals that have one value if an attempt succeeds and another if it fails.

    What is assigned within the attempt alone has no value after it, and is none of them.
    """
    everywhere = _changes(function.body)
    everywhere.update(item.name for item in function.params)
    tried = [part for part in _nodes(function.body) if isinstance(part, Attempt)]
    return frozenset(
        name
        for statement in tried
        for name, count in _changes(statement.body).items()
        if count < everywhere[name]
    )


def _changes(body: tuple[Stmt, ...]) -> Counter[str]:
    """The locals that these statements assign or change, and how often."""
    found: Counter[str] = Counter()
    for part in _nodes(body):
        match part:
            case Unpack(names=names) | ForEach(names=names):
                found.update(names)
            case Assign(name=name) | Change(name=name) | ForRange(name=name):
                found[name] += 1
            case Expr(op="list.pop", data=str(name)):
                found[name] += 1
            case _:
                pass
    return found


def _nodes(body: tuple[Stmt, ...]) -> Iterator[Stmt | Expr]:
    """Statements and expressions, with all that is in them."""
    waiting: list[object] = list(body)
    while waiting:
        part = waiting.pop()
        if isinstance(part, (Stmt, Expr)):
            yield part
            waiting += vars(part).values()
        elif type(part) is tuple:
            waiting += part


def _exact(keys: list[bool]) -> str:
    return "exact" if all(keys) else "dynamic"
