"""Expressions: names, operators, attributes, subscripts. Calls are in `calls`.

`check` gives a typed node for any piece of syntax; after a report it gives an
`unknown` that fits everywhere, so that one fault is told once.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import calls, meeting, operators, storage
from daicho.compiler.step2_check.arguments import asked
from daicho.compiler.step2_check.convert import check_as, coerce, valued
from daicho.compiler.step2_check.scope import (
    BuiltinSymbol,
    ConstantSymbol,
    FeedSymbol,
    FunctionSymbol,
    IndexSymbol,
    Scope,
    TableSymbol,
    TypeSymbol,
)
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    BOOL,
    BYTES,
    INT,
    NEVER,
    NOTHING,
    PARTS_MAX,
    STR,
    UNKNOWN,
    AmountType,
    AttemptType,
    BytesType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TimestampType,
    TupleType,
    Type,
    has_values,
    is_keyable,
)

DATE_PARTS = ("year", "month", "day", "weekday", "day_of_year", "days_in_month")


def check(scope: Scope, node: ast.expr, expected: Type | None = None) -> Expr:
    """The typed node of `node`. `expected` helps literals; it is not enforced."""
    if id(node) in scope.module.parsed.refused:
        return scope.unknown(node)
    match node:
        case ast.Constant():
            return _constant(scope, node)
        case ast.Name():
            return _name(scope, node)
        case ast.Attribute():
            return _attribute(scope, node)
        case ast.Subscript():
            return _subscript(scope, node)
        case ast.Call():
            return calls.check(scope, node, expected)
        case ast.BinOp():
            return operators.binary(
                scope, node, scope.check(node.left), node.op, scope.check(node.right)
            )
        case ast.UnaryOp():
            return operators.unary(scope, node)
        case ast.BoolOp() | ast.Compare():
            return operators.condition(scope, node)[0]
        case ast.IfExp():
            return _if(scope, node, expected)
        case ast.List():
            return _list(scope, node, expected)
        case ast.Dict():
            return _dict(scope, node, expected)
        case ast.Tuple():
            return _tuple(scope, node, expected)
    return scope.error(codes.EXPRESSION, node, what=f"`{shown(node)}` at this place")


def _constant(scope: Scope, node: ast.Constant) -> Expr:
    span = scope.span(node)
    match node.value:
        case None:
            return Expr("none", NOTHING, span)
        case bool(value):
            return Expr("const", BOOL, span, (), value)
        case int(value):
            if not INT.low <= value <= (1 << 128) - 1:
                return scope.error(codes.RANGE, node, value=value, expected=INT)
            kind = INT if value <= INT.high else IntType(128, False)
            return Expr("const", kind, span, (), value)
        case str(text):
            return Expr("const", StrType(len(text)), span, (), text)
        case bytes(data):
            return Expr("const", BytesType(len(data)), span, (), data)
    return scope.error(codes.EXPRESSION, node, what=f"`{shown(node)}`")


def _name(scope: Scope, node: ast.Name) -> Expr:
    name = node.id
    if name in scope.function.locals:
        if name not in scope.flow.assigned and not scope.uncertain:
            return scope.error(codes.UNASSIGNED, node, name=name)
        value = Expr("local", scope.function.locals[name], scope.span(node), (), name)
        return narrowed(scope, node, value)
    if name in scope.shadowed:
        return scope.unknown(node)
    match scope.module.symbols.get(name):
        case ConstantSymbol(value):
            return _shared(name, value)
        case TableSymbol(table):
            what = f"`{name}` is stored state, not a value"
            return scope.error(codes.TABLE, node, asked(table), what=what)
        case IndexSymbol() | FeedSymbol():
            return scope.error(
                codes.MISMATCH, node, expected="a value", found=f"`{name}`, a declaration"
            )
        case FunctionSymbol():
            return scope.error(
                codes.MISMATCH, node, "call it", expected="a value", found="a function"
            )
        case TypeSymbol(type_):
            if type_ == UNKNOWN:
                return scope.unknown(node)
            return scope.error(codes.MISMATCH, node, expected="a value", found=f"the type {type_}")
        case BuiltinSymbol(builtin):
            hint = f"call it: `{name}()`" if builtin in ("sender", "now", "height", "tx_id") else ""
            return scope.error(codes.MISMATCH, node, hint, expected="a value", found=f"`{name}`")
        case None:
            return scope.unknown_name(node, name)


def _shared(name: str, value: Expr) -> Expr:
    """The value of a constant; a list says whose it is, as it is not made anew for each use."""
    if value.op == "some":
        return replace(value, args=(_shared(name, value.args[0]),))
    return replace(value, data=name) if value.op == "list" else value


# --- attributes ---


def _attribute(scope: Scope, node: ast.Attribute) -> Expr:
    if isinstance(node.value, ast.Name) and node.value.id not in scope.function.locals:
        symbol = scope.module.symbols.get(node.value.id)
        if isinstance(symbol, TypeSymbol):
            return _member(scope, node, symbol.type)
    owner = scope.check(node.value)
    if owner.type == UNKNOWN:
        return owner
    if isinstance(owner.type, OptionalType):
        faulty = scope.may_be_none(node.value)
        if not has_values(owner.type):
            return faulty
        owner = Expr("unwrap", owner.type.item, owner.span, (owner,))  # go on as if it were there
    return narrowed(scope, node, _field(scope, node, owner))


def _member(scope: Scope, node: ast.Attribute, owner: Type) -> Expr:
    if owner == UNKNOWN:
        return scope.unknown(node)
    if isinstance(owner, EnumType):
        members = dict(owner.members)
        if node.attr in members:
            return Expr("const", owner, scope.span(node), (), members[node.attr])
    if isinstance(owner, RecordType) and owner.index(node.attr) >= 0:
        hint = f"a value of {owner.name} has it, `value.{node.attr}`; the class does not"
        return scope.error(codes.ATTRIBUTE, node, hint, owner=owner, name=node.attr)
    return scope.no_attribute(node, owner)


def _field(scope: Scope, node: ast.Attribute, owner: Expr) -> Expr:
    span = scope.span(node)
    match owner.type, node.attr:
        case RecordType() as record, name if record.index(name) >= 0:
            return Expr("field", record.fields[record.index(name)].type, span, (owner,), name)
        case AmountType(), "units":
            return Expr("raw", INT, span, (owner,))
        case AmountType(scale=scale), "decimal":
            return Expr("convert", DecimalType(38, scale), span, (owner,))
        case ((TimestampType() | DurationType()), "microseconds"):
            return Expr("raw", INT, span, (owner,))
        case AttemptType(), "ok":
            return Expr("attempt.ok", BOOL, span, (owner,))
        case AttemptType(), "code":
            return Expr("attempt.code", INT, span, (owner,))
        case EnumType(code=True), "value" if owner.op == "const":
            return Expr("const", INT, span, (), owner.data)
        case DateType(), _ if node.attr in DATE_PARTS:
            part = node.attr
            return Expr(f"date.{part}", INT, span, (owner,))
    if isinstance(owner.type, EnumType):
        example = f"{owner.type.name}.{owner.type.members[0][0]}"
        hint = f"a member is compared, `x == {example}`, or matched"
        return scope.error(codes.ATTRIBUTE, node, hint, owner=owner.type, name=node.attr)
    return scope.no_attribute(node, owner.type)


# --- subscripts ---


def _subscript(scope: Scope, node: ast.Subscript) -> Expr:
    view = storage.view(scope, node.value)
    if view is not None:
        return storage.subscript(scope, view, node)
    owner = scope.check(node.value)
    if owner.type == UNKNOWN:
        return owner
    if isinstance(node.slice, ast.Slice):
        return _slice(scope, node, owner, node.slice)
    return _index(scope, node, owner)


def _index(scope: Scope, node: ast.Subscript, owner: Expr) -> Expr:
    span = scope.span(node)
    match owner.type:
        case ListType(item):
            return Expr("list.get", item, span, (owner, check_as(scope, node.slice, INT)))
        case MapType(key, value):
            return Expr("dict.get", value, span, (owner, check_as(scope, node.slice, key)))
        case StrType():
            return Expr("char_at", StrType(1), span, (owner, check_as(scope, node.slice, INT)))
        case BytesType():
            return Expr("code_at", INT, span, (owner, check_as(scope, node.slice, INT)))
        case TupleType(items):
            match node.slice:
                case ast.Constant(value=index) if type(index) is int and 0 <= index < len(items):
                    return Expr("item", items[index], span, (owner,), index)
        case OptionalType():
            return scope.may_be_none(node.value)
    return scope.error(codes.NOT_ITERABLE, node, found=owner.type, what="cannot be indexed so")


def _slice(scope: Scope, node: ast.Subscript, owner: Expr, bounds: ast.Slice) -> Expr:
    if not isinstance(owner.type, (StrType, BytesType, ListType)):
        return scope.error(codes.NOT_ITERABLE, node, found=owner.type, what="has no slices")
    zero = Expr("const", INT, scope.span(node), (), 0)
    low = check_as(scope, bounds.lower, INT) if bounds.lower is not None else zero
    if bounds.upper is not None:
        high = check_as(scope, bounds.upper, INT)
    else:
        high = Expr("const", INT, scope.span(node), (), (1 << 63) - 1)
    match owner.type:
        case StrType():
            result: Type = STR
        case BytesType():
            result = BYTES
        case _:
            result = owner.type
    return Expr("slice", result, scope.span(node), (owner, low, high))


# --- values made of values ---


def _if(scope: Scope, node: ast.IfExp, expected: Type | None) -> Expr:
    test, present, absent = operators.condition(scope, node.test)
    before = scope.flow.copy()
    scope.flow.present |= present
    then = scope.check(node.body, expected)
    scope.flow = before.copy()
    scope.flow.present |= absent
    orelse = scope.check(node.orelse, expected)
    scope.flow = before
    target = expected or meeting.common(then, orelse) or then.type
    if not has_values(target):
        scope.uncertain |= target == NEVER
        hint = "" if target == NOTHING else _IN_STATEMENT
        return valued(scope, Expr("if", target, scope.span(node)), node, hint)
    then = coerce(scope, then, target, node.body)
    orelse = coerce(scope, orelse, target, node.orelse)
    return Expr("if", target, scope.span(node), (test, then, orelse))


_IN_STATEMENT = "what is done for its effect stands in an `if` statement"
"""The hint where neither branch gives a value."""


def _list(scope: Scope, node: ast.List, expected: Type | None) -> Expr:
    item: Type | None = expected.item if isinstance(expected, ListType) else None
    elements = [scope.check(element, item) for element in node.elts]
    if item is None:
        if not elements:
            return scope.error(codes.INFER, node, what="an empty list")
        elements = [
            valued(scope, value, element)
            for value, element in zip(elements, node.elts, strict=True)
        ]
        item = meeting.widened(elements[0].type)
    args = tuple(
        coerce(scope, value, item, element)
        for value, element in zip(elements, node.elts, strict=False)
    )
    return Expr("list", ListType(item), scope.span(node), args)


def _dict(scope: Scope, node: ast.Dict, expected: Type | None) -> Expr:
    """Each part is checked once: maps within maps would take twice as long at each level."""
    pairs = zip(node.keys, node.values, strict=False)
    parts = [part for key, value in pairs if key is not None for part in (key, value)]
    first: list[Expr] = []
    if isinstance(expected, MapType):
        types = (expected.key, expected.value)
    elif parts:
        first = [valued(scope, scope.check(part), part) for part in parts[:2]]
        types = (meeting.widened(first[0].type), meeting.widened(first[1].type))
    else:
        return scope.error(codes.INFER, node, what="an empty dict")
    if types[0] != UNKNOWN and not is_keyable(types[0]):
        return scope.error(codes.NOT_A_TYPE, node, what=f"{types[0]} cannot be a key")
    places = types * (len(parts) // 2)
    rest = zip(parts[len(first) :], places, strict=False)
    values = [*first, *(scope.check(part, type_) for part, type_ in rest)]
    found = zip(values, places, parts, strict=True)
    args = tuple(coerce(scope, value, type_, part) for value, type_, part in found)
    return Expr("dict", MapType(*types), scope.span(node), args)


def _tuple(scope: Scope, node: ast.Tuple, expected: Type | None) -> Expr:
    if not node.elts:
        return scope.error(codes.EXPRESSION, node, "leave it out", what="an empty tuple")
    wanted: tuple[Type | None, ...] = (None,) * len(node.elts)
    if isinstance(expected, TupleType) and len(expected.items) == len(node.elts):
        wanted = expected.items
    args = tuple(scope.check(item, want) for item, want in zip(node.elts, wanted, strict=False))
    args = tuple(
        valued(scope, arg, item) if want is None else arg
        for arg, item, want in zip(args, node.elts, wanted, strict=True)
    )
    types = tuple(meeting.widened(item.type) for item in args)
    made = TupleType(types)
    if made.parts > PARTS_MAX:
        return scope.error(codes.LIMIT, node, what=f"a tuple holds at most {PARTS_MAX} values")
    args = tuple(coerce(scope, a, t, n) for a, t, n in zip(args, types, node.elts, strict=False))
    return Expr("tuple", made, scope.span(node), args)


def narrowed(scope: Scope, node: ast.expr, value: Expr) -> Expr:
    """`value`, taken out of its Optional where it is known to be there."""
    if isinstance(value.type, OptionalType) and scope.path(node) in scope.flow.present:
        return Expr("unwrap", value.type.item, value.span, (value,))
    return value
