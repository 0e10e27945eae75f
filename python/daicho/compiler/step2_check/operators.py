"""Operators: arithmetic, comparison, conditions and what they tell about None."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.hints import operation
from daicho.compiler.step2_check import storage
from daicho.compiler.step2_check.arguments import in_order, is_inert, waiting
from daicho.compiler.step2_check.convert import coerce, valued
from daicho.compiler.step2_check.meeting import (
    U128,
    all_compared,
    any_of,
    common,
    common_int,
    compared,
    guarded,
    is_parted,
    none_or_false,
    parted,
    told_apart,
    widened,
)
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    BOOL,
    DIGITS_MAX,
    DURATION,
    INT,
    STR,
    TIMESTAMP,
    UNKNOWN,
    AmountType,
    AttemptType,
    BytesType,
    DecimalType,
    DurationType,
    IntType,
    ListType,
    MapType,
    NoneType,
    OptionalType,
    StrType,
    TimestampType,
    TupleType,
    Type,
    is_ordered,
)

Paths = set[str]
Condition = tuple[Expr, Paths, Paths]
"""A Bool, the paths not None where it is true, and those where it is false."""

_SYMBOLS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "sub"),
    ast.Mult: ("*", "mul"),
    ast.FloorDiv: ("//", "floordiv"),
    ast.Mod: ("%", "mod"),
    ast.Pow: ("**", "pow"),
    ast.BitAnd: ("&", "bit_and"),
    ast.BitOr: ("|", "bit_or"),
    ast.BitXor: ("^", "bit_xor"),
    ast.LShift: ("<<", "shl"),
    ast.RShift: (">>", "shr"),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "eq"),
    ast.NotEq: ("!=", "ne"),
    ast.Lt: ("<", "lt"),
    ast.LtE: ("<=", "le"),
    ast.Gt: (">", "gt"),
    ast.GtE: (">=", "ge"),
}
EXACT_MODE = 0
CHAIN_SHOWN_MAX = 4
"""Comparisons of a chain that are written out in its hint, and looked at."""


def _sum_type(left: Expr, right: Expr) -> Type:
    """The type that whole numbers are reckoned in: Int, which holds every narrower kind.

    A kind bounds what is stored, not what comes in between. Only U128 has numbers
    that Int has not: two of them, or one and a literal, stay in it.
    """
    meeting = common_int(left, right) if left.type != right.type else left.type
    return U128 if meeting == U128 else INT


# --- arithmetic ---


def binary(
    scope: Scope, node: ast.BinOp | ast.AugAssign, left: Expr, op: ast.operator, right: Expr
) -> Expr:
    """`left op right`."""
    if UNKNOWN in (left.type, right.type) or type(op) not in _SYMBOLS:
        return scope.unknown(node)
    symbol, name = _SYMBOLS[type(op)]
    for side, part in zip((left, right), _sides(node), strict=True):
        if isinstance(side.type, OptionalType):
            return scope.may_be_none(part)
    result = _arithmetic(scope, node, left, name, right)
    if result is not None:
        return result
    units = (AmountType, DecimalType)
    mixed = isinstance(left.type, units) and isinstance(right.type, units)
    return _undefined(scope, codes.UNITS if mixed else codes.OPERANDS, node, symbol, (left, right))


def _sides(node: ast.BinOp | ast.AugAssign | ast.Compare) -> tuple[ast.expr, ast.expr]:
    """Both sides as they are written."""
    match node:
        case ast.BinOp(left=left, right=right):
            return left, right
        case ast.AugAssign(target=left, value=right):
            return left, right
    return node.left, node.comparators[0]


def _undefined(
    scope: Scope,
    code: codes.Code,
    node: ast.BinOp | ast.AugAssign | ast.Compare,
    symbol: str,
    sides: tuple[Expr, Expr],
) -> Expr:
    """Report an operation that the types of its sides do not have, and what to write."""
    left, right = sides[0].type, sides[1].type
    one, two = _sides(node)
    hint = operation(left, symbol, right, shown(one), shown(two))
    return scope.error(code, node, hint, operator=symbol, left=left, right=right)


def _arithmetic(
    scope: Scope, node: ast.expr | ast.stmt, left: Expr, name: str, right: Expr
) -> Expr | None:
    span = scope.span(node)
    match left.type, right.type:
        case IntType(), IntType():
            return _same(scope, node, left, name, right, _sum_type(left, right))
        case DecimalType(), DecimalType() if name in ("add", "sub"):
            target = common(left, right)
            return _same(scope, node, left, name, right, target or left.type)
        case DecimalType(scale=a), (DecimalType() | IntType()) if name == "mul":
            scale = a + (right.type.scale if isinstance(right.type, DecimalType) else 0)
            if scale > DIGITS_MAX:
                return None
            return Expr(
                "mul.round", DecimalType(DIGITS_MAX, scale), span, (left, right), EXACT_MODE
            )
        case AmountType(), IntType() if name == "mul":
            return Expr("mul.round", left.type, span, (left, right), EXACT_MODE)
        case (AmountType(), AmountType()) | (DurationType(), DurationType()) if name in (
            "add",
            "sub",
        ):
            return Expr(name, left.type, span, (left, right)) if left.type == right.type else None
        case DurationType(), IntType() if name == "mul":
            raw = Expr("raw", INT, span, (left,))
            product = _same(scope, node, raw, "mul", right, INT)
            return Expr("from_raw", DURATION, span, (product,))
        case TimestampType(), DurationType() if name in ("add", "sub"):
            return Expr(f"ts.{name}", TIMESTAMP, span, (left, right))
        case TimestampType(), TimestampType() if name == "sub":
            return Expr("ts.diff", DURATION, span, (left, right))
        case (StrType(), StrType()) | (BytesType(), BytesType()) if name == "add":
            return Expr("concat", widened(left.type), span, (left, right))
        case ListType(a_item), ListType(b_item) if name == "add" and a_item == b_item:
            args = tuple(_as(side, ListType(a_item)) for side in (left, right))
            return Expr("list.concat", ListType(a_item), span, args)
    return None


def _as(value: Expr, target: Type) -> Expr:
    return value if value.type == target else Expr("convert", target, value.span, (value,))


def _same(
    scope: Scope, node: ast.expr | ast.stmt, left: Expr, name: str, right: Expr, target: Type
) -> Expr:
    args = (coerce(scope, left, target, node), coerce(scope, right, target, node))
    return Expr(name, target, scope.span(node), args)


def unary(scope: Scope, node: ast.UnaryOp) -> Expr:
    """`-x`, `~x`, `not x`."""
    if isinstance(node.op, ast.Not):
        return condition(scope, node)[0]
    value = scope.check(node.operand)
    span = scope.span(node)
    match node.op, value.type:
        case ast.USub(), (IntType() | DecimalType() | AmountType()) if value.op == "const":
            assert isinstance(value.data, int)
            return _negated(scope, node, value, -value.data)
        case ast.USub(), IntType():
            return Expr("neg", INT, span, (_as(value, INT),))
        case ast.USub(), (DecimalType() | AmountType() | DurationType()):
            return Expr("neg", value.type, span, (value,))
        case ast.Invert(), IntType():
            return Expr("invert", INT, span, (_as(value, INT),))
    if value.type == UNKNOWN:
        return value
    sign = "-" if isinstance(node.op, ast.USub) else "~"
    return scope.error(codes.OPERANDS, node, operator=sign, left="nothing", right=value.type)


def _negated(scope: Scope, node: ast.expr, value: Expr, number: int) -> Expr:
    """A literal with its sign: whole numbers take the type that a plain literal has."""
    kind = value.type
    if isinstance(kind, IntType):
        if not INT.low <= number <= (1 << 128) - 1:
            return scope.error(codes.RANGE, node, value=number, expected=INT)
        kind = INT if number <= INT.high else IntType(128, False)
    return Expr("const", kind, scope.span(node), (), number)


# --- conditions ---


def condition(scope: Scope, node: ast.expr) -> Condition:
    """`node` as a Bool, and what its truth tells about None."""
    if id(node) in scope.module.parsed.refused:
        return scope.unknown(node), set(), set()
    match node:
        case ast.BoolOp():
            return _bool_op(scope, node)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            value, present, absent = condition(scope, operand)
            return Expr("not", BOOL, scope.span(node), (value,)), absent, present
        case ast.Compare(ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
            return _is_none(scope, node, op, right)
        case ast.Compare():
            return _compare(scope, node), set(), set()
    value = scope.check(node, BOOL)
    if value.type not in (BOOL, UNKNOWN):
        scope.error(codes.CONDITION, node, _question(node, value.type), found=value.type)
        is_there = {scope.path(node)} if isinstance(value.type, OptionalType) else set()
        return scope.unknown(node), is_there - {""}, set()
    return value, set(), set()


def _question(node: ast.expr, found: Type) -> str:
    """What to write for a value that stands where a condition is wanted."""
    text = shown(node)
    match found:
        case AttemptType():
            return f"ask `{text}.ok`"
        case OptionalType():
            return f"write `{text} is not None`"
        case IntType():
            return f"write `{text} != 0`"
        case StrType() | BytesType() | ListType() | MapType():
            return f"write `len({text}) > 0`"
        case AmountType():
            return f"write `{text} != {found}(0)`"
    return ""


def _bool_op(scope: Scope, node: ast.BoolOp) -> Condition:
    is_and = isinstance(node.op, ast.And)
    before = scope.flow.copy()
    first, present, absent = condition(scope, node.values[0])
    tests = [first]
    for operand in node.values[1:]:
        scope.flow.present |= present if is_and else absent
        value, right_present, right_absent = condition(scope, operand)
        tests.append(value)
        if is_and:
            present, absent = present | right_present, absent & right_absent
        else:
            present, absent = present & right_present, absent | right_absent
    scope.flow = before
    if UNKNOWN in {item.type for item in tests}:
        return scope.unknown(node), present, absent
    return any_of(tests, "and" if is_and else "or"), present, absent


def _is_none(scope: Scope, node: ast.Compare, op: ast.cmpop, right: ast.expr) -> Condition:
    if not (isinstance(right, ast.Constant) and right.value is None):
        return scope.error(codes.IDENTITY, node), set(), set()
    known = scope.flow.present
    scope.flow.present = known - {scope.path(node.left)}
    value = valued(scope, scope.check(node.left), node.left)
    scope.flow.present = known
    if value.type == UNKNOWN:
        return value, set(), set()
    if not isinstance(value.type, OptionalType):
        hint = "the test is not needed"
        return (
            scope.error(
                codes.MISMATCH, node.left, hint, expected="an optional value", found=value.type
            ),
            set(),
            set(),
        )
    is_there = Expr("is_some", BOOL, scope.span(node), (value,))
    paths = {scope.path(node.left)} - {""}
    if isinstance(op, ast.IsNot):
        return is_there, paths, set()
    return Expr("not", BOOL, scope.span(node), (is_there,)), set(), paths


def _compare(scope: Scope, node: ast.Compare) -> Expr:
    if len(node.ops) != 1:
        return _chain(scope, node)
    op, right_node = node.ops[0], node.comparators[0]
    if isinstance(op, (ast.In, ast.NotIn)):
        return _membership(scope, node, op, right_node)
    left, right = scope.check(node.left), scope.check(right_node)
    if UNKNOWN in (left.type, right.type):
        return scope.unknown(node)
    if "none" in (left.op, right.op):
        return scope.error(
            codes.OPERANDS, node, "write `is None`", operator="==", left=left.type, right="None"
        )
    if type(op) not in _COMPARISONS:
        return scope.error(codes.IDENTITY, node)
    return _compared(scope, node, _COMPARISONS[type(op)][1], left, right)


def _compared(scope: Scope, node: ast.Compare, name: str, left: Expr, right: Expr) -> Expr:
    symbol = _COMPARISONS[type(node.ops[0])][0]
    target, sides, span = compared(left, right), (left, right), scope.span(node)
    if target is None or isinstance(target, NoneType):
        if is_parted(left.type, right.type):
            return parted(scope, node, symbol, left, right)
        amounts = all(isinstance(side.type, AmountType) for side in sides)
        return _undefined(scope, codes.UNITS if amounts else codes.OPERANDS, node, symbol, sides)
    if name not in ("eq", "ne") and not is_ordered(target):
        return scope.error(codes.OPERANDS, node, operator=symbol, left=left.type, right=right.type)
    return guarded(
        scope,
        node,
        sides,
        (target, target),
        (0, 1),
        lambda args: Expr(name, BOOL, span, args),
        lambda at, value: told_apart(name, at, value),
    )


def _chain(scope: Scope, node: ast.Compare) -> Expr:
    """Report a chain, and what is wrong with each of its comparisons."""
    sides = [node.left, *node.comparators]
    pairs: list[ast.Compare] = []
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        pair = ast.copy_location(ast.Compare(left, [op], [right]), left)
        pair.end_lineno, pair.end_col_offset = right.end_lineno, right.end_col_offset
        pairs.append(pair)
    hint = f"write `{' and '.join(map(shown, pairs))}`" if len(pairs) <= CHAIN_SHOWN_MAX else ""
    scope.error(codes.CHAIN, node, hint)
    for pair in pairs[:CHAIN_SHOWN_MAX]:
        condition(scope, pair)
    return scope.unknown(node)


def _membership(scope: Scope, node: ast.Compare, op: ast.cmpop, right: ast.expr) -> Expr:
    view = storage.view(scope, right)
    if view is not None:
        found = storage.contains(scope, view, node, node.left)
    else:
        found = _contains(scope, node, scope.check(right))
    if found.type == UNKNOWN or isinstance(op, ast.In):
        return found
    return Expr("not", BOOL, scope.span(node), (found,))


def _contains(scope: Scope, node: ast.Compare, items: Expr) -> Expr:
    span = scope.span(node)
    match items.type:
        case ListType(item):
            op, place = "list.contains", item
        case MapType(key):
            op, place = "dict.has", key
        case StrType():
            op, place = "text.contains", STR
        case TupleType(types) if items.op == "tuple":
            return _among(scope, node, items, types)
        case type_ if type_ == UNKNOWN:
            return items
        case _:
            return scope.error(codes.NOT_ITERABLE, node, found=items.type, what="has no members")
    return guarded(
        scope,
        node.left,
        (items, scope.check(node.left, place)),
        (items.type, place),
        (1, 0),
        lambda args: Expr(op, BOOL, span, args),
        lambda _, value: none_or_false(BOOL, value),
    )


def _among(scope: Scope, node: ast.Compare, items: Expr, types: tuple[Type, ...]) -> Expr:
    """`status in (Status.A, Status.B)`: one comparison after another."""
    found = scope.check(node.left, types[0])
    values = (found, *items.args)
    kind = all_compared(values)
    if kind is None and is_parted(*(item.type for item in values if item.op != "const")):
        return parted(scope, node, "in", found, items)
    if kind is None or isinstance(kind, OptionalType):
        kind = types[0]
    value = coerce(scope, found, kind, node.left)
    if value.type == UNKNOWN:
        return value
    span = scope.span(node)
    members = tuple(coerce(scope, item, kind, node) for item in items.args)
    if not all(map(is_inert, members)):
        whole = Expr("list", ListType(kind), items.span, members)
        return in_order(
            scope, (whole, value), (1, 0), lambda args: Expr("list.contains", BOOL, span, args)
        )

    def tests(values: tuple[Expr, ...]) -> Expr:
        return any_of([Expr("eq", BOOL, span, (*values, item)) for item in members])

    return waiting(scope, (value,), (0,), tests)
