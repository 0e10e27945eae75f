"""The functions of the language: context, time, numbers, lists."""

from __future__ import annotations

import ast
from collections.abc import Callable

from daicho.compiler import codes
from daicho.compiler.step2_check import constructors, failures, meeting, methods, outside
from daicho.compiler.step2_check.arguments import arguments, in_order, positional, written_order
from daicho.compiler.step2_check.convert import check_as, coerce
from daicho.compiler.step2_check.scope import (
    Scope,
)
from daicho.compiler.tree import (
    Expr,
)
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DAY_COUNT,
    DIGITS_MAX,
    DURATION,
    HASH,
    INT,
    PARTY,
    REMAINDER,
    ROLE,
    TIMESTAMP,
    TX_ID,
    UNKNOWN,
    AmountType,
    BytesType,
    DecimalType,
    DurationType,
    IntType,
    ListType,
    MapType,
    StrType,
    Type,
    is_ordered,
)

_MICROSECONDS = {
    "milliseconds": 1_000,
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
}


_CONTEXT: dict[str, Type] = {
    "sender": PARTY,
    "now": TIMESTAMP,
    "height": INT,
    "tx_id": TX_ID,
}


def check(scope: Scope, node: ast.Call, name: str, expected: Type | None) -> Expr:
    """The call of a name that `daicho.contract` or Python gives."""
    span = scope.span(node)
    if name in _CONTEXT:
        if not positional(scope, node, 0, name):
            return scope.unknown(node)
        if name == "tx_id":
            scope.effect(name, node)
        return Expr(name, _CONTEXT[name], span)
    if name in _MICROSECONDS:
        return _duration(scope, node, name)
    if name == "Decimal":
        return constructors.number(scope, node, name, INT, None)
    handler = _HANDLERS.get(name)
    if handler is None:
        hint = "write `with attempt() as tried:`" if name == "attempt" else ""
        return scope.error(codes.NOT_CALLABLE, node, hint, name=name)
    return handler(scope, node, expected)


def _duration(scope: Scope, node: ast.Call, name: str) -> Expr:
    if not positional(scope, node, 1, name):
        return scope.unknown(node)
    span, factor = scope.span(node), _MICROSECONDS[name]
    count = check_as(scope, node.args[0], INT)
    if count.op == "const" and isinstance(count.data, int):
        value = count.data * factor
        if not -(1 << 63) <= value < 1 << 63:
            return scope.error(codes.RANGE, node, value=value, expected=DURATION)
        return Expr("const", DURATION, span, (), value)
    product = Expr("mul", INT, span, (count, Expr("const", INT, span, (), factor)))
    return Expr("from_raw", DURATION, span, (product,))


def _has_role(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "has_role"):
        return scope.unknown(node)
    role = _role(scope, node.args[0])
    if role.type == UNKNOWN:
        return role
    return Expr("has_role", BOOL, scope.span(node), (), role.data)


def _has_signed(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`has_signed(who)`, and with a role: that this signer has it."""
    span = scope.span(node)
    if len(node.args) == 1 and not node.keywords:
        return Expr("has_signed", BOOL, span, (check_as(scope, node.args[0], PARTY),))
    given = arguments(scope, node, ["who", "role"], "has_signed")
    if given is None:
        return scope.unknown(node)
    who, role = check_as(scope, given["who"], PARTY), _role(scope, given["role"])
    return role if role.type == UNKNOWN else Expr("has_signed_as", BOOL, span, (who,), role.data)


def _role(scope: Scope, node: ast.expr) -> Expr:
    role = check_as(scope, node, ROLE)
    if role.type != UNKNOWN and role.op != "const":
        return scope.error(codes.NOT_CONSTANT, node, what="a role is named where it is asked for")
    return role


def _muldiv(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`muldiv(a, b, c, rounding)`: a·b/c with an exact product."""
    names = ["a", "b", "c", "rounding"]
    given = arguments(scope, node, names, "muldiv")
    if given is None:
        return scope.unknown(node)
    args = tuple(check_as(scope, given[name], INT) for name in "abc")
    mode = methods.rounding_mode(scope, given["rounding"])
    if mode is None:
        return scope.unknown(node)
    written = [at for at in written_order(given, names) if at < len(args)]
    span = scope.span(node)
    return in_order(scope, args, written, lambda args: Expr("muldiv", INT, span, args, mode))


def _year_fraction(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    names = ["start", "end", "basis", "scale", "rounding"]
    given = arguments(scope, node, names, "year_fraction")
    if given is None:
        return scope.unknown(node)
    args = tuple(check_as(scope, given[name], DATE) for name in ("start", "end"))
    basis = check_as(scope, given["basis"], DAY_COUNT)
    scale = methods.literal_scale(scope, given["scale"])
    mode = methods.rounding_mode(scope, given["rounding"])
    if scale is None or mode is None or basis.type == UNKNOWN:
        return scope.unknown(node)
    if basis.op != "const":
        return scope.error(codes.NOT_CONSTANT, given["basis"], what="a day count is named here")
    span, type_, data = scope.span(node), DecimalType(DIGITS_MAX, scale), (basis.data, mode)
    written = [at for at in written_order(given, names) if at < len(args)]
    return in_order(
        scope, args, written, lambda args: Expr("year_fraction", type_, span, args, data)
    )


def _digest(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "digest"):
        return scope.unknown(node)
    return Expr("digest", HASH, scope.span(node), (check_as(scope, node.args[0], BYTES),))


def _allocate(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 3, "allocate"):
        return scope.unknown(node)
    total = scope.check(node.args[0])
    weights = check_as(scope, node.args[1], ListType(INT))
    rule = check_as(scope, node.args[2], REMAINDER)
    if UNKNOWN in (total.type, weights.type, rule.type):
        return scope.unknown(node)
    if not isinstance(total.type, AmountType):
        return scope.error(codes.MISMATCH, node.args[0], expected="an amount", found=total.type)
    if rule.op != "const":
        return scope.error(
            codes.NOT_CONSTANT, node.args[2], what="the rule of `allocate` is named here"
        )
    return Expr("allocate", ListType(total.type), scope.span(node), (total, weights), rule.data)


def _len(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "len"):
        return scope.unknown(node)
    value = scope.check(node.args[0])
    if isinstance(value.type, (StrType, BytesType, ListType, MapType)):
        return Expr("len", INT, scope.span(node), (value,))
    if value.type == UNKNOWN:
        return value
    return scope.error(codes.NOT_ITERABLE, node.args[0], found=value.type, what="has no length")


def _abs(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "abs"):
        return scope.unknown(node)
    value = scope.check(node.args[0])
    if isinstance(value.type, IntType) and value.type.signed:
        value = coerce(scope, value, INT, node)
    if isinstance(value.type, (IntType, DecimalType, AmountType, DurationType)):
        return Expr("abs", value.type, scope.span(node), (value,))
    if value.type == UNKNOWN:
        return value
    return scope.error(codes.OPERANDS, node, operator="abs", left="nothing", right=value.type)


def _min_max(name: str) -> Callable[[Scope, ast.Call, Type | None], Expr]:
    def handler(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
        if not positional(scope, node, 2, name):
            return scope.unknown(node)
        left, right = (scope.check(item) for item in node.args)
        if UNKNOWN in (left.type, right.type):
            return scope.unknown(node)
        target = meeting.compared(left, right)
        if target is None and meeting.is_parted(left.type, right.type):
            return meeting.parted(scope, node, name, left, right)
        if target is None or not is_ordered(target):
            return scope.error(
                codes.OPERANDS, node, operator=name, left=left.type, right=right.type
            )
        args = (coerce(scope, left, target, node), coerce(scope, right, target, node))
        return Expr(name, target, scope.span(node), args)

    return handler


def _ord(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "ord"):
        return scope.unknown(node)
    value = check_as(scope, node.args[0], StrType(1))
    zero = Expr("const", INT, scope.span(node), (), 0)
    return Expr("code_at", INT, scope.span(node), (value, zero))


def _copy(name: str) -> Callable[[Scope, ast.Call, Type | None], Expr]:
    def handler(scope: Scope, node: ast.Call, expected: Type | None) -> Expr:
        if not positional(scope, node, 1, name):
            return scope.unknown(node)
        value = scope.check(node.args[0], expected)
        if name == "sorted" and isinstance(value.type, ListType) and is_ordered(value.type.item):
            return Expr("list.sort", value.type, scope.span(node), (value,))
        if (name == "list" and isinstance(value.type, ListType)) or (
            name == "dict" and isinstance(value.type, MapType)
        ):
            return Expr("copy", value.type, scope.span(node), (value,))
        if name == "list" and isinstance(value.type, MapType):
            keys = ListType(value.type.key)
            return Expr("dict.keys", keys, scope.span(node), (value,), "copy")
        if value.type == UNKNOWN:
            return value
        return scope.error(
            codes.NOT_ITERABLE, node.args[0], found=value.type, what=f"does not go into `{name}`"
        )

    return handler


_HANDLERS: dict[str, Callable[[Scope, ast.Call, Type | None], Expr]] = {
    "abort": failures.abort,
    "abs": _abs,
    "allocate": _allocate,
    "cancel": outside.cancel,
    "dict": _copy("dict"),
    "digest": _digest,
    "emit": failures.emit,
    "expect": failures.expect,
    "has_role": _has_role,
    "has_signed": _has_signed,
    "len": _len,
    "list": _copy("list"),
    "max": _min_max("max"),
    "min": _min_max("min"),
    "muldiv": _muldiv,
    "ord": _ord,
    "random": outside.random,
    "require": failures.require,
    "sorted": _copy("sorted"),
    "year_fraction": _year_fraction,
}
