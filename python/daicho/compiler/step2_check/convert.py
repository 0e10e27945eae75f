"""Conversions: where a value of one type goes to a place of another.

Every conversion is a node of the typed tree. What can be decided here is
decided here; what depends on the value is checked when it runs.
"""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.hints import between
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    NEVER,
    NONE,
    BytesType,
    DecimalType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    StrType,
    TupleType,
    Type,
    UnknownType,
    has_values,
)


def coerce(scope: Scope, value: Expr, target: Type, node: ast.AST, digits: str = "") -> Expr:
    """`value` as a `target`, or a report at `node`; `digits` is the hint when some are lost."""
    source = value.type
    if source == target or isinstance(source, UnknownType) or isinstance(target, UnknownType):
        return value
    if isinstance(target, OptionalType):
        return _to_optional(scope, value, target, node)
    if isinstance(source, OptionalType) and source.item == target:
        return may_be_none(scope, node)
    if value.op == "const":
        return _constant(scope, value, target, node, digits)
    if (
        isinstance(source, DecimalType)
        and isinstance(target, DecimalType)
        and source.scale > target.scale
    ):
        return scope.error(codes.ROUNDS, node, digits, found=source, expected=target)
    if (
        value.op == "tuple"
        and isinstance(target, TupleType)
        and len(value.args) == len(target.items)
    ):
        args = tuple(
            coerce(scope, arg, item, node)
            for arg, item in zip(value.args, target.items, strict=False)
        )
        return Expr("tuple", target, value.span, args)
    if is_convertible(source, target):
        return Expr("convert", target, value.span, (value,))
    return mismatch(scope, target, source, node)


def may_be_none(scope: Scope, node: ast.AST) -> Expr:
    """Report an optional value where one must be there."""
    if isinstance(node, ast.expr):
        return scope.may_be_none(node)
    return scope.error(codes.OPTIONAL, node)


def mismatch(scope: Scope, expected: Type, found: Type, node: ast.AST) -> Expr:
    """Report a type that does not fit."""
    hint = ""
    if isinstance(found, OptionalType) and not isinstance(expected, OptionalType):
        return may_be_none(scope, node)
    if found == NONE:
        hint = "this gives no value"
    if found == NEVER:
        hint = "it does not come back: write it alone in its line"
    elif isinstance(node, ast.expr):
        hint = between(shown(node), found, expected)
    return scope.error(codes.MISMATCH, node, hint, expected=expected, found=found)


def valued(scope: Scope, value: Expr, node: ast.AST, hint: str = "") -> Expr:
    """`value` where its own type is the place's, or a report: a None of no type, or no value."""
    if has_values(value.type):
        return value
    if value.type in (NONE, NEVER):
        hint = hint or "this gives no value"
        return scope.error(codes.MISMATCH, node, hint, expected="a value", found=value.type)
    return scope.error(codes.INFER, node, hint, what="this value")


def is_convertible(source: Type, target: Type) -> bool:
    """Whether the two differ only in size."""
    match source, target:
        case (IntType(), IntType()) | (DecimalType(), DecimalType()):
            return True
        case (StrType(), StrType()) | (BytesType(), BytesType()):
            return True
        case ListType(left), ListType(right):
            return left == right
        case MapType(left, left_value), MapType(right, right_value):
            return left == right and left_value == right_value
    return False


def _to_optional(scope: Scope, value: Expr, target: OptionalType, node: ast.AST) -> Expr:
    if value.op == "none":
        return Expr("none", target, value.span)
    if isinstance(value.type, OptionalType):
        return mismatch(scope, target, value.type, node)
    return Expr("some", target, value.span, (coerce(scope, value, target.item, node),))


def _constant(scope: Scope, value: Expr, target: Type, node: ast.AST, digits: str) -> Expr:
    """A literal takes the type of its place if it fits."""
    match value.type, target, value.data:
        case IntType(), IntType(), int(number):
            if not target.low <= number <= target.high:
                return scope.error(codes.RANGE, node, value=number, expected=target)
        case DecimalType(scale=scale), DecimalType(), int(number):
            if scale > target.scale and number % 10 ** (scale - target.scale):
                return scope.error(codes.ROUNDS, node, digits, found=value.type, expected=target)
            return _decimal_constant(scope, value, number, scale, target, node)
        case (StrType(), StrType(length), str(text)) | (
            BytesType(),
            BytesType(length),
            bytes(text),
        ):
            if length is not None and len(text) > length:
                return scope.error(
                    codes.RANGE, node, value=f"a text of {len(text)}", expected=target
                )
        case _:
            return mismatch(scope, target, value.type, node)
    return Expr("const", target, value.span, (), value.data)


def _decimal_constant(
    scope: Scope, value: Expr, number: int, scale: int, target: DecimalType, node: ast.AST
) -> Expr:
    shift = target.scale - scale
    scaled = number * 10**shift if shift >= 0 else number // 10**-shift
    if abs(scaled) >= 10**target.precision:
        return scope.error(codes.RANGE, node, value="this decimal", expected=target)
    return Expr("const", target, value.span, (), scaled)


def check_as(scope: Scope, node: ast.expr, target: Type) -> Expr:
    """The value of `node` as a `target`."""
    return coerce(scope, scope.check(node, target), target, node)
