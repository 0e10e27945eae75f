"""Whether the machine can hold a function: how deep its blocks and its stack become.

The verifier of every node counts these exactly; here they are counted from the
typed tree, so that an author is told of them with a place in the source.
"""

from __future__ import annotations

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, Span
from daicho.compiler.step2_check.annotations import DEPTH_MAX, FIELDS_MAX
from daicho.compiler.step2_check.values import statements, values
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
from daicho.compiler.types import TupleType, depth_of

BLOCKS_MAX = 60
"""Blocks within blocks; the machine has 64, the function itself is one."""
LOOPS_MAX = 19
"""Loops and attempts within one another: of those CPython, as which a contract is run and
debugged too, has 20, and an attempt takes two of them where it fails."""
STACK_MAX = 1_000
"""Values that stand on the stack together; the machine has 1,024."""
LIST_NEW_MAX = 255
"""Elements of a list that wait for one another; further ones are added one by one."""
_LITERALS = ("list", "dict", "tuple")
_BRANCHING = ("and", "or", "if")
_WAITING = {**dict.fromkeys(_BRANCHING, 0), "dict": 0, "list": LIST_NEW_MAX}
"""Parts that wait for one another at most, where not all do."""
_LOOPS = 3
"""Blocks that one loop is made of, at most."""


def check_limits(function: Function, reporter: Reporter) -> None:
    """Report the first statement of `function` that goes too deep or has too large a value."""
    for statement in statements(function.body):
        for value in values(statement):
            what = _too_large(value)
            if what:
                reporter.error(codes.LIMIT, _place(statement, value), what=what)
                return
    for statement in function.body:
        blocks, stack = _measure(statement)
        if blocks > BLOCKS_MAX:
            what = f"blocks and conditions nest more than {BLOCKS_MAX} deep"
            reporter.error(codes.LIMIT, statement.span, what=what)
            return
        if _nested((statement,)) > LOOPS_MAX:
            what = f"loops and attempts nest more than {LOOPS_MAX} deep"
            reporter.error(codes.LIMIT, statement.span, what=what)
            return
        if stack > STACK_MAX:
            what = f"more than {STACK_MAX} values would wait to be used"
            reporter.error(codes.LIMIT, statement.span, what=what)
            return


def _nested(body: tuple[Stmt, ...]) -> int:
    """Loops and attempts within one another."""
    deepest = 0
    for statement in body:
        match statement:
            case If(then=then, orelse=orelse):
                deepest = max(deepest, _nested(then), _nested(orelse))
            case While() | ForRange() | ForEach() | Attempt():
                deepest = max(deepest, 1 + _nested(statement.body))
    return deepest


def _too_large(value: Expr) -> str:
    """What the type of a literal exceeds; "" for nothing. Annotations have told it already."""
    if value.op not in _LITERALS:
        return ""
    if isinstance(value.type, TupleType) and len(value.type.items) > FIELDS_MAX:
        return f"a tuple has at most {FIELDS_MAX} items"
    return f"types nest at most {DEPTH_MAX} deep" if depth_of(value.type) > DEPTH_MAX else ""


def _place(statement: Stmt, value: Expr) -> Span:
    """Where a value stands; for a constant, which may be of another file, where it is used."""
    span = statement.span
    return value.span if span.line <= value.span.line <= span.end_line else span


Measure = tuple[int, int]
"""Blocks within blocks, and values on the stack."""


def _measure(statement: Stmt) -> Measure:
    match statement:
        case Assign(value=value) | Unpack(value=value) | Do(value=value):
            return _value(value)
        case Return(value=value):
            return (0, 0) if value is None else _value(value)
        case Change(args=args):
            return _all([_value(item) for item in args])
        case If(condition=condition, then=then, orelse=orelse):
            return _all([_value(condition), _deeper(_block(then), 2), _otherwise(orelse)])
        case While(condition=condition, body=body):
            heads = () if condition is None else (condition,)
            return _loop(heads, body)
        case ForRange(start=start, stop=stop, body=body):
            return _loop((start, stop), body)
        case ForEach(items=items, body=body):
            return _loop((items,), body)
        case Attempt(body=body):
            return _deeper(_block(body), 1)
    return 0, 0


def _block(body: tuple[Stmt, ...]) -> Measure:
    return _all([_measure(item) for item in body])


def _otherwise(body: tuple[Stmt, ...]) -> Measure:
    """An `elif` stands beside the arms before it, an `else` within."""
    is_chain = len(body) == 1 and isinstance(body[0], If)
    return _deeper(_block(body), 0 if is_chain else 2)


def _deeper(inner: Measure, levels: int) -> Measure:
    return inner[0] + levels, inner[1]


def _loop(heads: tuple[Expr, ...], body: tuple[Stmt, ...]) -> Measure:
    head = _all([_value(item) for item in heads])
    return _all([_deeper(head, _LOOPS), _deeper(_block(body), _LOOPS)])


def _value(value: Expr) -> Measure:
    """A value's own parts wait on the stack for the later ones."""
    most = _WAITING.get(value.op, len(value.args))
    blocks = stack = 0
    for at, item in enumerate(value.args):
        inner = _value(item)
        blocks = max(blocks, inner[0])
        stack = max(stack, min(at, most) + inner[1])
    if value.op in _BRANCHING:
        return blocks + 1, stack + 1
    return blocks + ("." in value.op), stack + 2


def _all(parts: list[Measure]) -> Measure:
    blocks = max((part[0] for part in parts), default=0)
    return blocks, max((part[1] for part in parts), default=0)
