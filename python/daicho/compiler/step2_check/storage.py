"""Stored state in expressions: reading, writing, scanning, moving amounts."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from daicho.compiler import codes
from daicho.compiler.step2_check import holdings
from daicho.compiler.step2_check.arguments import asked, in_order, key_of, key_parts
from daicho.compiler.step2_check.convert import check_as, coerce
from daicho.compiler.step2_check.meeting import guarded, none_or_false
from daicho.compiler.step2_check.methods import no_default
from daicho.compiler.step2_check.scope import IndexSymbol, Scope, TableSymbol
from daicho.compiler.tree import Expr, IndexDecl, Scan, TableDecl
from daicho.compiler.types import (
    BOOL,
    INT,
    NONE,
    TIMESTAMP,
    Field,
    IntType,
    ListType,
    OptionalType,
    SnapshotType,
    Type,
)


@dataclass(frozen=True)
class View:
    """Stored state, now or as of a time, in its own order or an index's."""

    table: TableDecl
    time: Expr | None = None
    index: IndexDecl | None = None

    @property
    def name(self) -> str:
        """As the author names it."""
        return self.index.name if self.index is not None else self.table.name

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of its order."""
        return self.index.fields if self.index is not None else self.table.keys

    @property
    def holder(self) -> int:
        """The position of the column that names the compartment; -1 if none does."""
        if self.index is not None:
            return self.index.holder
        held = self.table.compartment in ("party", "register")
        return self.table.compartment_column if held else -1


def view(scope: Scope, node: ast.expr) -> View | None:
    """The state that `node` names, `table` or `table.as_of(time)`; None for anything else."""
    match node:
        case ast.Name(id=name) if name in scope.function.locals:
            kind = scope.function.locals[name]
            if isinstance(kind, SnapshotType):
                past = _declared(scope, kind.table)
                assert past is not None, kind.table
                return View(past.table, scope.check(node), past.index)
        case ast.Name(id=name):
            return _declared(scope, name)
        case ast.Call(func=ast.Attribute(value=inner, attr="as_of")):
            base = view(scope, inner)
            if base is not None:
                return View(base.table, _time(scope, node, base), base.index)
    return None


def _declared(scope: Scope, name: str) -> View | None:
    match scope.module.symbols.get(name):
        case TableSymbol(table):
            return View(table)
        case IndexSymbol(index):
            return View(index.table, None, index)
    return None


def _time(scope: Scope, node: ast.Call, base: View) -> Expr:
    if base.time is not None or base.table.kind not in ("table", "holdings"):
        return scope.error(codes.ATTRIBUTE, node, owner=base.name, name="as_of")
    if len(node.args) != 1 or node.keywords:
        return scope.error(codes.ARGUMENTS, node, what="`as_of` takes a time or a height")
    when = scope.check(node.args[0])
    if isinstance(when.type, IntType):
        height = coerce(scope, when, INT, node.args[0])
        return Expr("time_of", TIMESTAMP, scope.span(node), (height,))
    return coerce(scope, when, TIMESTAMP, node.args[0])


def method(scope: Scope, source: View, name: str, node: ast.Call) -> Expr:
    """`state.name(…)`."""
    table, kind = source.table, source.table.kind
    if name == "as_of" and source.time is not None:
        return Expr("snapshot", SnapshotType(source.name), scope.span(node), (source.time,))
    if source.index is not None and name != "scan":
        hint = "an index is scanned, `index.scan(value, …)`, now or `.as_of(…)`"
        return scope.error(codes.ATTRIBUTE, node, hint, owner=f"`{source.name}`", name=name)
    now = source.time is None
    if kind in ("table", "holdings") and name in ("get", "scan"):
        return _get(scope, source, node) if name == "get" else _scan(scope, source, node)
    if kind == "table" and now and name in ("insert", "put", "update"):
        return _write(scope, table, name, node)
    if kind == "table" and now and name == "delete":
        keys = key_of(scope, table, node.args, node)
        return _effect(
            scope, "write", node, Expr("table.delete", NONE, scope.span(node), keys, table.name)
        )
    if kind == "holdings" and now and name in holdings.METHODS:
        return holdings.method(scope, table, name, node)
    if kind == "map" and name == "get":
        if len(node.args) == 2:
            return no_default(scope, node)
        return _get(scope, source, node)
    if kind == "var" and name in ("get", "set"):
        return _var(scope, table, name, node)
    if kind == "holdings":
        hint = "balances change by issue, redeem, move, lock and unlock"
        if name == "at":
            hint = f"`at` names a place in issue, redeem, move, lock and unlock; {asked(table)}"
    else:
        hint = asked(table)
    hint = hint if now else "of the past there are `get`, `scan`, `[…]` and `in`"
    return scope.error(codes.ATTRIBUTE, node.func, hint, owner=f"`{table.name}`", name=name)


def subscript(scope: Scope, source: View, node: ast.Subscript) -> Expr:
    """`state[key]`: the row or value, which must be there."""
    table = source.table
    if table.kind == "var" or source.index is not None:
        hint = "use .get()" if table.kind == "var" else "use .scan(…), or the table itself"
        return scope.error(
            codes.NOT_ITERABLE, node, hint, found=f"`{source.name}`", what="has no keys"
        )
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    keys = key_of(scope, table, parts, node)
    op = "map.get" if table.kind == "map" else "table.get"
    return _read(scope, source, node, op, _value(table), keys)


def contains(scope: Scope, source: View, node: ast.expr, key: ast.expr) -> Expr:
    """`key in state`."""
    if source.table.kind == "var" or source.index is not None:
        return scope.error(
            codes.NOT_ITERABLE, node, found=f"`{source.name}`", what="has no members"
        )
    parts = key.elts if isinstance(key, ast.Tuple) else [key]
    keys = key_parts(scope, source.table, parts, node)
    return _read(scope, source, node, "table.has", BOOL, keys, time_first=False)


def set_item(scope: Scope, table: TableDecl, node: ast.Subscript, value: ast.expr) -> Expr:
    """`map[key] = value`."""
    if table.kind != "map":
        hint = f"write `{table.name}.put(row)`; the row has its key"
        return scope.error(codes.TABLE, node, hint, what=f"rows of `{table.name}` are not assigned")
    key = check_as(scope, node.slice, table.keys[0].type)
    stored = check_as(scope, value, table.values[0].type)
    return _effect(
        scope, "write", node, Expr("map.put", NONE, scope.span(node), (key, stored), table.name)
    )


def delete_item(scope: Scope, table: TableDecl, node: ast.Subscript) -> Expr:
    """`del map[key]`: the key must be there."""
    if table.kind != "map":
        hint = f"write `{table.name}.delete({', '.join(item.name for item in table.keys)})`"
        return scope.error(
            codes.TABLE, node, hint, what=f"`del` is for maps, `{table.name}` is not one"
        )
    key = check_as(scope, node.slice, table.keys[0].type)
    return _effect(
        scope, "write", node, Expr("map.delete", NONE, scope.span(node), (key,), table.name)
    )


# --- parts ---


def _effect(scope: Scope, kind: str, node: ast.AST, value: Expr) -> Expr:
    scope.effect(kind, node)
    return value


def _value(table: TableDecl) -> Type:
    return table.values[0].type if table.kind == "map" else table.row


def _read(
    scope: Scope,
    source: View,
    node: ast.AST,
    op: str,
    type_: Type,
    keys: tuple[Expr, ...],
    time_first: bool = True,
) -> Expr:
    """One row by its key. The time stands last; `as_of(time)` is written before a key, or after.

    A key that does not fit its column is there nowhere.
    """
    values, written = keys, list(range(len(keys)))
    places = tuple(item.type for item in source.table.keys)
    if source.time is not None:
        values, places = (*keys, source.time), (*places, source.time.type)
        written.insert(0 if time_first else len(keys), len(keys))
    span, data = scope.span(node), (source.table.name, source.time is not None)
    value = guarded(
        scope,
        node,
        values,
        places,
        written,
        lambda args: Expr(op, type_, span, args, data),
        lambda _, value: none_or_false(type_, value),
    )
    return _effect(scope, "read", node, value)


def _no_keywords(scope: Scope, node: ast.Call) -> None:
    for item in node.keywords:
        scope.error(codes.ARGUMENTS, item, what=f"there is no option `{item.arg}`")


def _get(scope: Scope, source: View, node: ast.Call) -> Expr:
    _no_keywords(scope, node)
    keys = key_parts(scope, source.table, node.args, node)
    op = "map.find" if source.table.kind == "map" else "table.find"
    result = _value(source.table)
    result = result if isinstance(result, OptionalType) else OptionalType(result)
    return _read(scope, source, node, op, result, keys)


def _write(scope: Scope, table: TableDecl, name: str, node: ast.Call) -> Expr:
    if len(node.args) != 1 or node.keywords:
        made = table.row.name if name != "update" else "row.replace"
        hint = f"the row has its key: `{table.name}.{name}({made}(…))`"
        return scope.error(codes.ARGUMENTS, node, hint, what=f"`{name}` takes one row")
    row = check_as(scope, node.args[0], table.row)
    return _effect(
        scope, "write", node, Expr(f"table.{name}", NONE, scope.span(node), (row,), table.name)
    )


def _var(scope: Scope, table: TableDecl, name: str, node: ast.Call) -> Expr:
    _no_keywords(scope, node)
    type_ = table.values[0].type
    if name == "get":
        if node.args:
            return scope.error(codes.ARGUMENTS, node, what="`get` of a Var takes nothing")
        initial = table.initial
        assert initial is not None
        return _effect(
            scope, "read", node, Expr("var.get", type_, scope.span(node), (initial,), table.name)
        )
    if len(node.args) != 1:
        return scope.error(codes.ARGUMENTS, node, what="`set` takes one value")
    value = check_as(scope, node.args[0], type_)
    return _effect(
        scope, "write", node, Expr("var.set", NONE, scope.span(node), (value,), table.name)
    )


# --- scans ---

SCAN_OPTIONS = ("lo", "hi", "after", "time", "limit")
"""What stands after the prefix in a scan of the typed tree, in this order."""


def _scan(scope: Scope, source: View, node: ast.Call) -> Expr:
    options = {str(item.arg): item.value for item in node.keywords}
    for item in node.keywords:
        if item.arg not in ("lo", "hi", "after", "limit"):
            return scope.error(codes.ARGUMENTS, item, what=f"`scan` has no option `{item.arg}`")
    columns, count = source.columns, len(node.args)
    if count > len(columns) or (count == len(columns) and _goes_on(source, options)):
        return scope.error(
            codes.ARGUMENTS, node, what=f"the order of `{source.name}` has {len(columns)} columns"
        )
    if count <= source.holder:
        column = columns[source.holder].name
        prefix = ", ".join(item.name for item in columns[: source.holder + 1])
        hint = f"write `{source.name}.scan({prefix})`, with the values of these columns"
        return scope.error(codes.SCAN_PREFIX, node, hint, table=source.name, column=column)
    given = {f"{at}": check_as(scope, item, columns[at].type) for at, item in enumerate(node.args)}
    wanted: dict[str, Type] = {"after": OptionalType(source.table.row), "limit": INT}
    if count < len(columns):
        wanted |= {"lo": columns[count].type, "hi": columns[count].type}
    for name, option in options.items():
        given[name] = check_as(scope, option, wanted[name])
    if source.time is not None:
        given = {"time": source.time, **given}
    type_, span = ListType(source.table.row), scope.span(node)
    places = [name for name in (*map(str, range(count)), *SCAN_OPTIONS) if name in given]
    data, args = _scan_data(source, count, options), tuple(given[name] for name in places)
    written = [places.index(name) for name in given]
    value = in_order(scope, args, written, lambda args: Expr("scan", type_, span, args, data))
    return _effect(scope, "read", node, value)


def _goes_on(source: View, options: dict[str, ast.expr]) -> bool:
    """Whether the options speak of a column after the prefix."""
    after = "after" in options and source.index is None  # rows of an index go on by their key
    return "lo" in options or "hi" in options or after


def _scan_data(source: View, count: int, options: dict[str, ast.expr]) -> Scan:
    return Scan(
        source.table.name,
        count,
        lo="lo" in options,
        hi="hi" in options,
        after="after" in options,
        time=source.time is not None,
        limit="limit" in options,
        index=source.index.name if source.index is not None else "",
    )
