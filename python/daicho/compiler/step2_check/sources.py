"""Declarations that name where else rows come from: indexes and oracles' feeds."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.scope import BuiltinSymbol, TableSymbol
from daicho.compiler.step2_check.tables import KEY_COLUMNS_MAX, Tables
from daicho.compiler.tree import FeedDecl, IndexDecl, TableDecl
from daicho.compiler.types import UNKNOWN, OptionalType, Type, is_keyable, is_storable

FEED_MAX = 65_535
"""The greatest number of a feed."""


def read_index(
    tables: Tables, name: str, annotation: ast.expr | None, call: ast.Call
) -> IndexDecl | None:
    """`name = Index(table, Row.column, …)`; None after a report."""
    reporter, before = tables.reporter, len(tables.reporter.diagnostics)
    if annotation is not None:
        reporter.error(codes.INDEX, annotation, what="an index is declared without a type")
    for item in call.keywords:
        reporter.error(codes.INDEX, item, what=f"there is no option `{item.arg}`")
    table = _table(tables, call)
    if table is None:
        return None
    if not 1 <= len(call.args) - 1 <= KEY_COLUMNS_MAX:
        what = f"an index has 1 to {KEY_COLUMNS_MAX} columns"
        reporter.error(codes.INDEX, call, what=what)
    columns = [_column(tables, table, item) for item in call.args[1:]]
    if len(reporter.diagnostics) > before:
        return None
    _says_compartment(tables, table, columns, call)
    if len(reporter.diagnostics) > before:
        return None
    return IndexDecl(name, table, tuple(columns))


def _table(tables: Tables, call: ast.Call) -> TableDecl | None:
    first = call.args[0] if call.args else call
    symbol = tables.module.symbols.get(first.id) if isinstance(first, ast.Name) else None
    if isinstance(symbol, TableSymbol) and symbol.table.kind in ("table", "holdings"):
        return symbol.table
    what = f"`{shown(first)}` is not a Table or Holdings of this contract"
    tables.reporter.error(codes.INDEX, first, what=what)
    return None


def _column(tables: Tables, table: TableDecl, node: ast.expr) -> str:
    position = tables.column(table.row, node)
    if position < 0:
        what = f"`{shown(node)}` is not a column of `{table.row.name}`"
        tables.reporter.error(codes.INDEX, node, what=what)
        return ""
    field = table.row.fields[position]
    if table.kind == "holdings" and not field.key:
        what = f"`{field.name}` is a balance, and holdings are ordered by key columns only"
        tables.reporter.error(codes.INDEX, node, what=what)
    elif not is_keyable(field.type):
        tables.reporter.error(codes.INDEX, node, what=f"{field.type} has no order in a key")
    return field.name


def _says_compartment(tables: Tables, table: TableDecl, columns: list[str], call: ast.Call) -> None:
    if len(set(columns)) != len(columns):
        tables.reporter.error(codes.INDEX, call, what="a column stands twice")
    if table.compartment in ("party", "register"):
        holder = table.keys[table.compartment_column].name
        if holder not in columns:
            what = f"the index does not name `{holder}`, the column of the compartment"
            tables.reporter.error(codes.INDEX, call, what=what)


def read_feed(
    annotations: Annotations, name: str, annotation: ast.expr | None, call: ast.Call
) -> FeedDecl | None:
    """`name: Feed[Type] = Feed(number)`; None after a report."""
    reporter = annotations.reporter
    if not (isinstance(annotation, ast.Subscript) and _is_feed(annotations, annotation.value)):
        what = f"a feed is declared with its type, `{name}: Feed[…] = Feed(number)`"
        reporter.error(codes.FEED, call, what=what)
        return None
    type_ = annotations.read(annotation.slice)
    number = _number(annotations, call)
    return FeedDecl(name, number, type_) if _readable(annotations, annotation, type_) else None


def _is_feed(annotations: Annotations, node: ast.expr) -> bool:
    symbol = annotations.module.symbols.get(node.id) if isinstance(node, ast.Name) else None
    return symbol == BuiltinSymbol("Feed")


def _number(annotations: Annotations, call: ast.Call) -> int:
    match call:
        case ast.Call(args=[ast.Constant(value=int(number))], keywords=[]):
            if type(number) is int and 1 <= number <= FEED_MAX:
                return number
    what = f"a feed's number is a literal from 1 to {FEED_MAX}"
    annotations.reporter.error(codes.FEED, call, what=what)
    return 0


def _readable(annotations: Annotations, node: ast.AST, type_: Type) -> bool:
    if type_ == UNKNOWN:
        return False
    if isinstance(type_, OptionalType):
        annotations.reporter.error(codes.FEED, node, what="a reading is there or it is not")
    elif not is_storable(type_):
        annotations.reporter.error(codes.UNBOUNDED, node, what=f"a reading, {type_},")
    else:
        return True
    return False
