"""Stored state in expressions: reading, writing, scanning, moving amounts."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check.convert import check_as, coerce
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
        keys = _keys(scope, table, node.args, node)
        return _effect(
            scope, "write", node, Expr("table.delete", NONE, scope.span(node), keys, table.name)
        )
    if kind == "holdings" and now and name in ("move", "issue", "redeem"):
        return _holdings(scope, table, name, node)
    if kind == "map" and name == "get":
        return _get(scope, source, node)
    if kind == "var" and name in ("get", "set"):
        return _var(scope, table, name, node)
    hint = "balances move by issue, redeem and move" if kind == "holdings" else ""
    return scope.error(codes.ATTRIBUTE, node, hint, owner=f"`{table.name}`", name=name)


def subscript(scope: Scope, source: View, node: ast.Subscript) -> Expr:
    """`state[key]`: the row or value, which must be there."""
    table = source.table
    if table.kind == "var" or source.index is not None:
        hint = "use .get()" if table.kind == "var" else "use .scan(…), or the table itself"
        return scope.error(
            codes.NOT_ITERABLE, node, hint, found=f"`{source.name}`", what="has no keys"
        )
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    keys = _keys(scope, table, parts, node)
    op = "map.get" if table.kind == "map" else "table.get"
    return _effect(
        scope,
        "read",
        node,
        Expr(op, _value(table), scope.span(node), _timed(keys, source), _data(source)),
    )


def contains(scope: Scope, source: View, node: ast.expr, key: ast.expr) -> Expr:
    """`key in state`."""
    if source.table.kind == "var" or source.index is not None:
        return scope.error(
            codes.NOT_ITERABLE, node, found=f"`{source.name}`", what="has no members"
        )
    parts = key.elts if isinstance(key, ast.Tuple) else [key]
    keys = _keys(scope, source.table, parts, node)
    return _effect(
        scope,
        "read",
        node,
        Expr("table.has", BOOL, scope.span(node), _timed(keys, source), _data(source)),
    )


def set_item(scope: Scope, table: TableDecl, node: ast.Subscript, value: ast.expr) -> Expr:
    """`map[key] = value`."""
    if table.kind != "map":
        hint = "write `table.put(row)`"
        return scope.error(codes.TABLE, node, hint, what=f"rows of `{table.name}` are not assigned")
    key = check_as(scope, node.slice, table.keys[0].type)
    stored = check_as(scope, value, table.values[0].type)
    return _effect(
        scope, "write", node, Expr("map.put", NONE, scope.span(node), (key, stored), table.name)
    )


def delete_item(scope: Scope, table: TableDecl, node: ast.Subscript) -> Expr:
    """`del map[key]`."""
    if table.kind != "map":
        hint = "write `table.delete(key, …)`"
        return scope.error(
            codes.TABLE, node, hint, what=f"`del` is for maps, `{table.name}` is not one"
        )
    key = check_as(scope, node.slice, table.keys[0].type)
    return _effect(
        scope, "write", node, Expr("table.delete", NONE, scope.span(node), (key,), table.name)
    )


# --- parts ---


def _effect(scope: Scope, kind: str, node: ast.AST, value: Expr) -> Expr:
    scope.effect(kind, node)
    return value


def _value(table: TableDecl) -> Type:
    return table.values[0].type if table.kind == "map" else table.row


def _timed(keys: tuple[Expr, ...], source: View) -> tuple[Expr, ...]:
    return keys if source.time is None else (*keys, source.time)


def _data(source: View) -> tuple[str, bool]:
    return (source.table.name, source.time is not None)


def _keys(scope: Scope, table: TableDecl, parts: list[ast.expr], node: ast.AST) -> tuple[Expr, ...]:
    columns = table.keys
    if len(parts) != len(columns):
        names = ", ".join(item.name for item in columns)
        scope.error(codes.ARGUMENTS, node, what=f"the key of `{table.name}` is ({names})")
        return tuple(scope.unknown(node) for _ in columns)
    return tuple(
        check_as(scope, part, item.type) for part, item in zip(parts, columns, strict=False)
    )


def _no_keywords(scope: Scope, node: ast.Call) -> None:
    for item in node.keywords:
        scope.error(codes.ARGUMENTS, item, what=f"there is no option `{item.arg}`")


def _get(scope: Scope, source: View, node: ast.Call) -> Expr:
    _no_keywords(scope, node)
    keys = _keys(scope, source.table, node.args, node)
    op = "map.find" if source.table.kind == "map" else "table.find"
    result = _value(source.table)
    result = result if isinstance(result, OptionalType) else OptionalType(result)
    return _effect(
        scope, "read", node, Expr(op, result, scope.span(node), _timed(keys, source), _data(source))
    )


def _write(scope: Scope, table: TableDecl, name: str, node: ast.Call) -> Expr:
    _no_keywords(scope, node)
    if len(node.args) != 1:
        return scope.error(codes.ARGUMENTS, node, what=f"`{name}` takes one row")
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
        return scope.error(codes.SCAN_PREFIX, node, table=source.name, column=column)
    args = [check_as(scope, a, c.type) for a, c in zip(node.args, columns, strict=False)]
    for name in ("lo", "hi"):
        if name in options:
            args.append(check_as(scope, options[name], columns[count].type))
    if "after" in options:
        args.append(check_as(scope, options["after"], OptionalType(source.table.row)))
    if source.time is not None:
        args.append(source.time)
    if "limit" in options:
        args.append(check_as(scope, options["limit"], INT))
    type_ = ListType(source.table.row)
    value = Expr("scan", type_, scope.span(node), tuple(args), _scan_data(source, count, options))
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


# --- holdings ---


def _holdings(scope: Scope, table: TableDecl, name: str, node: ast.Call) -> Expr:
    wanted = {"move": ("source", "target"), "issue": ("target",), "redeem": ("source",)}[name]
    options = {item.arg: item.value for item in node.keywords}
    if len(node.args) != 1 or tuple(sorted(str(key) for key in options)) != wanted:
        what = f"`{name}` takes an amount and {' and '.join(f'{item}=' for item in wanted)}"
        return scope.error(codes.ARGUMENTS, node, what=what)
    amount = check_as(scope, node.args[0], table.values[0].type)
    args: list[Expr] = [amount]
    columns: list[int] = []
    for item in wanted:
        place = _place(scope, table, options[item])
        if place is None:
            return scope.unknown(node)
        keys, column = place
        args += keys
        columns.append(column)
    value = Expr(f"holdings.{name}", NONE, scope.span(node), tuple(args), (table.name, *columns))
    return _effect(scope, "write", node, value)


def _place(scope: Scope, table: TableDecl, node: ast.expr) -> tuple[tuple[Expr, ...], int] | None:
    """The keys and the amount column of `table.at(key, …).column`."""
    match node:
        case ast.Attribute(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="at"), args=parts, keywords=[]
            ),
            attr=column,
        ) if name == table.name:
            names = [item.name for item in table.values]
            if column in names:
                return _keys(scope, table, parts, node), names.index(column)
    scope.error(codes.PLACE, node, what=shown(node), table=table.name)
    return None
