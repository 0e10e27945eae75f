"""Function bodies of the typed tree as Python functions.

Every statement keeps its line and column in the author's file, and everything in
it is said to stand there: the machine also names the statement where it stopped.
"""

from __future__ import annotations

import ast
from typing import TypeVar

from daicho.compiler.bytecode import COLUMN_MAX
from daicho.compiler.diagnostics import InternalError, Span
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
from daicho.compiler.types import ListType, MapType, Type
from daicho.rewrite.expressions import call, literal, load, on_run, pure
from daicho.rewrite.stored import Border, on_state

_S = TypeVar("_S", bound=ast.stmt)
_BOUNDED = {
    "list.append": "%list.append",
    "list.extend": "%list.extend",
    "list.insert": "%list.insert",
}
"""Changes that may make it too long."""
_CHANGES = {
    "list.remove": "%list.remove",
    "list.pop": "%list.pop",
    "list.sort": "%sorted",
    "dict.delete": "%dict.delete",
}


def rewrite_function(function: Function, name: str, border: Border) -> ast.FunctionDef:
    """The Python definition, under `name`."""
    return FunctionRewrite(function, border).definition(name)


class FunctionRewrite:
    """Rewrites one function."""

    def __init__(self, function: Function, border: Border) -> None:
        self.function = function
        self.border = border
        self._attempts = 0

    def definition(self, name: str) -> ast.FunctionDef:
        """`def name(params): body`."""
        params = [ast.arg(item.name) for item in self.function.params]
        arguments = ast.arguments([], params, None, [], [], None, [])
        made = ast.FunctionDef(name, arguments, self.block(self.function.body), [])
        return _at(made, self.function.span)

    def push(self, value: Expr) -> ast.expr:
        """The Python expression of a typed one."""
        made = pure(self.border.names, value, self.push)
        return on_state(self.border, value, self.push) if made is None else made

    def block(self, body: tuple[Stmt, ...]) -> list[ast.stmt]:
        """Statements, `pass` where there are none."""
        made = [item for statement in body for item in self.statement(statement)]
        return made or [ast.Pass()]

    def statement(self, statement: Stmt) -> list[ast.stmt]:
        """The Python statements of one typed statement."""
        return [_at(item, statement.span) for item in self._made(statement)]

    def _made(self, statement: Stmt) -> list[ast.stmt]:
        match statement:
            case Assign(name=name, value=value):
                return [_assign(name, self.push(value))]
            case Unpack(names=names, value=value):
                targets: list[ast.expr] = [ast.Name(item, ast.Store()) for item in names]
                target = ast.Tuple(targets, ast.Store())
                return [ast.Assign([target], self.push(value))]
            case Change():
                return [self._change(statement)]
            case Do(value=value):
                return [ast.Expr(self.push(value))]
            case Return(value=value):
                return [ast.Return(None if value is None else self.push(value))]
            case Break():
                return [ast.Break()]
            case Continue():
                return [ast.Continue()]
            case If():
                orelse = self.block(statement.orelse) if statement.orelse else []
                test = self.push(statement.condition)
                return [ast.If(test, self.block(statement.then), orelse)]
            case Attempt():
                return self._attempt(statement)
        return [self._loop(statement)]

    def _attempt(self, statement: Attempt) -> list[ast.stmt]:
        """A savepoint, the block, and on a failure the names as they were."""
        self._attempts += 1
        mark, held = f"%mark{self._attempts}", f"%held{self._attempts}"
        body = self.block(statement.body)
        body.append(_assign(statement.name, on_run("kept", load(mark))))
        caught: list[ast.stmt] = [
            _assign(statement.name, on_run("undone", load(mark), load("%trap")))
        ]
        for name in sorted(_assigned(statement.body)):
            known = ast.Compare(literal(name), [ast.In()], [load(held)])
            before = ast.Subscript(load(held), literal(name), ast.Load())
            caught.append(ast.If(known, [_assign(name, before)], []))
        handler = ast.ExceptHandler(load("%Trap"), "%trap", caught)
        return [
            _assign(mark, on_run("savepoint")),
            _assign(held, call("%dict_copy", call("%locals"))),
            *(_at(item, statement.span) for item in [ast.Try(body, [handler], [], [])]),
        ]

    def _change(self, statement: Change) -> ast.stmt:
        type_, name, op = self._type(statement.name), statement.name, statement.op
        args = [self.push(item) for item in statement.args]
        if op == "list.reverse":
            backwards = ast.Slice(None, None, literal(-1))
            return _assign(name, ast.Subscript(load(name), backwards, ast.Load()))
        if op in ("list.set", "dict.put"):  # what is assigned comes before the item
            bound = type_.length if isinstance(type_, MapType) else None
            return _assign(name, call(f"%{op}", args[1], load(name), args[0], literal(bound)))
        if op in _BOUNDED:
            assert isinstance(type_, (ListType, MapType))
            return _assign(name, call(_BOUNDED[op], load(name), *args, literal(type_.length)))
        return _assign(name, call(_CHANGES[op], load(name), *args))

    def _type(self, name: str) -> Type:
        return self.function.locals[name]

    def _loop(self, statement: Stmt) -> ast.stmt:
        match statement:
            case While(condition=condition, body=body):
                turn = on_run("turn")
                test = turn
                if condition is not None:
                    test = ast.BoolOp(ast.And(), [turn, self.push(condition)])
                return ast.While(test, self.block(body), [])
            case ForRange(name=name, start=start, stop=stop, step=step, body=body):
                items = on_run("range", self.push(start), self.push(stop), literal(step))
                return ast.For(ast.Name(name, ast.Store()), items, self.block(body), [])
            case ForEach():
                return self._for_each(statement)
        raise InternalError(f"statement {type(statement).__name__}")

    def _for_each(self, statement: ForEach) -> ast.stmt:
        items = self.push(statement.items)
        targets: list[ast.expr] = [ast.Name(item, ast.Store()) for item in statement.names]
        target = targets[0]
        if isinstance(statement.items.type, MapType):
            pairs = ast.Call(ast.Attribute(items, "items", ast.Load()), [], [])
            target, items = ast.Tuple(targets, ast.Store()), pairs
        return ast.For(target, on_run("each", items), self.block(statement.body), [])


def _assigned(body: tuple[Stmt, ...]) -> set[str]:
    """Every name that a block may give a value."""
    names: set[str] = set()
    for statement in body:
        match statement:
            case Assign(name=name) | Change(name=name):
                names.add(name)
            case Unpack(names=several):
                names |= set(several)
            case If(then=then, orelse=orelse):
                names |= _assigned(then) | _assigned(orelse)
            case While(body=inner):
                names |= _assigned(inner)
            case ForRange(name=name, body=inner) | Attempt(name=name, body=inner):
                names |= {name} | _assigned(inner)
            case ForEach(names=several, body=inner):
                names |= set(several) | _assigned(inner)
        names |= {str(item.data) for item in _expressions(statement) if item.op == "list.pop"}
    return names


def _expressions(statement: Stmt) -> list[Expr]:
    """Every expression of one statement, those inside others too."""
    found: list[Expr] = []
    waiting = [item for item in vars(statement).values() if isinstance(item, Expr)]
    waiting += getattr(statement, "args", ())
    while waiting:
        value = waiting.pop()
        found.append(value)
        waiting += value.args
    return found


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _at(node: _S, span: Span) -> _S:
    """`node` at its place; `located` says the same of what is in it.

    It ends where it begins: CPython says that a call of a method stands where the
    method's name ends, and a loop ends many lines below its head.
    """
    node.lineno = node.end_lineno = span.line
    node.col_offset = node.end_col_offset = min(span.column - 1, COLUMN_MAX)
    return node


_PLACE = ("lineno", "end_lineno", "col_offset", "end_col_offset")


def located(tree: ast.Module) -> ast.Module:
    """What has no place of its own takes that of the statement it is in.

    As `ast.fix_missing_locations`, which takes several times as long.
    """
    waiting: list[tuple[ast.AST, dict[str, object]]] = [(item, {}) for item in tree.body]
    while waiting:
        node, place = waiting.pop()
        known = node.__dict__
        if "lineno" in known:
            place = {name: known[name] for name in _PLACE}
        for value in known.values():
            kind = value.__class__
            if kind in _PLACED:
                waiting.append((value, place))
            elif kind is list:
                waiting += [(item, place) for item in value if item.__class__ in _PLACED]
        known.update(place)
    return tree


_PLACED = frozenset(
    kind
    for base in (ast.stmt, ast.expr, ast.arg, ast.arguments, ast.keyword, ast.excepthandler)
    for kind in (base, *base.__subclasses__())
)
"""Kinds of nodes that have a place; a context or an operator has none."""
