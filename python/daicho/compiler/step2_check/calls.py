"""Calls: functions of the contract, of other contracts, of the language, methods."""

from __future__ import annotations

import ast
import datetime
import decimal
from collections.abc import Callable

from daicho.compiler import codes
from daicho.compiler.step2_check import expressions, methods, operators, storage
from daicho.compiler.step2_check.convert import coerce
from daicho.compiler.step2_check.scope import (
    BuiltinSymbol,
    FunctionSymbol,
    Scope,
    TypeSymbol,
)
from daicho.compiler.tree import EventDecl, Expr
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DIGITS_MAX,
    DURATION,
    HASH,
    INT,
    NEVER,
    NONE,
    PARTY,
    REMAINDER,
    ROLE,
    STR,
    TIMESTAMP,
    TX_ID,
    UNKNOWN,
    AmountType,
    BytesType,
    DecimalType,
    DurationType,
    EnumType,
    FixedType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
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


def check(scope: Scope, node: ast.Call, expected: Type | None) -> Expr:
    """The typed node of a call."""
    match node.func:
        case ast.Name(id=name):
            return _named(scope, node, name, expected)
        case ast.Attribute(value=value, attr=attr):
            return _method(scope, node, value, attr)
    return scope.error(codes.NOT_CALLABLE, node, name=ast.unparse(node.func))


def positional(scope: Scope, node: ast.Call, count: int, name: str) -> bool:
    """Whether the call gives exactly `count` plain arguments; reports otherwise."""
    if len(node.args) == count and not node.keywords:
        return True
    scope.error(
        codes.ARGUMENTS, node, what=f"`{name}` takes {count} argument{'' if count == 1 else 's'}"
    )
    return False


def _named(scope: Scope, node: ast.Call, name: str, expected: Type | None) -> Expr:
    if name in scope.function.locals:
        return scope.error(codes.NOT_CALLABLE, node, name=name)
    match scope.module.symbols.get(name):
        case FunctionSymbol(function):
            return _function(scope, node, function.module, function.name)
        case TypeSymbol(type_):
            return _constructor(scope, node, name, type_)
        case BuiltinSymbol(builtin):
            return _builtin(scope, node, builtin, expected)
        case None:
            return scope.unknown_name(node.func, name)
    return scope.error(codes.NOT_CALLABLE, node, name=name)


def _function(scope: Scope, node: ast.Call, module: str, name: str) -> Expr:
    assert isinstance(node.func, ast.Name)
    symbol = scope.module.symbols[node.func.id]
    assert isinstance(symbol, FunctionSymbol)
    function = symbol.function
    names = [item.name for item in function.params]
    given = arguments(scope, node, names, name)
    if given is None:
        return Expr("unknown", UNKNOWN, scope.span(node))
    args = tuple(
        expressions.check_as(scope, given[item.name], item.type) for item in function.params
    )
    function_name = (module, name)
    scope.function.calls.append((module, name, scope.span(node)))
    return Expr("call", function.result, scope.span(node), args, function_name)


def arguments(
    scope: Scope, node: ast.Call, names: list[str], called: str
) -> dict[str, ast.expr] | None:
    """Arguments by parameter, positional first; None after a report."""
    if any(id(item) in scope.module.parsed.refused for item in node.keywords):
        return None
    given = dict(zip(names, node.args, strict=False))
    problems: list[str] = []
    if len(node.args) > len(names):
        problems.append(f"{len(node.args)} arguments for {len(names)} parameters")
    for item in node.keywords:
        if item.arg not in names:
            problems.append(f"no parameter `{item.arg}`")
        elif item.arg in given:
            problems.append(f"`{item.arg}` twice")
        else:
            given[str(item.arg)] = item.value
    missing = [name for name in names if name not in given]
    if missing:
        problems.append(f"missing {', '.join(f'`{name}`' for name in missing)}")
    if not problems:
        return given
    scope.error(codes.ARGUMENTS, node, what=f"call of `{called}`: {'; '.join(problems)}")
    return None


# --- types called ---


def _constructor(scope: Scope, node: ast.Call, name: str, type_: Type) -> Expr:
    span, before = scope.span(node), len(scope.reporter.diagnostics)
    match type_:
        case RecordType():
            return _record(scope, node, type_)
        case AmountType(scale=scale):
            return _number(scope, node, name, type_, scale)
        case FixedType(length=length):
            return _fixed(scope, node, name, type_, length)
        case StrType(None) if positional(scope, node, 1, name):
            value = expressions.check(scope, node.args[0])
            if isinstance(value.type, IntType):
                return Expr("text.from_int", STR, span, (value,))
            return coerce(scope, value, INT, node)
        case IntType() if positional(scope, node, 1, name):
            value = expressions.check(scope, node.args[0])
            if isinstance(value.type, StrType):
                return Expr("text.to_int", type_, span, (value,))
            return coerce(scope, value, type_, node)
    if type_ == UNKNOWN or len(scope.reporter.diagnostics) > before:
        return scope.unknown(node)
    return scope.error(codes.NOT_CALLABLE, node, name=name)


def _record(scope: Scope, node: ast.Call, type_: RecordType) -> Expr:
    if node.args:
        return scope.error(
            codes.ARGUMENTS, node.args[0], what=f"the fields of `{type_.name}` are named"
        )
    given = arguments(scope, node, [item.name for item in type_.fields], type_.name)
    if given is None:
        return Expr("unknown", type_, scope.span(node))
    args = tuple(expressions.check_as(scope, given[item.name], item.type) for item in type_.fields)
    return Expr("record", type_, scope.span(node), args)


def _number(scope: Scope, node: ast.Call, name: str, type_: Type, scale: int | None) -> Expr:
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
            text = ast.unparse(node.args[0]) if number >= 0 else str(number)
    if text is None:
        hint = f"from a computed number: `{name}.of(value, HALF_UP)` or `{name}.from_units(n)`"
        return scope.error(codes.CONSTANT, node.args[0], hint, what=f"`{name}(…)` takes a literal")
    try:
        parsed = decimal.Decimal(text.replace("_", ""))
    except decimal.InvalidOperation:
        return scope.error(codes.CONSTANT, node.args[0], what=f"{text!r} is not a number")
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


# --- methods ---


def _method(scope: Scope, node: ast.Call, value: ast.expr, attr: str) -> Expr:
    source = storage.view(scope, value)
    if source is not None:
        if attr == "as_of":
            whole = storage.view(scope, node)
            return storage.method(scope, whole or source, attr, node)
        return storage.method(scope, source, attr, node)
    if isinstance(value, ast.Name) and value.id not in scope.function.locals:
        symbol = scope.module.symbols.get(value.id)
        if isinstance(symbol, TypeSymbol):
            return _class_method(scope, node, symbol.type, attr)
    return methods.check(scope, node, expressions.check(scope, value), attr)


def _class_method(scope: Scope, node: ast.Call, type_: Type, attr: str) -> Expr:
    span, before = scope.span(node), len(scope.reporter.diagnostics)
    match type_, attr:
        case AmountType(), "of":
            return methods.rounded(scope, node, type_)
        case AmountType(), "from_units" if positional(scope, node, 1, attr):
            return Expr("from_raw", type_, span, (expressions.check_as(scope, node.args[0], INT),))
        case _, "of" if type_ == DATE and positional(scope, node, 3, attr):
            return _date(scope, node)
    if type_ == UNKNOWN or len(scope.reporter.diagnostics) > before:
        return scope.unknown(node)
    return scope.error(codes.ATTRIBUTE, node.func, owner=type_, name=attr)


def _date(scope: Scope, node: ast.Call) -> Expr:
    args = tuple(expressions.check_as(scope, item, INT) for item in node.args)
    if all(item.op == "const" for item in args):
        year, month, day = (int(str(item.data)) for item in args)
        try:
            days = (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days
        except ValueError:
            return scope.error(codes.RANGE, node, value="this day", expected="the calendar")
        return Expr("const", DATE, scope.span(node), (), days)
    return Expr("date.make", DATE, scope.span(node), args)


# --- functions of the language ---


def _builtin(scope: Scope, node: ast.Call, name: str, expected: Type | None) -> Expr:
    span = scope.span(node)
    if name in _CONTEXT:
        if not positional(scope, node, 0, name):
            return scope.unknown(node)
        return Expr(name, _CONTEXT[name], span)
    if name in _MICROSECONDS:
        return _duration(scope, node, name)
    if name == "Decimal":
        return _number(scope, node, name, INT, None)
    handler = _HANDLERS.get(name)
    if handler is None:
        return scope.error(codes.NOT_CALLABLE, node, name=name)
    return handler(scope, node, expected)


def _duration(scope: Scope, node: ast.Call, name: str) -> Expr:
    if not positional(scope, node, 1, name):
        return scope.unknown(node)
    span, factor = scope.span(node), _MICROSECONDS[name]
    count = expressions.check_as(scope, node.args[0], INT)
    if count.op == "const" and isinstance(count.data, int):
        value = count.data * factor
        if not -(1 << 63) <= value < 1 << 63:
            return scope.error(codes.RANGE, node, value=value, expected=DURATION)
        return Expr("const", DURATION, span, (), value)
    product = Expr("mul", INT, span, (count, Expr("const", INT, span, (), factor)))
    return Expr("from_raw", DURATION, span, (product,))


def failure_code(scope: Scope, node: ast.expr) -> tuple[str, int] | None:
    """The name and number of `Error.CODE`, which must be written out."""
    value = expressions.check(scope, node)
    if isinstance(value.type, EnumType) and value.type.code and value.op == "const":
        assert isinstance(value.data, int)
        names = {number: name for name, number in value.type.members}
        return names[value.data], value.data
    if value.type != UNKNOWN:
        scope.error(codes.NOT_CONSTANT, node, what="a failure code is named where it is used")
    return None


def _failure(
    scope: Scope, node: ast.Call, first: int
) -> tuple[tuple[str, int], tuple[Expr, ...]] | None:
    """The code at argument `first` and the details after it."""
    if len(node.args) <= first or node.keywords:
        scope.error(codes.ARGUMENTS, node, what="a failure names its code, then its details")
        return None
    code = failure_code(scope, node.args[first])
    details: list[Expr] = []
    for item in node.args[first + 1 :]:
        detail = expressions.check(scope, item)
        details.append(coerce(scope, detail, operators.widened(detail.type), item))
    return None if code is None else (code, tuple(details))


def _require(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if len(node.args) < 2:
        return scope.error(
            codes.ARGUMENTS, node, what="`require` takes a condition and a failure code"
        )
    condition = operators.condition(scope, node.args[0])[0]
    failure = _failure(scope, node, 1)
    if failure is None:
        return scope.unknown(node)
    return Expr("require", NONE, scope.span(node), (condition, *failure[1]), failure[0])


def _abort(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    failure = _failure(scope, node, 0)
    if failure is None:
        return Expr("unknown", NEVER, scope.span(node))
    return Expr("fail", NEVER, scope.span(node), failure[1], failure[0])


def _expect(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 2, "expect"):
        return scope.unknown(node)
    value = expressions.check(scope, node.args[0])
    code = failure_code(scope, node.args[1])
    if code is None or value.type == UNKNOWN:
        return scope.unknown(node)
    if not isinstance(value.type, OptionalType):
        return scope.error(
            codes.MISMATCH, node.args[0], expected="an optional value", found=value.type
        )
    return Expr("expect", value.type.item, scope.span(node), (value,), code)


def _emit(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    to = [item.value for item in node.keywords if item.arg == "to"]
    if len(node.args) != 1 or len(to) != 1 or len(node.keywords) != 1:
        return scope.error(codes.ARGUMENTS, node, what="`emit` takes an event and `to=`")
    event = expressions.check(scope, node.args[0])
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
    if known.addressees != addressees:
        return scope.error(
            codes.ADDRESSEES, to[0], what=f"`{event.type.name}` goes to others elsewhere"
        )
    return Expr("emit", NONE, scope.span(node), (event,), event.type.name)


def _addressees(
    scope: Scope, event: RecordType, node: ast.expr
) -> tuple[tuple[str, str | None], ...]:
    if not (isinstance(node, ast.Tuple) and node.elts):
        scope.error(codes.ADDRESSEES, node, what="the addressees are a tuple, at least one")
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
    what = f"`{ast.unparse(node)}` does not name a field of `{event.name}` of type Party"
    scope.error(codes.ADDRESSEES, node, what=what)
    return None


def _has_role(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "has_role"):
        return scope.unknown(node)
    role = expressions.check_as(scope, node.args[0], ROLE)
    if role.type != UNKNOWN and role.op != "const":
        return scope.error(
            codes.NOT_CONSTANT, node.args[0], what="a role is named where it is asked for"
        )
    return Expr("has_role", BOOL, scope.span(node), (), role.data)


def _has_signed(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "has_signed"):
        return scope.unknown(node)
    return Expr(
        "has_signed", BOOL, scope.span(node), (expressions.check_as(scope, node.args[0], PARTY),)
    )


def _digest(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "digest"):
        return scope.unknown(node)
    return Expr(
        "digest", HASH, scope.span(node), (expressions.check_as(scope, node.args[0], BYTES),)
    )


def _allocate(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 3, "allocate"):
        return scope.unknown(node)
    total = expressions.check(scope, node.args[0])
    weights = expressions.check_as(scope, node.args[1], ListType(INT))
    rule = expressions.check_as(scope, node.args[2], REMAINDER)
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
    value = expressions.check(scope, node.args[0])
    if isinstance(value.type, (StrType, BytesType, ListType, MapType)):
        return Expr("len", INT, scope.span(node), (value,))
    if value.type == UNKNOWN:
        return value
    return scope.error(codes.NOT_ITERABLE, node.args[0], found=value.type, what="has no length")


def _abs(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    if not positional(scope, node, 1, "abs"):
        return scope.unknown(node)
    value = expressions.check(scope, node.args[0])
    if isinstance(value.type, (IntType, DecimalType, AmountType, DurationType)):
        return Expr("abs", value.type, scope.span(node), (value,))
    if value.type == UNKNOWN:
        return value
    return scope.error(codes.OPERANDS, node, operator="abs", left="nothing", right=value.type)


def _min_max(name: str) -> Callable[[Scope, ast.Call, Type | None], Expr]:
    def handler(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
        if not positional(scope, node, 2, name):
            return scope.unknown(node)
        left, right = (expressions.check(scope, item) for item in node.args)
        if UNKNOWN in (left.type, right.type):
            return scope.unknown(node)
        target = operators.common(left, right)
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
    value = expressions.check_as(scope, node.args[0], StrType(1))
    zero = Expr("const", INT, scope.span(node), (), 0)
    return Expr("code_at", INT, scope.span(node), (value, zero))


def _copy(name: str) -> Callable[[Scope, ast.Call, Type | None], Expr]:
    def handler(scope: Scope, node: ast.Call, expected: Type | None) -> Expr:
        if not positional(scope, node, 1, name):
            return scope.unknown(node)
        value = expressions.check(scope, node.args[0], expected)
        if name == "sorted" and isinstance(value.type, ListType) and is_ordered(value.type.item):
            return Expr("list.sort", value.type, scope.span(node), (value,))
        if (name == "list" and isinstance(value.type, ListType)) or (
            name == "dict" and isinstance(value.type, MapType)
        ):
            return Expr("copy", value.type, scope.span(node), (value,))
        if name == "list" and isinstance(value.type, MapType):
            return Expr("dict.keys", ListType(value.type.key), scope.span(node), (value,))
        if value.type == UNKNOWN:
            return value
        return scope.error(
            codes.NOT_ITERABLE, node.args[0], found=value.type, what=f"does not go into `{name}`"
        )

    return handler


_HANDLERS: dict[str, Callable[[Scope, ast.Call, Type | None], Expr]] = {
    "abort": _abort,
    "abs": _abs,
    "allocate": _allocate,
    "dict": _copy("dict"),
    "digest": _digest,
    "emit": _emit,
    "expect": _expect,
    "has_role": _has_role,
    "has_signed": _has_signed,
    "len": _len,
    "list": _copy("list"),
    "max": _min_max("max"),
    "min": _min_max("min"),
    "ord": _ord,
    "require": _require,
    "sorted": _copy("sorted"),
}
