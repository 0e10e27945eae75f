"""Calls that may end the transaction, and events: require, abort, expect, emit."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import meeting, operators
from daicho.compiler.step2_check.arguments import positional
from daicho.compiler.step2_check.convert import coerce, valued
from daicho.compiler.step2_check.scope import (
    BuiltinSymbol,
    Scope,
    TypeSymbol,
)
from daicho.compiler.tree import (
    EventDecl,
    Expr,
)
from daicho.compiler.types import (
    ATTEMPT,
    NEVER,
    NONE,
    PARTY,
    UNKNOWN,
    EnumType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    TupleType,
    Type,
)

DETAILS_MAX = 16
"""Values that a failure tells beside its code."""
ADDRESSEES_MAX = 16


def failure_code(scope: Scope, node: ast.expr) -> tuple[str, int] | None:
    """The name and number of `Error.CODE`, which must be written out."""
    value = scope.check(node)
    if isinstance(value.type, EnumType) and value.type.code and value.op == "const":
        assert isinstance(value.data, int)
        names = {number: name for name, number in value.type.members}
        return names[value.data], value.data
    if value.type != UNKNOWN:
        hint = "name a code: Error.AMOUNT of `class Error(Code): AMOUNT = 1001`"
        what = "a failure code is named where it is used"
        scope.error(codes.NOT_CONSTANT, node, hint, what=what)
    return None


def _failure(
    scope: Scope, node: ast.Call, first: int
) -> tuple[tuple[str, int], tuple[Expr, ...]] | None:
    """The code at argument `first` and the details after it."""
    if len(node.args) <= first or node.keywords:
        scope.error(codes.ARGUMENTS, node, what="a failure names its code, then its details")
        return None
    code = failure_code(scope, node.args[first])
    if len(node.args) > first + 1 + DETAILS_MAX:
        scope.error(codes.LIMIT, node, what=f"a failure has at most {DETAILS_MAX} details")
        return None
    details: list[Expr] = []
    for item in node.args[first + 1 :]:
        detail = valued(scope, scope.check(item), item)
        if _holds_attempt(detail.type):
            hint = "give its `.code` or its `.ok`"
            detail = scope.error(codes.MISMATCH, item, hint, expected="a value", found="an attempt")
        details.append(coerce(scope, detail, meeting.widened(detail.type), item))
    return None if code is None else (code, tuple(details))


def _holds_attempt(type_: Type) -> bool:
    """Whether an attempt is in a value: it stays in its function, and a detail leaves it."""
    match type_:
        case OptionalType(item) | ListType(item):
            return _holds_attempt(item)
        case MapType(_, value):
            return _holds_attempt(value)
        case TupleType(items):
            return any(map(_holds_attempt, items))
    return type_ == ATTEMPT


def require(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`require(condition, Error.CODE, detail, …)`."""
    if len(node.args) < 2:
        return scope.error(
            codes.ARGUMENTS, node, what="`require` takes a condition and a failure code"
        )
    condition = operators.condition(scope, node.args[0])[0]
    failure = _failure(scope, node, 1)
    if failure is None:
        return scope.unknown(node)
    return Expr("require", NONE, scope.span(node), (condition, *failure[1]), failure[0])


def abort(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`abort(Error.CODE, detail, …)`: does not come back."""
    failure = _failure(scope, node, 0)
    if failure is None:
        return Expr("unknown", NEVER, scope.span(node))
    return Expr("fail", NEVER, scope.span(node), failure[1], failure[0])


def expect(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`expect(optional, Error.CODE)`: the value, or the failure."""
    if not positional(scope, node, 2, "expect"):
        return scope.unknown(node)
    value = valued(scope, scope.check(node.args[0]), node.args[0])
    code = failure_code(scope, node.args[1])
    if code is None or value.type == UNKNOWN:
        return scope.unknown(node)
    if not isinstance(value.type, OptionalType):
        return scope.error(
            codes.MISMATCH, node.args[0], expected="an optional value", found=value.type
        )
    return Expr("expect", value.type.item, scope.span(node), (value,), code)


def emit(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`emit(event, to=(…))`."""
    to = [item.value for item in node.keywords if item.arg == "to"]
    if len(node.args) != 1 or len(to) != 1 or len(node.keywords) != 1:
        hint = "write `emit(event, to=(PUBLIC,))`, or `to=(party(Event.field), …)`"
        return scope.error(codes.ARGUMENTS, node, hint, what="`emit` takes an event and `to=`")
    event = scope.check(node.args[0])
    scope.effect("emit", node)
    if event.type == UNKNOWN or not isinstance(event.type, RecordType):
        return (
            event
            if event.type == UNKNOWN
            else scope.error(codes.MISMATCH, node.args[0], expected="an event", found=event.type)
        )
    if event.type.kind != "event":
        return scope.error(codes.MISMATCH, node.args[0], expected="an event", found=event.type)
    addressees = _addressees(scope, event.type, to[0])
    if not addressees:
        return scope.unknown(node)
    known = scope.module.events.setdefault(event.type.name, EventDecl(event.type, addressees))
    if known.record.module != event.type.module:
        what = f"`{event.type.name}` of `{known.record.module}` is sent too"
        return scope.error(codes.EVENT_NAME, node.args[0], what=what)
    if known.addressees != addressees:
        return scope.error(
            codes.ADDRESSEES, to[0], what=f"`{event.type.name}` goes to others elsewhere"
        )
    return Expr("emit", NONE, scope.span(node), (event,), event.type.name)


def _addressees(
    scope: Scope, event: RecordType, node: ast.expr
) -> tuple[tuple[str, str | None], ...]:
    if not (isinstance(node, ast.Tuple) and node.elts):
        what = "the addressees are a tuple, at least one"
        items = node.elts if isinstance(node, ast.List) else [node]
        hint = (
            "" if isinstance(node, ast.Tuple) else f"write `to=({', '.join(map(shown, items))},)`"
        )
        scope.error(codes.ADDRESSEES, node, hint, what=what)
        return ()
    if len(node.elts) > ADDRESSEES_MAX:
        what = f"an event has at most {ADDRESSEES_MAX} addressees"
        scope.error(codes.LIMIT, node, what=what)
        return ()
    found = [_addressee(scope, event, item) for item in node.elts]
    known = tuple(item for item in found if item is not None)
    return known if len(known) == len(found) else ()


def _addressee(scope: Scope, event: RecordType, node: ast.expr) -> tuple[str, str | None] | None:
    symbols = scope.module.symbols
    match node:
        case ast.Name(id=name):
            symbol = symbols.get(name)
            if isinstance(symbol, BuiltinSymbol) and symbol.name in ("PUBLIC", "ADMINISTRATOR"):
                return (symbol.name.lower(), None)
        case ast.Call(
            func=ast.Name(id=name),
            args=[ast.Attribute(value=ast.Name(id=owner), attr=column)],
            keywords=[],
        ):
            symbol, record = symbols.get(name), symbols.get(owner)
            is_kind = isinstance(symbol, BuiltinSymbol) and symbol.name in ("party", "register")
            if is_kind and isinstance(record, TypeSymbol) and record.type == event:
                index = event.index(column)
                if index >= 0 and event.fields[index].type == PARTY:
                    assert isinstance(symbol, BuiltinSymbol)
                    return (symbol.name, column)
    what = f"`{shown(node)}` does not name a field of `{event.name}` of type Party"
    fields = [item.name for item in event.fields if item.type == PARTY]
    known = [f"party({event.name}.{name})" for name in fields]
    hint = f"write {', '.join(f'`{item}`' for item in (*known, 'PUBLIC', 'ADMINISTRATOR'))}"
    scope.error(codes.ADDRESSEES, node, hint, what=what)
    return None
