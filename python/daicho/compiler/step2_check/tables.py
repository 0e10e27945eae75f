"""Declarations of stored state, each with the compartment of its rows."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import START, Reporter, shown
from daicho.compiler.step2_check import expressions
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.convert import coerce
from daicho.compiler.step2_check.scope import BuiltinSymbol, Module, Scope, TypeSymbol
from daicho.compiler.tree import Expr, Function, TableDecl
from daicho.compiler.types import (
    NONE,
    PARTY,
    UNKNOWN,
    AmountType,
    Field,
    RecordType,
    Type,
    UnknownType,
    is_keyable,
    is_storable,
)

KEY_COLUMNS_MAX = 16
Column = tuple[str, int]
"""A compartment's kind and the index of the key column that names its holder."""


class Tables:
    """Reads the tables of one module."""

    def __init__(self, module: Module, reporter: Reporter, annotations: Annotations) -> None:
        self.module = module
        self.reporter = reporter
        self.annotations = annotations

    def read(
        self, node: ast.stmt, name: str, kind: str, annotation: ast.expr | None, call: ast.Call
    ) -> TableDecl | None:
        """One declaration; None after a report."""
        before = len(self.reporter.diagnostics)
        options = self._options(
            call,
            ("compartment", "per", "locked") if kind == "Holdings" else ("compartment",),
        )
        row = self._row(node, name, kind, annotation, call)
        if row is None:
            return None
        compartment, column = self._compartment(row, kind, options.get("compartment"), call)
        group = self._holdings(row, options.get("per"), call) if kind == "Holdings" else 0
        locked = self._locked(row, options["locked"]) if "locked" in options else ()
        initial = self._initial(row, call) if kind == "Var" else None
        if len(self.reporter.diagnostics) > before:
            return None
        return TableDecl(name, kind.lower(), row, compartment, column, group, initial, locked)

    def _wrong(self, node: ast.AST, what: str, hint: str = "") -> None:
        self.reporter.error(codes.TABLE, node, hint, what=what)

    def _options(self, call: ast.Call, known: tuple[str, ...]) -> dict[str, ast.expr]:
        options: dict[str, ast.expr] = {}
        for item in call.keywords:
            if item.arg in known:
                options[item.arg] = item.value
            else:
                self._wrong(item, f"there is no option `{item.arg}`")
        return options

    # --- rows ---

    def _row(
        self, node: ast.stmt, name: str, kind: str, annotation: ast.expr | None, call: ast.Call
    ) -> RecordType | None:
        if kind in ("Table", "Holdings"):
            return self._declared_row(annotation, call)
        if not (isinstance(annotation, ast.Subscript) and self._builtin(annotation.value) == kind):
            self._wrong(
                node, f"a {kind} is declared with its type, `{name}: {kind}[…] = {kind}(…)`"
            )
            return None
        if len(call.args) != (1 if kind == "Var" else 0):
            self._wrong(call, "a Var takes its initial value, a Map takes none")
            return None
        columns = self._columns(kind, annotation)
        for column in columns:
            if column.type != UNKNOWN and not is_storable(column.type):
                self.reporter.error(codes.UNBOUNDED, annotation, what=str(column.type))
            if column.key and not is_keyable(column.type):
                self.reporter.error(
                    codes.KEY_COLUMN, annotation, what=f"{column.type} cannot be a key"
                )
        return RecordType(self.module.name, f"{name}_row", "row", tuple(columns))

    def _columns(self, kind: str, annotation: ast.Subscript) -> list[Field]:
        match kind, annotation.slice:
            case "Map", ast.Tuple(elts=[key, value]):
                return [
                    Field("key", self.annotations.read(key), True),
                    Field("value", self.annotations.read(value)),
                ]
            case "Var", value:
                return [Field("value", self.annotations.read(value))]
        self._wrong(annotation, "a Map has a key and a value, a Var one value")
        return []

    def _declared_row(self, annotation: ast.expr | None, call: ast.Call) -> RecordType | None:
        if annotation is not None:
            self._wrong(annotation, "the row is named in the call")
        match call.args:
            case [ast.Name(id=name)]:
                symbol = self.module.symbols.get(name)
                type_ = symbol.type if isinstance(symbol, TypeSymbol) else None
                if isinstance(type_, RecordType) and type_.kind == "row":
                    return type_ if self._has_columns(call, type_) else None
                if type_ == UNKNOWN:
                    return None
        self._wrong(call, "a table is declared with its row, a class derived from Row")
        return None

    def _has_columns(self, node: ast.AST, row: RecordType) -> bool:
        if not row.key_fields:
            what = f"`{row.name}` has no key column, so its rows could not be told apart"
            first = row.fields[0].name if row.fields else "id"
            self._wrong(node, what, f"write the key first: `{first}: Key[…]`; one row is a Var")
            return False
        if not row.value_fields:
            self._wrong(node, f"`{row.name}` has only key columns", _only_keys(row))
            return False
        if len(row.key_fields) > KEY_COLUMNS_MAX:
            self.reporter.error(
                codes.LIMIT, node, what=f"a key has at most {KEY_COLUMNS_MAX} columns"
            )
            return False
        return True

    # --- compartments ---

    def _compartment(
        self, row: RecordType, kind: str, node: ast.expr | None, call: ast.Call
    ) -> Column:
        if node is None:
            self.reporter.error(codes.COMPARTMENT, call, what="the compartment is missing")
            return ("administrator", 0)
        match node:
            case ast.Name() if self._builtin(node) in ("PUBLIC", "ADMINISTRATOR"):
                return (self._builtin(node).lower(), 0)
            case ast.Call(func=func, args=[argument], keywords=[]):
                if self._builtin(func) in ("party", "register"):
                    return (self._builtin(func), self._holder(row, kind, argument))
        self.reporter.error(codes.COMPARTMENT, node, what=f"`{shown(node)}` is not a compartment")
        return ("administrator", 0)

    def _holder(self, row: RecordType, kind: str, node: ast.expr) -> int:
        column = self.column(row, node)
        if kind == "Map" and self._builtin(node) == "KEY":
            column = 0
        keys = row.key_fields
        if column < 0 or column >= len(keys) or keys[column].type != PARTY:
            what = f"`{shown(node)}` is not a key column of type Party"
            self.reporter.error(codes.COMPARTMENT, node, what=what)
            return 0
        return column

    def column(self, row: RecordType, node: ast.expr) -> int:
        """The index of `Row.column`; -1 for anything else."""
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=column):
                symbol = self.module.symbols.get(name)
                if isinstance(symbol, TypeSymbol) and symbol.type == row:
                    return row.index(column)
        return -1

    def _holdings(self, row: RecordType, per: ast.expr | None, call: ast.Call) -> int:
        amounts = {item.type for item in row.value_fields}
        if (UNKNOWN not in amounts and len(amounts) != 1) or not all(
            isinstance(item, (AmountType, UnknownType)) for item in amounts
        ):
            self.reporter.error(
                codes.HOLDINGS,
                call,
                what=f"the columns of `{row.name}` beside the key are not amounts of one unit",
            )
        group = self.column(row, per) if per is not None else -1
        if not 0 <= group < len(row.key_fields):
            self.reporter.error(
                codes.HOLDINGS, per or call, what="`per=` does not name a key column"
            )
            return 0
        return group

    def _locked(self, row: RecordType, node: ast.expr) -> tuple[int, ...]:
        """`locked=(Row.column, …)`: amounts, and at least one is left that is not."""
        items = node.elts if isinstance(node, ast.Tuple) else []
        found = [self.column(row, item) - len(row.key_fields) for item in items]
        if not found or any(item < 0 for item in found):
            what = f"`locked=` is not a tuple of amounts, `({row.name}.{_last(row)},)`"
            self.reporter.error(codes.HOLDINGS, node, what=what)
        elif len(set(found)) != len(found):
            self.reporter.error(codes.HOLDINGS, node, what="a column stands twice in `locked=`")
        elif len(found) == len(row.value_fields):
            what = f"every amount of `{row.name}` is locked, and there is none to lock"
            self.reporter.error(codes.HOLDINGS, node, what=what)
        return tuple(sorted(found))

    def _initial(self, row: RecordType, call: ast.Call) -> Expr | None:
        nobody = Function(self.module.name, "initial", (), NONE, "helper", START)
        scope = Scope(self.module, nobody, self.reporter, expressions.check)
        if not row.fields:
            return None
        target: Type = row.fields[0].type
        value = coerce(scope, scope.check(call.args[0], target), target, call.args[0])
        if value.op not in ("const", "none", "unknown"):
            self.reporter.error(
                codes.CONSTANT, call.args[0], what="the initial value is not a literal"
            )
        return value

    def _builtin(self, node: ast.expr) -> str:
        symbol = self.module.symbols.get(node.id) if isinstance(node, ast.Name) else None
        return symbol.name if isinstance(symbol, BuiltinSymbol) else ""


def _last(row: RecordType) -> str:
    return row.value_fields[-1].name


def _only_keys(row: RecordType) -> str:
    """The way out for a set: what is in it is stored with something that is true of it."""
    hint = f"give `{row.name}` a column that says something of the key, as `since: Timestamp`"
    match row.key_fields:
        case (only,):
            return f"{hint}; or write `members: Map[{only.type}, Bool] = Map(compartment=…)`"
    return hint
