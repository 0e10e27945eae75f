"""Expressions: push their value on the stack, left to right."""

from __future__ import annotations

from collections.abc import Callable

from daicho.compiler.diagnostics import InternalError
from daicho.compiler.ir import Const
from daicho.compiler.step2_check.limits import LIST_NEW_MAX
from daicho.compiler.step3_lower import effects, holdings, state
from daicho.compiler.step3_lower.builder import Builder, stored_row
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DIGITS_MAX,
    HASH,
    INT,
    AmountType,
    BoolType,
    BytesType,
    DateType,
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
    TimestampType,
    Type,
)

_ROUND_EXACT = 0
_NUMERIC = (IntType, DecimalType, AmountType)
_RAW = (*_NUMERIC, TimestampType, DateType, DurationType, EnumType)
_TEXT = (StrType, BytesType)
_SAME_TYPE = (
    "add", "sub", "mul", "floordiv", "mod", "pow", "bit_and", "bit_or", "bit_xor", "shl", "shr",
    "eq", "ne", "lt", "le", "gt", "ge", "min", "max", "neg", "abs", "invert", "raw",
    "list.get", "list.contains", "list.sort", "list.concat", "unwrap", "is_some", "code_at",
    "random",
)  # fmt: skip
"""Operations whose one immediate is the type of their first operand."""
_PLAIN = {
    "not": "not",
    "sender": "ctx.sender",
    "height": "ctx.height",
    "now": "ctx.time",
    "tx_id": "ctx.tx_id",
    "has_signed": "ctx.signed",
    "hash.below": "hash.below",
    "time_of": "ctx.time_of",
    "timer.cancel": "timer.cancel",
    **{name: name for name in ("ts.add", "ts.sub", "ts.diff", "ts.date")},
    **{name: name for name in ("date.ts", "date.add", "date.diff", "date.make", "date.add_months")},
}
"""Operations without an immediate."""
_DATE_PARTS = {
    "date.year": 0,
    "date.month": 1,
    "date.day": 2,
    "date.weekday": 3,
    "date.day_of_year": 4,
    "date.days_in_month": 5,
}


def push(builder: Builder, value: Expr) -> None:
    """Write the code that leaves `value` on the stack."""
    handler = _HANDLERS.get(value.op)
    if handler is None:
        raise InternalError(f"expression {value.op}")
    handler(builder, value)


def _plain(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit(_PLAIN[value.op])


def _date_part(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("date.part", _DATE_PARTS[value.op])


def _const(builder: Builder, value: Expr) -> None:
    data, type_ = value.data, value.type
    if isinstance(type_, BoolType):
        builder.emit("push.bool", int(bool(data)))
    elif isinstance(type_, EnumType):
        numbers = [number for _, number in type_.members]
        builder.emit("push.int", type_, numbers.index(int(str(data))))
    elif isinstance(type_, _RAW):
        assert isinstance(data, int)
        builder.push_int(type_, data)
    else:
        assert isinstance(type_, (*_TEXT, FixedType)), type_
        builder.emit("const", Const(type_, data))


def _local(builder: Builder, value: Expr) -> None:
    builder.get(str(value.data))


def convert(builder: Builder, source: Type, target: Type, mode: int = _ROUND_EXACT) -> None:
    """Turn the value on the stack from `source` to `target`."""
    if isinstance(source, AmountType) and target == DecimalType(DIGITS_MAX, source.scale):
        return  # one type of the machine
    if isinstance(source, _NUMERIC) and isinstance(target, _NUMERIC):
        builder.emit("convert", source, target, mode)
    else:
        builder.emit("coerce", source, target)


def _convert(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    convert(builder, value.args[0].type, value.type)


def _round(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    convert(builder, value.args[0].type, value.type, int(str(value.data)))


def _mul_div(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    left, right = value.args
    builder.emit(value.op, left.type, right.type, value.type, value.data)


def _owner_type(op: str) -> Callable[[Builder, Expr], None]:
    def handler(builder: Builder, value: Expr) -> None:
        builder.push_all(value.args)
        builder.emit(op, value.args[0].type)

    return handler


def _result_type(op: str) -> Callable[[Builder, Expr], None]:
    def handler(builder: Builder, value: Expr) -> None:
        builder.push_all(value.args)
        builder.emit(op, value.type)

    return handler


def _and_or(builder: Builder, value: Expr) -> None:
    left, right = value.args
    builder.push(left)
    arms = builder.branch(BOOL)
    with arms.then():
        builder.push(right) if value.op == "and" else builder.emit("push.bool", 1)
    with arms.orelse():
        builder.push(right) if value.op == "or" else builder.emit("push.bool", 0)


def _if(builder: Builder, value: Expr) -> None:
    condition, then, orelse = value.args
    builder.push(condition)
    arms = builder.branch(value.type)
    with arms.then():
        builder.push(then)
    with arms.orelse():
        builder.push(orelse)


def _let(builder: Builder, value: Expr) -> None:
    bound, result = value.args
    builder.push(bound)
    builder.set(str(value.data))
    builder.push(result)


# --- text ---


def _concat(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("concat", value.args[0].type, value.args[1].type, value.type)


def _slice(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    owner = value.args[0].type
    if isinstance(owner, ListType):
        builder.emit("list.slice", owner)
    else:
        builder.emit("slice", owner, value.type)


def _char_at(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("code_at", value.args[0].type)
    builder.emit("from_code", value.type)


def _len(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    owner = value.args[0].type
    op = (
        "list.len"
        if isinstance(owner, ListType)
        else "map.len"
        if isinstance(owner, MapType)
        else "len"
    )
    builder.emit(op, owner)


def _two_types(op: str) -> Callable[[Builder, Expr], None]:
    def handler(builder: Builder, value: Expr) -> None:
        builder.push_all(value.args)
        other = value.args[-1].type if value.args[1:] else value.type
        builder.emit(op, value.args[0].type, other)

    return handler


def _text_contains(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("find", value.args[0].type, value.args[1].type)
    builder.emit("push.int", INT, 0)
    builder.emit("ge", INT)


def _digest(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    builder.emit("hash", BYTES if value.args[0].type == BYTES else value.args[0].type)
    assert value.type == HASH


# --- records, lists, maps ---


def _field(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    owner = value.args[0].type
    assert isinstance(owner, RecordType)
    builder.get_field(owner, str(value.data))


def _record(builder: Builder, value: Expr) -> None:
    record = value.type
    assert isinstance(record, RecordType)
    builder.push_all(value.args)
    if record.kind == "row":
        builder.emit("record.new", stored_row(record))
    builder.emit("record.new", record)


def _replace(builder: Builder, value: Expr) -> None:
    """A row's key columns are set first; the values are worked out as they are written."""
    record = value.type
    names = value.data
    assert isinstance(record, RecordType)
    assert isinstance(names, tuple)
    changes = list(zip(names, value.args[1:], strict=False))
    builder.push(value.args[0])
    keys = {item.name for item in record.fields if record.kind != "row" or item.key}
    outer = [(name, change) for name, change in changes if name in keys]
    inner = [(name, change) for name, change in changes if name not in keys]
    if inner and outer and outer + inner != changes:
        places: dict[str, Expr] = {}
        for name, change in changes:
            builder.push(change)
            place = builder.temporary(change.type)
            builder.set(place)
            places[name] = Expr("local", change.type, change.span, (), place)
        outer = [(name, places[name]) for name, _ in outer]
        inner = [(name, places[name]) for name, _ in inner]
    for name, change in outer:
        builder.push(change)
        builder.emit("record.set", record, record.index(name))
    if inner:
        _replace_stored(builder, record, inner)


def _replace_stored(builder: Builder, record: RecordType, changes: list[tuple[str, Expr]]) -> None:
    stored, last = stored_row(record), len(record.key_fields)
    builder.emit("dup")
    builder.emit("record.get", record, last)
    for name, change in changes:
        builder.push(change)
        builder.emit("record.set", stored, stored.index(name))
    builder.emit("record.set", record, last)


def _item(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])
    builder.emit("record.get", value.args[0].type, value.data)


def _list(builder: Builder, value: Expr) -> None:
    """The first elements at once, further ones of a long list one by one."""
    for item in value.args[:LIST_NEW_MAX]:
        builder.push(item)
    builder.emit("list.new", value.type, len(value.args[:LIST_NEW_MAX]))
    for item in value.args[LIST_NEW_MAX:]:
        builder.push(item)
        builder.emit("list.push", value.type)


def _dict(builder: Builder, value: Expr) -> None:
    builder.emit("map.new", value.type)
    for key, item in zip(value.args[::2], value.args[1::2], strict=False):
        builder.push(key)
        builder.push(item)
        builder.emit("map.put", value.type)


def _copy(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])


def _allocate(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    total, weights = value.args
    builder.emit("allocate", total.type, weights.type, value.type, value.data)


def _list_pop(builder: Builder, value: Expr) -> None:
    """Take the list out of its local, put the shorter one back, leave its last item."""
    name = str(value.data)
    type_ = builder.code.locals[name]
    place = builder.temporary(value.type)
    builder.emit("local.take", name)
    builder.emit("list.pop", type_)
    builder.set(place)
    builder.set(name)
    builder.emit("local.take", place)


def _muldiv(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("muldiv", *(item.type for item in value.args), value.type, value.data)


def _year_fraction(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    assert isinstance(value.data, tuple)
    basis, mode = value.data
    builder.emit("day_fraction", basis, value.type, mode)


def _none(builder: Builder, value: Expr) -> None:
    assert isinstance(value.type, OptionalType)
    builder.emit("none", value.type)


_HANDLERS: dict[str, Callable[[Builder, Expr], None]] = {
    "allocate": _allocate,
    "and": _and_or,
    "char_at": _char_at,
    "concat": _concat,
    "const": _const,
    "convert": _convert,
    "copy": _copy,
    "dict": _dict,
    "dict.find": lambda builder, value: _map_find(builder, value),
    "dict.get": _owner_type("map.get"),
    "dict.has": _owner_type("map.has"),
    "dict.keys": lambda builder, value: _map_list(builder, value, "map.keys"),
    "dict.values": lambda builder, value: _map_list(builder, value, "map.values"),
    "digest": _digest,
    "div.round": _mul_div,
    "field": _field,
    "find": _two_types("find"),
    "from_raw": _result_type("from_raw"),
    "if": _if,
    "item": _item,
    "len": _len,
    "let": _let,
    "list": _list,
    "list.pop": _list_pop,
    "local": _local,
    "mul.round": _mul_div,
    "muldiv": _muldiv,
    "none": _none,
    "or": _and_or,
    "record": _record,
    "replace": _replace,
    "round": _round,
    "slice": _slice,
    "some": _result_type("some"),
    "starts_with": _two_types("starts_with"),
    "text.contains": _text_contains,
    "text.from_int": _two_types("from_int"),
    "text.to_int": _two_types("to_int"),
    "tuple": _result_type("record.new"),
    "year_fraction": _year_fraction,
    **{op: _owner_type(op) for op in _SAME_TYPE},
    **dict.fromkeys(_PLAIN, _plain),
    **dict.fromkeys(_DATE_PARTS, _date_part),
    **state.HANDLERS,
    **holdings.HANDLERS,
    **effects.HANDLERS,
}


def _map_find(builder: Builder, value: Expr) -> None:
    """`map.get(key)`: what is not there is none, and so is a none that is there."""
    owner = value.args[0].type
    assert isinstance(owner, MapType)
    optional = OptionalType(owner.value)
    builder.push_all(value.args)
    builder.emit("map.find", owner, optional)
    if optional == value.type:
        return
    found = builder.temporary(optional)
    builder.emit("local.tee", found)
    builder.emit("is_some", optional)
    arms = builder.branch(value.type)
    with arms.then():
        builder.get(found)
        builder.emit("unwrap", optional)
    with arms.orelse():
        builder.emit("none", value.type)


def _map_list(builder: Builder, value: Expr, op: str) -> None:
    builder.push_all(value.args)
    builder.emit(op, value.args[0].type, value.type)
