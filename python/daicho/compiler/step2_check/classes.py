"""Classes: records, rows, events, enums, failure codes and units."""

from __future__ import annotations

import ast
import re

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, shown
from daicho.compiler.step2_check.annotations import FIELDS_MAX, Annotations
from daicho.compiler.step2_check.scope import BuiltinSymbol, Module, TypeSymbol
from daicho.compiler.types import (
    DIGITS_MAX,
    UNKNOWN,
    AmountType,
    EnumType,
    Field,
    RecordType,
    Type,
    is_keyable,
    is_storable,
)

MEMBERS_MAX = 1_024
CODE_MIN = 1001
CODE_MAX = 65_535
_KINDS = {"Record": "record", "Row": "row", "Event": "event"}
_UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9_]*\Z")


class Classes:
    """Reads the classes of one module."""

    def __init__(self, module: Module, reporter: Reporter, annotations: Annotations) -> None:
        self.module = module
        self.reporter = reporter
        self.annotations = annotations

    def read(self, node: ast.ClassDef) -> Type:
        """The type a class declares; UNKNOWN after a report."""
        base = self._base(node)
        for decorator in node.decorator_list:
            if not self._is_refused(decorator):
                hint = "its base says what it is: `class Name(Record):`"
                self.reporter.error(
                    codes.DECORATOR, decorator, hint, what="a class has a decorator"
                )
        if base in _KINDS:
            return self._record(node, _KINDS[base])
        if base in ("Enum", "Code"):
            return self._enum(node, base == "Code")
        if base in ("Money", "Quantity"):
            return self._unit(node)
        return UNKNOWN

    def _base(self, node: ast.ClassDef) -> str:
        known = (*_KINDS, "Enum", "Code", "Money", "Quantity")
        if len(node.bases) == 1 and isinstance(node.bases[0], ast.Name):
            symbol = self.module.symbols.get(node.bases[0].id)
            if isinstance(symbol, BuiltinSymbol) and symbol.name in known:
                if node.keywords and symbol.name not in ("Money", "Quantity"):
                    self.reporter.error(
                        codes.CLASS_BASE, node.keywords[0], what="this class takes no options"
                    )
                return symbol.name
        if not any(self._is_refused(item) for item in node.bases):
            self.reporter.error(codes.CLASS_BASE, node, what=f"`{node.name}` is of no known kind")
        return ""

    def _is_refused(self, node: ast.expr) -> bool:
        """Whether a name is of an import that was refused."""
        callee = node.func if isinstance(node, ast.Call) else node
        name = callee.id if isinstance(callee, ast.Name) else ""
        return self.module.symbols.get(name) == TypeSymbol(UNKNOWN)

    def _lines(self, node: ast.ClassDef) -> list[ast.stmt]:
        """The body without its documentation and `...`."""
        kept: list[ast.stmt] = []
        for item in node.body:
            if not is_remark(item) and not isinstance(item, ast.Pass):
                kept.append(item)
        return kept

    def _record(self, node: ast.ClassDef, kind: str) -> Type:
        fields: list[Field] = []
        for line in self._lines(node):
            match line:
                case ast.AnnAssign(ast.Name(id=name), annotation, None, simple=1):
                    self._field(line, name, annotation, kind, fields)
                case ast.AnnAssign(value=ast.expr() as value):
                    hint = "give every field where the record is made"
                    self.reporter.error(
                        codes.CLASS_BODY, value, hint, what="a field has no default"
                    )
                case ast.FunctionDef(name=name):
                    what = f"`{name}` is a method, and classes have none"
                    hint = f"write a function: `def {name}(of: {node.name}, …)`"
                    self.reporter.error(codes.CLASS_BODY, line, hint, what=what)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    what, hint = f"`{name}` has a value and no type", f"write `{name}: Type`"
                    self.reporter.error(codes.CLASS_BODY, line, hint, what=what)
                case _:
                    self.reporter.error(
                        codes.CLASS_BODY, line, what="this cannot stand in a record"
                    )
        if len(fields) > FIELDS_MAX:
            self.reporter.error(codes.LIMIT, node, what=f"a record has at most {FIELDS_MAX} fields")
        if not self._lines(node):
            what, hint = f"`{node.name}` has no fields", "give it one, `name: Type`"
            self.reporter.error(codes.CLASS_BODY, node, hint, what=what)
            return UNKNOWN
        return RecordType(self.module.name, node.name, kind, tuple(fields))

    def _field(
        self, line: ast.AnnAssign, name: str, annotation: ast.expr, kind: str, fields: list[Field]
    ) -> None:
        is_key = kind == "row" and self.annotations.is_key(annotation)
        type_ = (
            self.annotations.read_column(annotation)
            if is_key
            else self.annotations.read(annotation)
        )
        if any(item.name == name for item in fields):
            self.reporter.error(codes.DUPLICATE, line, name=name)
        if is_key and any(not item.key for item in fields):
            self.reporter.error(codes.KEY_COLUMN, line, what="key columns come first")
        if is_key and type_ != UNKNOWN and not is_keyable(type_):
            self.reporter.error(codes.KEY_COLUMN, annotation, what=f"{type_} cannot be a key")
        if kind in ("row", "event") and type_ != UNKNOWN and not is_storable(type_):
            self.reporter.error(codes.UNBOUNDED, annotation, what=f"{type_}")
        fields.append(Field(name, type_, is_key))

    def _enum(self, node: ast.ClassDef, is_code: bool) -> Type:
        members: list[tuple[str, int]] = []
        lines = self._lines(node)
        if len(lines) > MEMBERS_MAX:
            what = f"an enum has at most {MEMBERS_MAX} members"
            self.reporter.error(codes.LIMIT, node, what=what)
            return UNKNOWN
        for line in lines:
            match line:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if (
                    type(value) is int
                ):
                    self._member(line, name, value, is_code, members)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    what = f"`{shown(value)}` is not the number of a member"
                    first = f"{name} = {CODE_MIN if is_code else len(members)}"
                    self.reporter.error(codes.CLASS_BODY, value, f"write `{first}`", what=what)
                    members.append((name, CODE_MIN if is_code else len(members)))
                case _:
                    self.reporter.error(codes.CLASS_BODY, line, what="this cannot stand in an enum")
        if not members:
            self.reporter.error(codes.CLASS_BODY, node, what=f"`{node.name}` has no members")
            return UNKNOWN
        return EnumType(self.module.name, node.name, tuple(members), is_code)

    def _member(
        self, line: ast.stmt, name: str, value: int, is_code: bool, members: list[tuple[str, int]]
    ) -> None:
        if any(item == name for item, _ in members):
            self.reporter.error(codes.DUPLICATE, line, name=name)
        elif is_code and not (CODE_MIN <= value <= CODE_MAX and _UPPER_SNAKE.match(name)):
            self.reporter.error(
                codes.CODE_VALUES, line, what=f"{name} = {value} is not a failure code"
            )
        elif is_code and any(number == value for _, number in members):
            self.reporter.error(codes.CODE_VALUES, line, what=f"{value} is taken")
        elif not is_code and value != len(members):
            what = f"{name} stands at {len(members)} and says {value}"
            self.reporter.error(codes.ENUM_VALUES, line, what=what)
        members.append((name, value))

    def _unit(self, node: ast.ClassDef) -> Type:
        for line in self._lines(node):
            self.reporter.error(codes.CLASS_BODY, line, what="this cannot stand in a unit")
        match node.keywords:
            case [ast.keyword(arg="scale", value=ast.Constant(value=scale))] if type(scale) is int:
                if 0 <= scale < DIGITS_MAX:
                    return AmountType(self.module.name, node.name, scale)
        if any(id(item) in self.module.parsed.refused for item in node.keywords):
            return UNKNOWN
        what = f"`{node.name}` needs `scale=`, its decimal places, from 0 to {DIGITS_MAX - 1}"
        self.reporter.error(codes.CLASS_BASE, node, what=what)
        return UNKNOWN


def is_remark(node: ast.stmt) -> bool:
    """Whether a statement is a documentation text or `...`."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return False
    return isinstance(node.value.value, str) or node.value.value is Ellipsis
