"""Type annotations: a piece of syntax that names a type."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, shown
from daicho.compiler.hints import INSTEAD
from daicho.compiler.step2_check.scope import BuiltinSymbol, Module, TypeSymbol, instead_of
from daicho.compiler.types import (
    DIGITS_MAX,
    NONE,
    PARTS_MAX,
    UNKNOWN,
    BytesType,
    DecimalType,
    ListType,
    MapType,
    OptionalType,
    StrType,
    TupleType,
    Type,
    depth_of,
    is_keyable,
)

LENGTH_MAX = 65_536
"""Items or characters any bounded type may have."""
FIELDS_MAX = 255
"""Fields of a record, items of a tuple."""
DEPTH_MAX = 13
"""Types within types; the machine has 16, some for rows and results of scans."""


class Annotations:
    """Reads annotations in the names of one module."""

    def __init__(self, module: Module, reporter: Reporter) -> None:
        self.module = module
        self.reporter = reporter

    def read(self, node: ast.expr) -> Type:
        """The type of values that `node` names; UNKNOWN after a report."""
        type_ = self._read(node)
        if type_ == NONE:
            return self._wrong(node, "None alone is no type of a value", "write `T | None`")
        if depth_of(type_) > DEPTH_MAX:
            self.reporter.error(codes.LIMIT, node, what=f"types nest at most {DEPTH_MAX} deep")
            return UNKNOWN
        return type_

    def _read(self, node: ast.expr) -> Type:
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                return self._optional(left)
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return self._generic(node, name, index)
            case ast.Attribute(value=ast.Name(id=name)):
                if self.module.symbols.get(name) == TypeSymbol(UNKNOWN):
                    return UNKNOWN  # of an import that was refused
        return self._wrong(node, "this does not name a type", _instead_of_type(node))

    def read_result(self, node: ast.expr) -> Type:
        """As `read`, where None may stand."""
        is_none = isinstance(node, ast.Constant) and node.value is None
        return NONE if is_none else self.read(node)

    def is_key(self, node: ast.expr) -> bool:
        """Whether `node` is `Key[…]`."""
        return isinstance(node, ast.Subscript) and self._builtin(node.value) == "Key"

    def read_column(self, node: ast.expr) -> Type:
        """As `read`, where `Key[…]` may stand."""
        if self.is_key(node):
            assert isinstance(node, ast.Subscript)
            return self.read(node.slice)
        return self.read(node)

    def _builtin(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            return ""
        symbol = self.module.symbols.get(node.id)
        return symbol.name if isinstance(symbol, BuiltinSymbol) else ""

    def _name(self, node: ast.expr, name: str) -> Type:
        symbol = self.module.symbols.get(name)
        if isinstance(symbol, TypeSymbol):
            return symbol.type
        if isinstance(symbol, BuiltinSymbol) and symbol.name == "Decimal":
            return self._bound(node, "Decimal as a type needs its digits")
        if name == "float":
            return self._wrong(node, "there is no floating point", INSTEAD[name])
        return self._wrong(node, f"`{name}` is not a type", self._instead(name))

    def _instead(self, name: str) -> str:
        """The hint for a name that is no type: a close one that is."""
        symbols = self.module.symbols
        types = [item for item in symbols if isinstance(symbols[item], TypeSymbol)]
        return "" if name in symbols else instead_of(name, types, "")

    def _optional(self, left: ast.expr) -> Type:
        item = self.read(left)
        if isinstance(item, OptionalType):
            return self._wrong(left, "an optional of an optional")
        return UNKNOWN if item == UNKNOWN else OptionalType(item)

    def _generic(self, node: ast.Subscript, name: str, index: ast.expr) -> Type:
        if self._builtin(node.value) == "Annotated":
            return self._annotated(node, index)
        if self._builtin(node.value) == "Key":
            return self._key_elsewhere(node)
        if self.module.symbols.get(name) == TypeSymbol(UNKNOWN):
            return UNKNOWN  # of an import that was refused
        match name, index:
            case "list", _:
                return ListType(self.read(index))
            case "dict", ast.Tuple(elts=[key, value]):
                return self._map(key, value)
            case "tuple", ast.Tuple(elts=items):
                return self._tuple(node, items)
        return self._wrong(node, f"`{shown(node)}` is not a type", self._instead(name))

    def _tuple(self, node: ast.expr, items: list[ast.expr]) -> Type:
        if not items:
            return self._wrong(node, "a tuple has at least one item")
        if len(items) > FIELDS_MAX:
            self.reporter.error(codes.LIMIT, node, what=f"a tuple has at most {FIELDS_MAX} items")
            return UNKNOWN
        made = TupleType(tuple(self.read(item) for item in items))
        if made.parts > PARTS_MAX:
            self.reporter.error(codes.LIMIT, node, what=f"a tuple holds at most {PARTS_MAX} values")
            return UNKNOWN
        return made

    def _map(self, key: ast.expr, value: ast.expr) -> Type:
        key_type = self.read(key)
        if key_type != UNKNOWN and not is_keyable(key_type):
            return self._wrong(key, f"{key_type} cannot be a key")
        return MapType(key_type, self.read(value))

    def _annotated(self, node: ast.expr, index: ast.expr) -> Type:
        if not (isinstance(index, ast.Tuple) and len(index.elts) == 2):
            return self._bound(node, "Annotated takes a type and one bound")
        base, bound = index.elts
        if not (isinstance(bound, ast.Call) and not bound.keywords):
            return self._bound(bound, "the bound is Digits(…) or MaxLen(…)")
        values = _numbers(bound.args)
        kind = self._builtin(bound.func)
        if self._builtin(base) == "Decimal":
            return self._decimal(bound, kind, values)
        return self._sized(base, bound, kind, values)

    def _decimal(self, node: ast.expr, kind: str, values: list[int]) -> Type:
        if kind != "Digits" or len(values) != 2:
            return self._bound(node, "a Decimal is bounded by Digits(precision, scale)")
        precision, scale = values
        if not (1 <= precision <= DIGITS_MAX and 0 <= scale <= precision):
            return self._bound(node, f"Digits({precision}, {scale}) is out of range")
        return DecimalType(precision, scale)

    def _sized(self, base: ast.expr, node: ast.expr, kind: str, values: list[int]) -> Type:
        if kind != "MaxLen" or len(values) != 1:
            return self._bound(node, "this type is bounded by MaxLen(length)")
        length = values[0]
        if not 1 <= length <= LENGTH_MAX:
            return self._bound(node, f"MaxLen({length}) is out of range")
        match self.read(base):
            case StrType(None):
                return StrType(length)
            case BytesType(None):
                return BytesType(length)
            case ListType(item, None):
                return ListType(item, length)
            case MapType(key, value, None):
                return MapType(key, value, length)
            case _ as other:
                return UNKNOWN if other == UNKNOWN else self._bound(base, f"{other} takes no bound")

    def _wrong(self, node: ast.AST, what: str, hint: str = "") -> Type:
        if id(node) not in self.module.parsed.refused:
            self.reporter.error(codes.NOT_A_TYPE, node, hint, what=what)
        return UNKNOWN

    def _bound(self, node: ast.AST, what: str) -> Type:
        self.reporter.error(codes.BOUND, node, what=what)
        return UNKNOWN

    def _key_elsewhere(self, node: ast.AST) -> Type:
        self.reporter.error(codes.KEY_COLUMN, node, what="`Key[…]` stands only in a Row")
        return UNKNOWN


def _numbers(nodes: list[ast.expr]) -> list[int]:
    """The numbers that are written there; none if anything else is among them."""
    literals = [item.value for item in nodes if isinstance(item, ast.Constant)]
    numbers = [value for value in literals if type(value) is int]
    return numbers if len(numbers) == len(nodes) else []


def _instead_of_type(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return f"write it without quotes: {text}"
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return f"write `{shown(right)} | None`"
        case ast.BinOp(op=ast.BitOr()):
            return "a value has one type; `T | None` is the one union there is"
    return ""
