"""Which local lists and maps may be changed: those that no other name can reach.

Lists and maps are values. In Python they are objects, and a change under one name is seen
under every other; so a local is changed only while it is *own*: it was given a value that
nothing else holds, and has not been given away since. That is worked out on the typed tree,
along every path, when all bodies are known.

Whether a local is own where a loop's turn begins depends on the turn before. A statement makes
a local own, or ends that, or leaves it, whatever held before; so one run of the body that
begins with every local own tells which are so still at its end.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, Span
from daicho.compiler.step2_check.effects import Name, all_functions
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step2_check.values import with_parts
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
    Stmt,
    Unpack,
    While,
)
from daicho.compiler.types import (
    ListType,
    MapType,
    OptionalType,
    RecordType,
    TupleType,
    Type,
)

_DISPLAYS = ("list", "dict", "tuple", "record")
_MADE = ("list", "dict", "copy", "slice", "list.sort", "list.concat", "allocate", "scan", "none")
"""Operations that make a list or map that nothing else holds."""
_STORED = ("table.", "map.", "var.", "holdings.", "oracle.")
"""What is read from the ledger is a copy of what lies there."""
_SAME = ("convert", "some", "unwrap", "expect")
"""Operations whose value is that of their argument."""
_COPIED = ("copy", "slice", "list.sort", "list.concat", "list.get", "dict.get", "dict.find")
"""Operations that give items of their arguments, not the arguments themselves."""


def check_ownership(module: Module, reporter: Reporter) -> None:
    """Report every change of a list or map that another name may reach."""
    functions = all_functions(module)
    for function in _callees_first(module, functions):
        _Body(function, functions, reporter).check()


def _callees_first(module: Module, functions: dict[Name, Function]) -> list[Function]:
    """The module's functions, each after those it calls where they do not call one another."""
    done: dict[Name, Function] = {}
    seen: set[Name] = set()
    waiting = [(item, False) for item in reversed(module.functions)]
    while waiting:
        function, is_told = waiting.pop()
        name = (function.module, function.name)
        if is_told:
            done[name] = function
        elif name not in seen:
            seen.add(name)
            called = [functions[other, callee] for other, callee, _ in function.calls]
            waiting.append((function, True))
            waiting += [(item, False) for item in called if item.module == module.name]
    return list(done.values())


@dataclass
class _Facts:
    """What holds at a point: the locals that are own, and those that loops around run over."""

    own: set[str]
    busy: set[str] = field(default_factory=set)

    def copy(self) -> _Facts:
        return _Facts(set(self.own), set(self.busy))


def _join(paths: Iterable[_Facts | None]) -> _Facts | None:
    """What holds where paths meet; None is a path that does not get there."""
    there = [item for item in paths if item is not None]
    if not there:
        return None
    own = set.intersection(*(item.own for item in there))
    return _Facts(own, set[str]().union(*(item.busy for item in there)))


@dataclass
class _Loop:
    """The flows that leave a turn early."""

    breaks: list[_Facts] = field(default_factory=list)
    turns: list[_Facts] = field(default_factory=list)


class _Body:
    """One function, from its first statement to its last."""

    def __init__(
        self, function: Function, functions: dict[Name, Function], reporter: Reporter
    ) -> None:
        self.function = function
        self.functions = functions
        self.reporter = reporter
        self.params = {item.name for item in function.params}
        self._gives_fresh = True
        self._loops: list[_Loop] = []
        self._surviving: dict[int, set[str]] = {}
        self._trying = 0
        """Runs around that only ask what a loop ends, and report nothing."""
        self._why: dict[str, str] = {}
        """Why a local is not own: what was met last."""
        self._holding: dict[int, bool] = {}

    def check(self) -> None:
        """Run through the body; afterwards the function knows whether its result is fresh."""
        self._block(self.function.body, _Facts(set()))
        self.function.fresh = self._gives_fresh

    # --- statements ---

    def _block(self, body: tuple[Stmt, ...], facts: _Facts | None) -> _Facts | None:
        for statement in body:
            if facts is None:
                return None
            facts = self._statement(statement, facts)
        return facts

    def _statement(self, statement: Stmt, facts: _Facts) -> _Facts | None:
        match statement:
            case If(condition=condition, then=then, orelse=orelse):
                self._popped(condition, facts)
                return _join([self._block(then, facts.copy()), self._block(orelse, facts)])
            case Attempt(body=body):
                return _join([facts.copy(), self._block(body, facts)])
            case While() | ForRange() | ForEach():
                return self._loop(statement, facts)
            case Break():
                self._loops[-1].breaks.append(facts)
                return None
            case Continue():
                self._loops[-1].turns.append(facts)
                return None
            case Return(value=value):
                self._return(value, facts)
                return None
        self._simple(statement, facts)
        return facts

    def _simple(self, statement: Stmt, facts: _Facts) -> None:
        match statement:
            case Assign(name=name, value=value, in_place=True):
                self._popped(value, facts)
                self._changed(name, statement.span, facts)
                self._given_away(self._inside(value), statement.span, facts)
            case Assign(name=name, value=value):
                self._popped(value, facts)
                self._given_away(self._held(value), statement.span, facts)
                self._bind(name, self._is_fresh(value), statement.span, facts)
            case Unpack(names=names, value=value):
                self._popped(value, facts)
                self._given_away(self._held(value), statement.span, facts)
                for name in names:
                    self._bind(name, False, statement.span, facts)
            case Change(name=name, op=op, args=args):
                for item in args:
                    self._popped(item, facts)
                    gone = self._inside(item) if op == "list.extend" else self._held(item)
                    self._given_away(gone, statement.span, facts)
                self._changed(name, statement.span, facts)
            case Do(value=value):
                self._popped(value, facts)

    def _return(self, value: Expr | None, facts: _Facts) -> None:
        if value is not None:
            self._popped(value, facts)
            self._gives_fresh = self._gives_fresh and self._is_fresh(value, facts.own)

    # --- loops ---

    def _loop(self, statement: While | ForRange | ForEach, facts: _Facts) -> _Facts | None:
        busy = facts.busy
        inside = self._begun(statement, facts)
        inside.own &= self._survivors(statement)
        if isinstance(statement, While) and statement.condition is not None:
            self._popped(statement.condition, inside)
        head = _Facts(set(inside.own), busy)
        endless = isinstance(statement, While) and statement.condition is None
        _, loop = self._turn(statement, inside)
        after = _join([None if endless else head, *loop.breaks])
        return after and _Facts(after.own, busy)

    def _begun(self, statement: While | ForRange | ForEach, facts: _Facts) -> _Facts:
        """What holds when the loop begins: what it runs over is busy."""
        match statement:
            case ForEach(items=items):
                self._popped(items, facts)
                self._given_away(self._inside(items), statement.span, facts)
                busy = set() if items.op in _DISPLAYS else self._held(items)
                return _Facts(set(facts.own), facts.busy | busy)
            case ForRange(start=start, stop=stop):
                self._popped(start, facts)
                self._popped(stop, facts)
        return facts.copy()

    def _survivors(self, statement: While | ForRange | ForEach) -> set[str]:
        """The locals that a turn which begins with them own leaves own."""
        if id(statement) not in self._surviving:
            self._trying += 1
            end, loop = self._turn(statement, _Facts(set(self.function.locals) - self.params))
            self._trying -= 1
            facts = _join([end, *loop.turns])
            everything = set(self.function.locals)
            self._surviving[id(statement)] = everything if facts is None else facts.own
        return self._surviving[id(statement)]

    def _turn(
        self, statement: While | ForRange | ForEach, facts: _Facts
    ) -> tuple[_Facts | None, _Loop]:
        match statement:
            case ForEach(names=names):
                for name in names:
                    self._bind(name, False, statement.span, facts)
        loop = _Loop()
        self._loops.append(loop)
        end = self._block(statement.body, facts)
        self._loops.pop()
        return end, loop

    # --- what becomes own, what no longer is, and what has to be ---

    def _bind(self, name: str, is_fresh: bool, span: Span, facts: _Facts) -> None:
        facts.busy.discard(name)
        if is_fresh:
            facts.own.add(name)
        else:
            facts.own.discard(name)
            self._why[name] = (
                f"`{name}` may be a second name of what it is given in line {span.line}"
            )

    def _given_away(self, names: set[str], span: Span, facts: _Facts) -> None:
        for name in names:
            facts.own.discard(name)
            self._why[name] = f"`{name}` is held elsewhere too since line {span.line}"

    def _changed(self, name: str, span: Span, facts: _Facts) -> None:
        if self._trying or name in self.params:
            return
        if name in facts.busy:
            hint = f"run over a copy: `for … in list({name}):`"
            what = f"`{name}` changes while a loop runs over it"
            self.reporter.error(codes.SHARED_LIST, span, hint, what=what)
        elif name not in facts.own:
            what = self._why.get(name, f"`{name}` may have another name")
            self.reporter.error(codes.SHARED_LIST, span, what=what)
            facts.own.add(name)  # it is told once

    def _popped(self, value: Expr, facts: _Facts) -> None:
        """The lists that a part of `value` takes the last item of."""
        for part in with_parts((value,)):
            if part.op == "list.pop":
                self._changed(str(part.data), part.span, facts)

    # --- values ---

    def _is_fresh(self, value: Expr, own: Container[object] = ()) -> bool:
        """Whether nothing else holds the list or map that `value` is."""
        match value.op:
            case "local":
                return value.data in own
            case "list":
                return value.data is None
            case "let":
                return self._is_fresh(value.args[1], own)
            case "if":
                return all(self._is_fresh(item, own) for item in value.args[1:])
            case "dict.keys":
                return value.data == "copy"
            case "call":
                return self._callee(value).fresh or self._is_elsewhere(value)
        if value.op in _SAME:
            return self._is_fresh(value.args[0], own)
        return value.op in _MADE or value.op.startswith(_STORED)

    def _held(self, value: Expr) -> set[str]:
        """The locals whose lists and maps `value` is, or has somewhere inside."""
        op = value.op
        if op == "local":
            return {str(value.data)}
        if not self._holds(value.type) or op == "scan" or op.startswith(_STORED):
            return set()
        if op == "call":
            return self._held_by_call(value)
        if op in _COPIED or op in ("field", "item") or (op == "dict.keys" and value.data):
            return self._each(self._inside(item) for item in value.args)
        return self._each(self._held(item) for item in value.args)

    def _inside(self, value: Expr) -> set[str]:
        """Those that what `value` consists of are, or have inside."""
        if value.op == "local":
            return set()
        if value.op in _SAME:
            return self._inside(value.args[0])
        return self._held(value)

    def _held_by_call(self, value: Expr) -> set[str]:
        """A function may give back, or put into what it gives, whatever it was given."""
        fresh = self._callee(value).fresh
        if self._is_elsewhere(value) or (fresh and not self._nests(value.type)):
            return set()
        return self._each(self._held(item) for item in value.args if self._holds(item.type))

    def _each(self, found: Iterable[set[str]]) -> set[str]:
        return set[str]().union(*found)

    def _callee(self, value: Expr) -> Function:
        assert isinstance(value.data, tuple)
        return self.functions[value.data]

    def _is_elsewhere(self, value: Expr) -> bool:
        """Whether another contract runs it: values are copied on the way there and back."""
        callee = self._callee(value)
        return callee.kind == "export" and callee.module != self.function.module

    # --- types ---

    def _nests(self, type_: Type) -> bool:
        """Whether a fresh value of the type may have lists or maps of others inside."""
        match type_:
            case ListType(item) | OptionalType(ListType(item)):
                return self._holds(item)
            case MapType(value=item) | OptionalType(MapType(value=item)):
                return self._holds(item)
        return self._holds(type_)

    def _holds(self, type_: Type) -> bool:
        """Whether a value of the type is a list or a map, or may have one inside."""
        match type_:
            case ListType() | MapType():
                return True
            case OptionalType(item):
                return self._holds(item)
            case TupleType(items):
                return any(map(self._holds, items))
            case RecordType(fields=fields):
                if id(type_) not in self._holding:
                    self._holding[id(type_)] = any(self._holds(item.type) for item in fields)
                return self._holding[id(type_)]
        return False
