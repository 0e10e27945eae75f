"""Types called: records, amounts, decimals and identities from literals."""

from __future__ import annotations

import ast
import datetime
import decimal
import re

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.hints import between, instead_of_call
from daicho.compiler.step2_check import methods
from daicho.compiler.step2_check.arguments import arguments, in_order, positional, written_order
from daicho.compiler.step2_check.convert import check_as, coerce
from daicho.compiler.step2_check.scope import (
    Scope,
)
from daicho.compiler.tree import (
    Expr,
)
from daicho.compiler.types import (
    DATE,
    DIGITS_MAX,
    INT,
    STR,
    UNKNOWN,
    AmountType,
    DecimalType,
    FixedType,
    IntType,
    RecordType,
    StrType,
    Type,
)

_NUMBER = re.compile(r"[+-]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][+-]?[0-9]{1,4})?")
"""What Python reads as a number in a source; its decimals read spaces and other figures too."""


def construct(scope: Scope, node: ast.Call, name: str, type_: Type) -> Expr:
    """`Type(…)`: the value a type makes of its arguments."""
    span, before = scope.span(node), len(scope.reporter.diagnostics)
    match type_:
        case RecordType():
            return _record(scope, node, type_)
        case AmountType(scale=scale):
            return number(scope, node, name, type_, scale)
        case FixedType(length=length):
            return _fixed(scope, node, name, type_, length)
        case StrType(None) if positional(scope, node, 1, name):
            value = scope.check(node.args[0])
            if isinstance(value.type, IntType):
                return Expr("text.from_int", STR, span, (value,))
            return coerce(scope, value, INT, node.args[0])
        case IntType() if positional(scope, node, 1, name):
            value = scope.check(node.args[0])
            if isinstance(value.type, StrType):
                return Expr("text.to_int", type_, span, (value,))
            return coerce(scope, value, type_, node.args[0])
    if type_ == UNKNOWN or len(scope.reporter.diagnostics) > before:
        return scope.unknown(node)
    return scope.error(codes.NOT_CALLABLE, node, instead_of_call(type_), name=name)


def _record(scope: Scope, node: ast.Call, type_: RecordType) -> Expr:
    fields = [item.name for item in type_.fields]
    if node.args:
        hint = f"write `{type_.name}({', '.join(f'{name}=…' for name in fields)})`"
        what = f"the fields of `{type_.name}` are named"
        return scope.error(codes.ARGUMENTS, node.args[0], hint, what=what)
    given = arguments(scope, node, fields, type_.name, "{}=…")
    if given is None:
        return Expr("unknown", type_, scope.span(node))
    args = tuple(check_as(scope, given[item.name], item.type) for item in type_.fields)
    span, names = scope.span(node), [item.name for item in type_.fields]
    written = written_order(given, names)
    return in_order(scope, args, written, lambda args: Expr("record", type_, span, args))


def number(scope: Scope, node: ast.Call, name: str, type_: Type, scale: int | None) -> Expr:
    """`JPY("1.50")`, `JPY(0)`, `Decimal("1.5")`: from a literal."""
    if not positional(scope, node, 1, name):
        return scope.unknown(node)
    text: str | None = None
    match node.args[0]:
        case ast.Constant(value=str(value)):
            text = value
        case (
            ast.Constant(value=int(number))
            | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number)))
        ) if type(number) is int:
            text = shown(node.args[0]) if number >= 0 else str(number)
    if text is None:
        type_ = DecimalType(DIGITS_MAX, 0) if scale is None else type_
        computed = scope.check(node.args[0])
        if computed.type == UNKNOWN:
            return computed
        hint = between(shown(node.args[0]), computed.type, type_)
        return scope.error(codes.CONSTANT, node.args[0], hint, what=f"`{name}(…)` takes a literal")
    if not _NUMBER.fullmatch(text):
        hint = f'write it as in `{name}("-1_000.50")`'
        return scope.error(codes.CONSTANT, node.args[0], hint, what=f"{text!r} is not a number")
    parsed = decimal.Decimal(text.replace("_", ""))
    exponent = parsed.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DIGITS_MAX or parsed.adjusted() >= DIGITS_MAX:
        return scope.error(codes.RANGE, node.args[0], value=text, expected=name)
    places = max(0, -exponent)
    if scale is None:
        type_, scale = DecimalType(DIGITS_MAX, places), places
    if places > scale:
        return scope.error(codes.ROUNDS, node.args[0], found=text, expected=type_)
    units = int(parsed.scaleb(scale, decimal.Context(prec=100)))
    if abs(units) >= 10**DIGITS_MAX:
        return scope.error(codes.RANGE, node.args[0], value=text, expected=name)
    return Expr("const", type_, scope.span(node), (), units)


def _fixed(scope: Scope, node: ast.Call, name: str, type_: Type, length: int) -> Expr:
    """`Party("00ff…")`: an identity from hexadecimal digits."""
    if not positional(scope, node, 1, name):
        return scope.unknown(node)
    match node.args[0]:
        case ast.Constant(value=str(text)):
            digits = "0123456789abcdefABCDEF"
            if len(text) == 2 * length and all(letter in digits for letter in text):
                return Expr("const", type_, scope.span(node), (), bytes.fromhex(text))
    what = f"`{name}(…)` takes a text of {2 * length} hexadecimal digits"
    return scope.error(codes.CONSTANT, node, what=what)


def class_method(scope: Scope, node: ast.Call, type_: Type, attr: str) -> Expr:
    """`JPY.of(…)`, `JPY.from_units(…)`, `Date.of(…)`."""
    span, before = scope.span(node), len(scope.reporter.diagnostics)
    match type_, attr:
        case AmountType(), "of":
            return methods.rounded(scope, node, type_)
        case AmountType(), "from_units" if positional(scope, node, 1, attr):
            return Expr("from_raw", type_, span, (check_as(scope, node.args[0], INT),))
        case _, "of" if type_ == DATE and positional(scope, node, 3, attr):
            return _date(scope, node)
    if type_ == UNKNOWN or len(scope.reporter.diagnostics) > before:
        return scope.unknown(node)
    return scope.error(codes.ATTRIBUTE, node.func, owner=type_, name=attr)


def _date(scope: Scope, node: ast.Call) -> Expr:
    args = tuple(check_as(scope, item, INT) for item in node.args)
    if all(item.op == "const" for item in args):
        year, month, day = (int(str(item.data)) for item in args)
        try:
            days = (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days
        except (ValueError, OverflowError):
            return scope.error(codes.RANGE, node, value="this day", expected="the calendar")
        return Expr("const", DATE, scope.span(node), (), days)
    return Expr("date.make", DATE, scope.span(node), args)
