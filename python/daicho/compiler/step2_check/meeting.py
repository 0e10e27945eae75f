"""Where values of several sizes meet: the type they meet in, and what does not fit it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check.arguments import in_order, is_inert, waiting
from daicho.compiler.step2_check.convert import coerce, is_convertible
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DIGITS_MAX,
    INT,
    STR,
    UNKNOWN,
    BytesType,
    DecimalType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    StrType,
    Type,
)

U128 = IntType(128, signed=False)


def widened(type_: Type) -> Type:
    """The type a new local takes from a literal text: without its length."""
    match type_:
        case StrType():
            return STR
        case BytesType():
            return BYTES
        case ListType(item):
            return ListType(item)
        case MapType(key, value):
            return MapType(key, value)
    return type_


def common(left: Expr, right: Expr) -> Type | None:
    """The type in which two values of one family meet; None if there is none."""
    a, b = left.type, right.type
    if a == b:
        return a
    match a, b:
        case IntType(), IntType():
            return common_int(left, right)
        case DecimalType(), DecimalType():
            return DecimalType(DIGITS_MAX, max(a.scale, b.scale))
        case (StrType(), StrType()) | (BytesType(), BytesType()):
            return widened(a)
        case OptionalType(item), _ if not isinstance(b, OptionalType):
            return a if item == b or is_convertible(b, item) else None
        case _, OptionalType(item) if not isinstance(a, OptionalType):
            return b if item == a or is_convertible(a, item) else None
        case (ListType(), ListType()) | (MapType(), MapType()) if is_convertible(a, b):
            return widened(a)
    return None


def common_int(left: Expr, right: Expr) -> Type:
    """The type that a literal takes from the other side, or Int."""
    for literal, other in ((left, right), (right, left)):
        kind = other.type
        if literal.op != "const" or not isinstance(kind, IntType):
            continue
        if isinstance(literal.data, int) and kind.low <= literal.data <= kind.high:
            return kind
    return INT


def compared(left: Expr, right: Expr) -> Type | None:
    """The type that two values are compared in: it holds all that both may be.

    None has all of U128 and what is below zero.
    """
    kinds = (left.type, right.type)
    whole = all(isinstance(kind, IntType) for kind in kinds)
    if whole and U128 in kinds and "const" not in (left.op, right.op):
        return None if is_parted(*kinds) else U128
    return common(left, right)


def all_compared(values: tuple[Expr, ...]) -> Type | None:
    """The type that several values are compared in; None if there is none."""
    meeting = values[0]
    for value in values[1:]:
        kind = compared(meeting, value)
        if kind is None:
            return None
        meeting = meeting if kind == meeting.type else Expr("item", kind, value.span)
    return meeting.type


def is_parted(*kinds: Type) -> bool:
    """Whether one is U128 and another has a sign."""
    return U128 in kinds and any(isinstance(kind, IntType) and kind.signed for kind in kinds)


def parted(scope: Scope, node: ast.expr, operator: str, left: Expr, right: Expr) -> Expr:
    """Report U128 beside a type with a sign."""
    number = shown(node.left) if isinstance(node, ast.Compare) and left.type == U128 else "x"
    hint = f"write `Int({number})`, which aborts where it is 2 ** 127 or more"
    return scope.error(codes.SIGNS, node, hint, operator=operator, left=left.type, right=right.type)


def any_of(tests: list[Expr], op: str = "or") -> Expr:
    """Tests joined from left to right, no deeper than need be."""
    if len(tests) == 1:
        return tests[0]
    middle = (len(tests) + 1) // 2
    args = (any_of(tests[:middle], op), any_of(tests[middle:], op))
    return Expr(op, BOOL, tests[0].span, args)


# --- what does not fit ---


def within(value: Expr, target: Type) -> list[Expr]:
    """The tests that `value` fits a `target`; none where it always does."""
    source = value.type
    if isinstance(target, OptionalType):
        return [] if isinstance(source, OptionalType) else within(value, target.item)
    if value.op == "const" or source == target:
        return []
    match source, target:
        case IntType(), IntType():
            return _between(value, (source.low, source.high), (target.low, target.high))
        case DecimalType(), DecimalType() if source.scale <= target.scale:
            most = (10**target.precision - 1) // 10 ** (target.scale - source.scale)
            all_ = 10**source.precision - 1
            return _between(value, (-all_, all_), (-most, most))
        case (
            (StrType(longest), StrType(int(length)))
            | (BytesType(longest), BytesType(int(length)))
            | (ListType(_, longest), ListType(_, int(length)))
        ) if longest is None or longest > length:
            size = Expr("len", INT, value.span, (value,))
            return _between(size, (0, length + 1), (0, length))
    return []


def _between(value: Expr, found: tuple[int, int], room: tuple[int, int]) -> list[Expr]:
    """That a number lies in `room`, where it may lie anywhere in `found`."""
    tests: list[Expr] = []
    for op, has, bound in (("ge", -found[0], -room[0]), ("le", found[1], room[1])):
        if has > bound:
            number = -bound if op == "ge" else bound
            limit = Expr("const", value.type, value.span, (), number)
            tests.append(Expr(op, BOOL, value.span, (value, limit)))
    return tests


Make = Callable[[tuple[Expr, ...]], Expr]


def guarded(
    scope: Scope,
    node: ast.AST,
    values: tuple[Expr, ...],
    places: tuple[Type, ...],
    written: Sequence[int],
    make: Make,
    otherwise: Callable[[int, Expr], Expr],
) -> Expr:
    """What `make` makes of `values` as what their `places` are, worked out as `written`.

    Where one does not fit its place, it is what `otherwise` makes of the first that may not:
    of its position and of itself.
    """

    def placed(args: tuple[Expr, ...]) -> tuple[Expr, ...]:
        pairs = zip(args, places, strict=True)
        return tuple(coerce(scope, value, place, node) for value, place in pairs)

    fitting = placed(values)
    if UNKNOWN in {item.type for item in fitting}:
        return scope.unknown(node)
    tight = [at for at in written if within(values[at], places[at])]
    if not tight:
        return in_order(scope, fitting, written, make)

    def tested(args: tuple[Expr, ...]) -> Expr:
        tests = [test for at in tight for test in within(args[at], places[at])]
        whole, instead = make(placed(args)), otherwise(tight[0], args[tight[0]])
        return Expr("if", whole.type, whole.span, (any_of(tests, "and"), whole, instead))

    twice = [at for at in tight if values[at].op != "local"]
    waits = [at for at in written if at in twice or not is_inert(values[at])]
    return waiting(scope, values, waits, tested)


def none_or_false(type_: Type, value: Expr) -> Expr:
    """What a look-up gives for a key or an item that nothing there can be."""
    if isinstance(type_, OptionalType):
        return Expr("none", type_, value.span)
    return Expr("const", BOOL, value.span, (), False)


def told_apart(name: str, at: int, value: Expr) -> Expr:
    """A comparison with a `value` too large or too long for the other side: zero tells as much."""
    if not isinstance(value.type, (IntType, DecimalType)):
        return Expr("const", BOOL, value.span, (), name == "ne")
    zero = Expr("const", value.type, value.span, (), 0)
    return Expr(name, BOOL, value.span, (zero, value) if at else (value, zero))
