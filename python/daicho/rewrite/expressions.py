"""Expressions of the typed tree as Python expressions.

Operators stay operators, with the check of the type's range around them; what
Python does not do as the language does is a call of one of `OPERATIONS`. Names
that begin with `%` are ours: no author can write one.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    DIGITS_MAX,
    STR,
    AmountType,
    BytesType,
    DateType,
    DecimalType,
    EnumType,
    IntType,
    ListType,
    MapType,
    RecordType,
    StrType,
    Type,
)
from daicho.rewrite import containers, dates, daycount, numbers, texts
from daicho.rewrite.faults import Trap

RUN = "%run"
"""The running transaction, in the globals of every program."""
OPERATIONS: dict[str, object] = {
    "%floordiv": numbers.floordiv, "%mod": numbers.mod, "%pow": numbers.power,
    "%shl": numbers.shift_left, "%shr": numbers.shift_right,
    "%convert": numbers.convert, "%mul.round": numbers.multiply, "%div.round": numbers.divide,
    "%muldiv": numbers.muldiv, "%allocate": numbers.allocate,
    "%ts.date": dates.day_of, "%date.ts": dates.start_of, "%date.add": dates.plus_days,
    "%date.diff": dates.days_between, "%date.make": dates.make,
    "%date.add_months": dates.plus_months, "%date.part": dates.part,
    "%text": texts.fit, "%text.convert": texts.convert, "%concat": texts.concat,
    "%code_at": texts.code_at, "%char_at": texts.char_at, "%find": texts.find,
    "%starts_with": texts.starts_with, "%text.to_int": texts.to_int, "%digest": texts.digest,
    "%from_code": texts.from_code,
    "%unwrap": containers.unwrap, "%replace": containers.replaced,
    "%list.get": containers.list_get, "%list.set": containers.list_set,
    "%list.append": containers.list_append, "%list.extend": containers.list_extend,
    "%list.insert": containers.list_insert, "%list.remove": containers.list_remove,
    "%list.pop": containers.list_pop, "%list.last": containers.list_last,
    "%bounded": containers.bounded, "%dict": containers.dict_of,
    "%dict.put": containers.dict_put, "%dict.delete": containers.dict_delete,
    "%dict.get": containers.dict_get, "%dict.find": containers.dict_find,
    "%contains": operator.contains,
    "%abs": abs, "%min": min, "%max": max, "%len": len, "%list": list, "%str": str,
    "%sorted": sorted, "%locals": locals, "%dict_copy": dict, "%Trap": Trap,
    "%hash.below": texts.below,
    "%year_fraction": daycount.year_fraction,
}  # fmt: skip


class Globals:
    """The global names of one program: operations, and constants given a name each."""

    def __init__(self) -> None:
        self.names: dict[str, object] = dict(OPERATIONS)
        self._by_type: dict[tuple[str, Type], str] = {}

    def add(self, value: object) -> ast.expr:
        """A constant that no literal writes."""
        name = f"%{len(self.names)}"
        self.names[name] = value
        return load(name)

    def of_type(self, kind: str, type_: Type, make: Callable[[Type], object]) -> ast.expr:
        """What `make` gives for a type, made once."""
        key = (kind, type_)
        if key not in self._by_type:
            name = self._by_type[key] = f"%{kind} {type_} {len(self.names)}"
            self.names[name] = make(type_)
        return load(self._by_type[key])


def load(name: str) -> ast.expr:
    """A name, read."""
    return ast.Name(name, ast.Load())


def call(operation: str, *args: ast.expr) -> ast.expr:
    """A call of one of ours."""
    return ast.Call(load(operation), list(args), [])


def on_run(method: str, *args: ast.expr) -> ast.expr:
    """A call of a method of the running transaction."""
    return ast.Call(ast.Attribute(load(RUN), method, ast.Load()), list(args), [])


def literal(value: object) -> ast.expr:
    """A Python constant, or a tuple of them."""
    if isinstance(value, tuple):
        return ast.Tuple([literal(item) for item in value], ast.Load())
    assert value is None or isinstance(value, (bool, int, str, bytes))
    return ast.Constant(value)


def type_of(names: Globals, type_: Type) -> ast.expr:
    """A type, as a constant."""
    return names.of_type("type", type_, lambda same: same)


def fit(names: Globals, type_: Type, value: ast.expr) -> ast.expr:
    """`value`, checked to lie in a number type."""
    return ast.Call(names.of_type("fit", type_, numbers.fitter), [value], [])


Rewrite = Callable[[Expr], ast.expr]
_OPERATORS: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult,
    "ts.add": ast.Add, "ts.sub": ast.Sub, "ts.diff": ast.Sub,
    "bit_and": ast.BitAnd, "bit_or": ast.BitOr, "bit_xor": ast.BitXor,
}  # fmt: skip
_CHECKED = ("floordiv", "mod", "pow", "shl", "shr")
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "eq": ast.Eq, "ne": ast.NotEq, "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE,
}  # fmt: skip
_UNARY: dict[str, type[ast.unaryop]] = {"neg": ast.USub, "invert": ast.Invert}
_AS_THEY_ARE = ("copy", "raw", "snapshot", "attempt.code")
_PLAIN = {
    "list.get", "dict.get", "code_at", "char_at", "find", "starts_with", "digest",
    "ts.date", "date.ts", "date.add", "date.diff", "date.make", "date.add_months", "from_code",
    "hash.below",
}  # fmt: skip
_PARTS = {
    name: number
    for number, name in enumerate(
        ("year", "month", "day", "weekday", "day_of_year", "days_in_month")
    )
}
_CONTAINS = ("list.contains", "text.contains", "dict.has")


def pure(names: Globals, value: Expr, push: Rewrite) -> ast.expr | None:
    """An expression that touches no state; None if it is none of those."""
    op, args = value.op, value.args
    if op == "const":
        return constant(names, value)
    if op == "local":
        return load(str(value.data))
    if op == "none":
        return literal(None)
    if op in _AS_THEY_ARE:
        return push(args[0])
    if op in _OPERATORS:
        made = ast.BinOp(push(args[0]), _OPERATORS[op](), push(args[1]))
        return fit(names, value.type, made)
    if op in _CHECKED:
        return fit(names, value.type, call(f"%{op}", *map(push, args)))
    if op in _COMPARISONS:
        return ast.Compare(push(args[0]), [_COMPARISONS[op]()], [push(args[1])])
    if op in _UNARY:
        return fit(names, value.type, ast.UnaryOp(_UNARY[op](), push(args[0])))
    if op in _PLAIN:
        return call(f"%{op}", *map(push, args))
    if op in _CONTAINS:
        return call("%contains", *map(push, args))
    return _logic(value, push) or _number(names, value, push) or _whole(names, value, push)


def constant(names: Globals, value: Expr) -> ast.expr:
    """A literal."""
    data, type_ = value.data, value.type
    if isinstance(type_, EnumType):
        numbers_ = [number for _, number in type_.members]
        return literal(numbers_.index(int(str(data))))
    if isinstance(type_, DateType):
        assert isinstance(data, int)
        return names.add(dates.from_days(data))
    return literal(data)


def _logic(value: Expr, push: Rewrite) -> ast.expr | None:
    args = value.args
    match value.op:
        case "and":
            return ast.BoolOp(ast.And(), [push(item) for item in args])
        case "or":
            return ast.BoolOp(ast.Or(), [push(item) for item in args])
        case "not":
            return ast.UnaryOp(ast.Not(), push(args[0]))
        case "if":
            return ast.IfExp(*(push(item) for item in args))
        case "is_some":
            return ast.Compare(push(args[0]), [ast.IsNot()], [literal(None)])
        case "attempt.ok":
            return ast.Compare(push(args[0]), [ast.Eq()], [literal(0)])
        case "list.pop":
            name = str(value.data)
            shorter = ast.NamedExpr(ast.Name(name, ast.Store()), call("%list.pop", load(name)))
            both = ast.Tuple([call("%list.last", load(name)), shorter], ast.Load())
            return ast.Subscript(both, literal(0), ast.Load())
        case "min" | "max" as op:
            return call(f"%{op}", *map(push, args))
        case "let":
            bound = ast.NamedExpr(ast.Name(str(value.data), ast.Store()), push(args[0]))
            both = ast.Tuple([bound, push(args[1])], ast.Load())
            return ast.Subscript(both, literal(1), ast.Load())
    return None


def _number(names: Globals, value: Expr, push: Rewrite) -> ast.expr | None:
    op, args = value.op, value.args
    match op:
        case "abs":
            return fit(names, value.type, call("%abs", push(args[0])))
        case "from_raw":
            return fit(names, value.type, push(args[0]))
        case "convert":
            return _convert(names, push(args[0]), args[0].type, value.type)
        case "round":
            source, to = (type_of(names, item) for item in (args[0].type, value.type))
            return call("%convert", push(args[0]), source, to, literal(value.data))
        case "mul.round" | "div.round" | "muldiv":
            types = names.add((*(item.type for item in args), value.type))
            return call(f"%{op}", *map(push, args), types, literal(value.data))
        case "year_fraction":
            assert isinstance(value.data, tuple)
            rest = (literal(value.data), type_of(names, value.type))
            return call("%year_fraction", *map(push, args), *rest)
        case "allocate":
            return call("%allocate", *map(push, args), literal(value.data))
        case "text.from_int":
            return call("%str", push(args[0]))
        case "text.to_int":
            return call("%text.to_int", push(args[0]), type_of(names, value.type))
    part = op.removeprefix("date.")
    if part != op and part in _PARTS:
        return call("%date.part", push(args[0]), literal(_PARTS[part]))
    return None


def _convert(names: Globals, value: ast.expr, source: Type, to: Type) -> ast.expr:
    if isinstance(source, AmountType) and to == DecimalType(DIGITS_MAX, source.scale):
        return value
    if isinstance(source, IntType) and isinstance(to, IntType):
        return fit(names, to, value)
    if isinstance(source, (DecimalType, AmountType)):
        return call("%convert", value, type_of(names, source), type_of(names, to))
    if isinstance(source, (StrType, BytesType)):
        return call("%text.convert", value, type_of(names, source), type_of(names, to))
    assert isinstance(to, (ListType, MapType)), (source, to)
    return call("%bounded", value, literal(to.length))


def _whole(names: Globals, value: Expr, push: Rewrite) -> ast.expr | None:
    """Texts, records, lists, maps, optionals."""
    args, type_ = value.args, value.type
    match value.op:
        case "concat":
            return call("%concat", push(args[0]), push(args[1]), type_of(names, type_))
        case "slice":
            return _slice(names, value, push)
        case "len":
            return call("%len", push(args[0]))
        case "some":
            return push(args[0])
        case "unwrap":
            return call("%unwrap", push(args[0]))
        case "field":
            assert isinstance(args[0].type, RecordType)
            at = args[0].type.index(str(value.data))
            return ast.Subscript(push(args[0]), literal(at), ast.Load())
        case "item":
            return ast.Subscript(push(args[0]), literal(value.data), ast.Load())
        case "record":
            made = ast.Tuple([push(item) for item in args], ast.Load())
            return ast.Call(_class(names, type_), [made], [])
        case "tuple":
            return ast.Tuple([push(item) for item in args], ast.Load())
        case "replace":
            return _replace(value, push)
        case "list":
            return ast.List([push(item) for item in args], ast.Load())
        case "list.sort":
            return call("%sorted", push(args[0]))
        case "list.concat":
            assert isinstance(type_, ListType)
            return call("%list.extend", *map(push, args), literal(type_.length))
    return _map(value, push)


def _class(names: Globals, type_: Type) -> ast.expr:
    def make(same: Type) -> object:
        assert isinstance(same, RecordType)
        return containers.record_class(same)

    return names.of_type("class", type_, make)


def _slice(names: Globals, value: Expr, push: Rewrite) -> ast.expr:
    owner, low, high = (push(item) for item in value.args)
    made = ast.Subscript(owner, ast.Slice(low, high), ast.Load())
    if isinstance(value.type, ListType):
        return made
    return call("%text", made, type_of(names, STR if value.type == STR else value.type))


def _replace(value: Expr, push: Rewrite) -> ast.expr:
    record, changed = value.type, value.data
    assert isinstance(record, RecordType)
    assert isinstance(changed, tuple)
    pairs: list[ast.expr] = [
        ast.Tuple([literal(record.index(name)), push(item)], ast.Load())
        for name, item in zip(changed, value.args[1:], strict=True)
    ]
    return call("%replace", push(value.args[0]), *pairs)


def _map(value: Expr, push: Rewrite) -> ast.expr | None:
    args, type_ = value.args, value.type
    match value.op:
        case "dict":
            assert isinstance(type_, MapType)
            pairs: list[ast.expr] = [
                ast.Tuple([push(key), push(item)], ast.Load())
                for key, item in zip(args[::2], args[1::2], strict=True)
            ]
            return call("%dict", ast.List(pairs, ast.Load()), literal(type_.length))
        case "dict.find":
            return call("%dict.find", *map(push, args))
        case "dict.keys":
            return call("%list", push(args[0]))
        case "dict.values":
            values = ast.Attribute(push(args[0]), "values", ast.Load())
            return call("%list", ast.Call(values, [], []))
    return None
