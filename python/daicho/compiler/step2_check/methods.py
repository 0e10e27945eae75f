"""Methods of values: decimals, records, texts, maps, times."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.hints import between
from daicho.compiler.step2_check.arguments import arguments, positional
from daicho.compiler.step2_check.convert import check_as
from daicho.compiler.step2_check.meeting import guarded, none_or_false
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DIGITS_MAX,
    INT,
    ROUNDING,
    STR,
    TIMESTAMP,
    UNKNOWN,
    AmountType,
    BytesType,
    DateType,
    DecimalType,
    FixedType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TimestampType,
    Type,
)

CHANGES = {
    "list": ("append", "extend", "insert", "reverse", "sort"),
    "dict": (),
}
"""Methods that change a local in place; statements handles them."""


def check(scope: Scope, node: ast.Call, owner: Expr, name: str) -> Expr:
    """`owner.name(…)`."""
    assert isinstance(node.func, ast.Attribute)
    span, before = scope.span(node), len(scope.reporter.diagnostics)
    if owner.type == UNKNOWN:
        return owner
    if isinstance(owner.type, OptionalType):
        scope.may_be_none(node.func.value)
        owner = Expr("unwrap", owner.type.item, owner.span, (owner,))  # go on as if it were there
    match owner.type, name:
        case DecimalType(), "round":
            return _round(scope, node, owner)
        case DecimalType(), "div":
            return _div(scope, node, owner)
        case DecimalType(), "to_int":
            return _to_int(scope, node, owner)
        case RecordType() as record, "replace":
            return _replace(scope, node, owner, record)
        case StrType(), "encode" if positional(scope, node, 0, name):
            return Expr("convert", BYTES, span, (owner,))
        case ((StrType() | BytesType()), ("startswith" | "find")):
            return _search(scope, node, owner, name)
        case MapType(key, _), "get" if len(node.args) == 2:
            return no_default(scope, node)
        case MapType(key, value), "get" if positional(scope, node, 1, name):
            return _find(scope, node, owner, key, value)
        case MapType(key, value), ("keys" | "values") if positional(scope, node, 0, name):
            return Expr(f"dict.{name}", ListType(key if name == "keys" else value), span, (owner,))
        case FixedType("Hash"), "below" if positional(scope, node, 1, name):
            bound = check_as(scope, node.args[0], INT)
            return Expr("hash.below", INT, span, (owner, bound))
        case ListType(item), "pop" if positional(scope, node, 0, name):
            return _pop(scope, node, item)
        case TimestampType(), "date" if positional(scope, node, 0, name):
            return Expr("ts.date", DATE, span, (owner,))
        case DateType(), _ if name in ("plus", "plus_months", "days_since", "start"):
            return _date(scope, node, owner, name)
        case ListType(), _ if name in CHANGES["list"]:
            changed = node.func.value
            is_whole = scope.is_local(changed) and not _is_optional(scope, changed)
            named = (ast.Name, ast.Attribute, ast.Subscript)
            if isinstance(changed, named) and not is_whole:
                own_collection(scope, changed)
                return scope.unknown(node)
            hint = "write it in a line of its own; it gives nothing"
            what = f"`.{name}` inside an expression"
            return scope.error(codes.EXPRESSION, node, hint, what=what)
    if len(scope.reporter.diagnostics) > before:
        return scope.unknown(node)  # the method is there, its arguments are wrong
    return scope.no_attribute(node.func, owner.type)


def _find(scope: Scope, node: ast.Call, owner: Expr, key: Type, value: Type) -> Expr:
    """`map.get(key)`: None for a key that does not fit the map's, as no such key is there."""
    found = value if isinstance(value, OptionalType) else OptionalType(value)
    wanted, span = scope.check(node.args[0], key), scope.span(node)
    return guarded(
        scope,
        node.args[0],
        (owner, wanted),
        (owner.type, key),
        (0, 1),
        lambda args: Expr("dict.find", found, span, args),
        lambda _, value: none_or_false(found, value),
    )


def no_default(scope: Scope, node: ast.Call) -> Expr:
    """Report `get(key, default)`."""
    default = shown(node.args[1])
    hint = f"take what it gives into a name: `{default} if found is None else found`"
    return scope.error(codes.ARGUMENTS, node.args[1], hint, what="`get` takes no default")


def _pop(scope: Scope, node: ast.Call, item: Type) -> Expr:
    """`xs.pop()`: the last of a local list, which is then one shorter."""
    assert isinstance(node.func, ast.Attribute)
    name = own_collection(scope, node.func.value)
    if not name:
        return scope.unknown(node)
    names = [part for part in ast.walk(scope.statement) if isinstance(part, ast.Name)]
    if sum(part.id == name for part in names) > 1:
        what = f"`{name}` is changed and used in one statement"
        hint = "write the change in a line of its own"
        return scope.error(codes.SHARED_LIST, node, hint, what=what)
    return Expr("list.pop", item, scope.span(node), (), name)


def own_collection(scope: Scope, node: ast.expr) -> str:
    """The local list or map that `node` names, if it may be changed here; else ""."""
    if isinstance(node, ast.Name) and node.id in scope.module.symbols:
        hint = "a constant does not change; what is stored is a Map, a Table or a Var"
        scope.error(codes.ASSIGN_GLOBAL, node, hint, name=node.id)
        return ""
    if isinstance(node, ast.Subscript):
        text = shown(node)
        hint = f"change a copy and put it back: `mine = list({text})`, then `{text} = mine`"
        scope.error(codes.SHARED_LIST, node, hint, what=f"`{text}` is part of another value")
        return ""
    if not isinstance(node, ast.Name) or node.id not in scope.function.locals:
        hint = f"change a copy, `mine = list({shown(node)})`, and put it back by `replace`"
        scope.error(codes.IMMUTABLE, node, hint)
        return ""
    if node.id in scope.params:
        scope.error(
            codes.SHARED_LIST, node, what=f"the parameter `{node.id}` belongs to the caller"
        )
        return ""
    if _is_optional(scope, node):
        hint = f"what may be None does not change in place; give a copy a name: `list({node.id})`"
        scope.error(codes.OPTIONAL, node, hint)
        return ""
    return node.id


def _is_optional(scope: Scope, node: ast.expr) -> bool:
    """Whether a local may be None by its type, even where it is known to be there."""
    return isinstance(node, ast.Name) and isinstance(
        scope.function.locals.get(node.id), OptionalType
    )


def _date(scope: Scope, node: ast.Call, owner: Expr, name: str) -> Expr:
    span = scope.span(node)
    if not positional(scope, node, 0 if name == "start" else 1, name):
        return scope.unknown(node)
    if name == "start":
        return Expr("date.ts", TIMESTAMP, span, (owner,))
    if name == "days_since":
        return Expr("date.diff", INT, span, (owner, check_as(scope, node.args[0], DATE)))
    count = check_as(scope, node.args[0], INT)
    return Expr("date.add" if name == "plus" else "date.add_months", DATE, span, (owner, count))


def _search(scope: Scope, node: ast.Call, owner: Expr, name: str) -> Expr:
    if not positional(scope, node, 1, name):
        return scope.unknown(node)
    family: Type = STR if isinstance(owner.type, StrType) else BYTES
    other = check_as(scope, node.args[0], family)
    if name == "find":
        return Expr("find", INT, scope.span(node), (owner, other))
    return Expr("starts_with", BOOL, scope.span(node), (owner, other))


def _replace(scope: Scope, node: ast.Call, owner: Expr, record: RecordType) -> Expr:
    if node.args or not node.keywords:
        hint = f"write `replace({record.fields[0].name if record.fields else 'name'}=…)`"
        what = "`replace` names the fields that change"
        return scope.error(codes.ARGUMENTS, node, hint, what=what)
    names: list[str] = []
    values: list[Expr] = []
    for item in node.keywords:
        index = record.index(str(item.arg))
        if index < 0 or item.arg in names:
            hint = f"it has {', '.join(field.name for field in record.fields)}"
            what = f"`{record.name}` has no field `{item.arg}`, or it is given twice"
            scope.error(codes.ARGUMENTS, item, hint, what=what)
            continue
        names.append(str(item.arg))
        values.append(check_as(scope, item.value, record.fields[index].type))
    return Expr("replace", record, scope.span(node), (owner, *values), tuple(names))


# --- rounding ---


def rounding_mode(scope: Scope, node: ast.expr) -> int | None:
    """The number of a rounding mode, which must be written out."""
    value = check_as(scope, node, ROUNDING)
    if value.type == UNKNOWN:
        return None
    if value.op != "const" or not isinstance(value.data, int):
        scope.error(codes.NOT_CONSTANT, node, what="a rounding mode is named where it is used")
        return None
    return value.data


def rounded(scope: Scope, node: ast.Call, target: AmountType) -> Expr:
    """`JPY.of(decimal, MODE)`."""
    given = arguments(scope, node, ["value", "rounding"], f"{target.name}.of")
    if given is None:
        return scope.unknown(node)
    value = scope.check(given["value"])
    mode = rounding_mode(scope, given["rounding"])
    if mode is None or value.type == UNKNOWN:
        return Expr("unknown", target, scope.span(node))
    if not isinstance(value.type, DecimalType):
        hint = between(shown(given["value"]), value.type, target)
        return scope.error(
            codes.MISMATCH, given["value"], hint, expected="a Decimal", found=value.type
        )
    return Expr("round", target, scope.span(node), (value,), mode)


def literal_scale(scope: Scope, node: ast.expr) -> int | None:
    """The decimal places a literal says; None after a report."""
    match check_as(scope, node, INT):
        case Expr(op="const", data=int(scale)) if 0 <= scale <= DIGITS_MAX:
            return scale
        case Expr(type=type_) if type_ == UNKNOWN:
            return None
    scope.error(codes.NOT_CONSTANT, node, what=f"a scale is a literal from 0 to {DIGITS_MAX}")
    return None


def _round(scope: Scope, node: ast.Call, owner: Expr) -> Expr:
    given = arguments(scope, node, ["scale", "rounding"], "round")
    if given is None:
        return scope.unknown(node)
    scale, mode = literal_scale(scope, given["scale"]), rounding_mode(scope, given["rounding"])
    if scale is None or mode is None:
        return scope.unknown(node)
    return Expr("round", DecimalType(DIGITS_MAX, scale), scope.span(node), (owner,), mode)


def _to_int(scope: Scope, node: ast.Call, owner: Expr) -> Expr:
    """`value.to_int(MODE)`: the whole number."""
    given = arguments(scope, node, ["rounding"], "to_int")
    mode = rounding_mode(scope, given["rounding"]) if given is not None else None
    if mode is None:
        return Expr("unknown", INT, scope.span(node))
    return Expr("round", INT, scope.span(node), (owner,), mode)


def _div(scope: Scope, node: ast.Call, owner: Expr) -> Expr:
    given = arguments(scope, node, ["divisor", "scale", "rounding"], "div")
    if given is None:
        return scope.unknown(node)
    divisor = scope.check(given["divisor"])
    scale, mode = literal_scale(scope, given["scale"]), rounding_mode(scope, given["rounding"])
    if scale is None or mode is None or divisor.type == UNKNOWN:
        return scope.unknown(node)
    if not isinstance(divisor.type, (DecimalType, IntType)):
        return scope.error(
            codes.MISMATCH, given["divisor"], expected="a Decimal", found=divisor.type
        )
    return Expr(
        "div.round", DecimalType(DIGITS_MAX, scale), scope.span(node), (owner, divisor), mode
    )
