"""The last look at a checked function: every value in it has a type that there are values of.

What checks an expression reports what is wrong in it. Here it is made sure that nothing
was missed: the steps that follow take every type as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter
from daicho.compiler.tree import (
    Assign,
    Attempt,
    Change,
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
    NEVER,
    NONE,
    UNKNOWN,
    ListType,
    MapType,
    OptionalType,
    TupleType,
    Type,
)


def check_values(function: Function, reporter: Reporter) -> None:
    """Report what has no type, unless a report says already why."""
    if reporter.diagnostics:
        return
    for statement in statements(function.body):
        for value in with_parts(_needed(statement)):
            if not _is_typed(value.type):
                reporter.error(codes.INFER, value.span, what="this value")
                return
    for name, type_ in function.locals.items():
        if not _is_typed(type_):
            reporter.error(codes.INFER, function.span, what=f"`{name}`")
            return


def statements(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """Every statement of a body, those within others too."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        match statement:
            case If(then=then, orelse=orelse):
                waiting += reversed((*then, *orelse))
            case While(body=inner) | ForRange(body=inner) | ForEach(body=inner):
                waiting += reversed(inner)
            case Attempt(body=inner):
                waiting += reversed(inner)
            case _:
                pass


def values(statement: Stmt) -> Iterator[Expr]:
    """Every value that a statement itself works out, with those it is made of."""
    return with_parts(_values(statement))


def with_parts(found: tuple[Expr, ...]) -> Iterator[Expr]:
    """Values, and all that they are made of."""
    waiting = list(found)
    while waiting:
        value = waiting.pop()
        yield value
        waiting += value.args


def _values(statement: Stmt) -> tuple[Expr, ...]:
    match statement:
        case Do(value=value) | Assign(value=value) | Unpack(value=value) | ForEach(items=value):
            return (value,)
        case Change(args=args):
            return args
        case If(condition=value) | While(condition=Expr() as value) | Return(value=Expr() as value):
            return (value,)
        case ForRange(start=start, stop=stop):
            return start, stop
        case _:
            return ()


def _needed(statement: Stmt) -> tuple[Expr, ...]:
    """What a statement needs the value of: what is done for its effect may give none."""
    if not isinstance(statement, Do):
        return _values(statement)
    value, needed = statement.value, list[Expr]()
    while value.op == "let":
        needed.append(value.args[0])
        value = value.args[1]
    return (*needed, *value.args)


def _is_typed(type_: Type) -> bool:
    match type_:
        case OptionalType(item) | ListType(item):
            return _is_typed(item)
        case MapType(key, value):
            return _is_typed(key) and _is_typed(value)
        case TupleType(items):
            return all(map(_is_typed, items))
    return type_ not in (UNKNOWN, NONE, NEVER)
