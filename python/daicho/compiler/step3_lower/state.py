"""Stored state: rows by key, and scans.

In the machine a row as the language sees it is a record of its key columns and
one more field, the record that is stored: what a scan gives.
"""

from __future__ import annotations

from collections.abc import Callable

from daicho.compiler.ir import BOUNDS
from daicho.compiler.step3_lower.builder import Builder, rest_of_index, rest_of_key, stored_row
from daicho.compiler.tree import Expr, IndexDecl, Scan, TableDecl
from daicho.compiler.types import INT, ListType, OptionalType, Type

SCAN_ROWS_MAX = 10_000
"""Rows of one scan; `daicho_types::limits::SCAN_ROWS_MAX`."""


def _table_of(builder: Builder, value: Expr) -> tuple[TableDecl, bool]:
    """The table of a node, and whether a time stands after its keys."""
    if isinstance(value.data, tuple):
        return builder.table(str(value.data[0])), bool(value.data[1])
    return builder.table(str(value.data)), False


def _has(builder: Builder, value: Expr) -> None:
    table, timed = _table_of(builder, value)
    for item in value.args:
        builder.push(item)
    builder.emit("table.has_at" if timed else "table.has", table)


def _get(builder: Builder, value: Expr) -> None:
    """`table[key]`: MISSING if there is none."""
    table, timed = _table_of(builder, value)
    stored = builder.temporary(stored_row(table.row))
    places = [builder.tee(key) for key in value.args[: len(table.keys)]]
    builder.push_all(value.args[len(table.keys) :])
    builder.emit("table.get_at" if timed else "table.get", table)
    builder.set(stored)
    builder.push_all(places)
    builder.get(stored)
    builder.emit("record.new", table.row)


def _find_stored(builder: Builder, table: TableDecl, timed: bool) -> tuple[str, OptionalType]:
    """The stored record whose key, and time, are on the stack: in a local, perhaps none."""
    optional = OptionalType(stored_row(table.row))
    found = builder.temporary(optional)
    builder.emit("table.find_at" if timed else "table.find", table, optional)
    builder.set(found)
    return found, optional


def _find(builder: Builder, value: Expr) -> None:
    """`table.get(key)`: the whole row, or none."""
    table, timed = _table_of(builder, value)
    places = [builder.tee(key) for key in value.args[: len(table.keys)]]
    builder.push_all(value.args[len(table.keys) :])
    found, optional = _find_stored(builder, table, timed)
    builder.get(found)
    builder.emit("is_some", optional)
    arms = builder.branch(value.type)
    with arms.then():
        builder.push_all(places)
        builder.get(found)
        builder.emit("unwrap", optional)
        builder.emit("record.new", table.row)
        builder.emit("some", value.type)
    with arms.orelse():
        builder.emit("none", value.type)


def _write(builder: Builder, value: Expr) -> None:
    """`table.put(row)`, `table.insert(row)`: the key, then what is stored."""
    table, _ = _table_of(builder, value)
    row = value.args[0]
    if row.op == "record":
        for item in row.args:
            builder.push(item)
        builder.emit("record.new", stored_row(table.row))
    else:
        builder.push(row)
        place = builder.temporary(table.row)
        builder.set(place)
        for index in range(len(table.keys) + 1):
            builder.get(place)
            builder.emit("record.get", table.row, index)
    builder.emit(value.op, table)


def _delete(builder: Builder, value: Expr) -> None:
    table, _ = _table_of(builder, value)
    for item in value.args:
        builder.push(item)
    builder.emit("table.delete", table)


# --- maps and vars ---


def _map_delete(builder: Builder, value: Expr) -> None:
    """`del map[key]`: MISSING if there is none, as where it is read."""
    table, _ = _table_of(builder, value)
    key = builder.tee(value.args[0])
    builder.emit("table.get", table)
    builder.emit("drop")
    builder.push(key)
    builder.emit("table.delete", table)


def _map_get(builder: Builder, value: Expr) -> None:
    table, _ = _table_of(builder, value)
    builder.push(value.args[0])
    builder.emit("table.get", table)
    builder.emit("record.get", stored_row(table.row), 0)


def _map_find(builder: Builder, value: Expr) -> None:
    table, timed = _table_of(builder, value)
    builder.push_all(value.args)
    found, optional = _find_stored(builder, table, timed)
    builder.get(found)
    builder.emit("is_some", optional)
    arms = builder.branch(value.type)
    with arms.then():
        _unwrapped_value(builder, table, found, optional)
        if not isinstance(table.values[0].type, OptionalType):
            builder.emit("some", value.type)
    with arms.orelse():
        builder.emit("none", value.type)


def _unwrapped_value(builder: Builder, table: TableDecl, found: str, optional: Type) -> None:
    builder.get(found)
    builder.emit("unwrap", optional)
    builder.emit("record.get", stored_row(table.row), 0)


def _map_put(builder: Builder, value: Expr) -> None:
    """`map[key] = value`: the value is worked out before the key, as in Python."""
    table, _ = _table_of(builder, value)
    key, stored = value.args
    builder.push(stored)
    builder.emit("record.new", stored_row(table.row))
    place = builder.temporary(stored_row(table.row))
    builder.set(place)
    builder.push(key)
    builder.emit("local.take", place)
    builder.emit("table.put", table)


def _var_set(builder: Builder, value: Expr) -> None:
    table, _ = _table_of(builder, value)
    builder.push(value.args[0])
    builder.emit("record.new", stored_row(table.row))
    builder.emit("table.put", table)


def _var_get(builder: Builder, value: Expr) -> None:
    table, _ = _table_of(builder, value)
    optional = OptionalType(stored_row(table.row))
    found = builder.temporary(optional)
    builder.emit("table.find", table, optional)
    builder.emit("local.tee", found)
    builder.emit("is_some", optional)
    arms = builder.branch(value.type)
    with arms.then():
        _unwrapped_value(builder, table, found, optional)
    with arms.orelse():
        builder.push(value.args[0])


# --- scans ---


def _scan(builder: Builder, value: Expr) -> None:
    scan = value.data
    assert isinstance(scan, Scan)
    assert isinstance(value.type, ListType)
    table = builder.table(scan.table)
    index = builder.index(scan.index) if scan.index else None
    cursor, names = _cursor(table, index, scan.prefix)
    after = scan.prefix + scan.lo + scan.hi if scan.after else -1
    for position, item in enumerate(value.args):
        builder.push(item)
        if position == after:
            _after(builder, table, cursor, names)
    if not scan.limit:
        builder.emit("push.int", INT, SCAN_ROWS_MAX)
    flags = scan.lo | scan.hi << 1 | scan.after << 2 | scan.time << 3
    op, source = ("index.scan", index) if index is not None else ("table.scan", table)
    builder.emit(op, source, scan.prefix, flags, value.type, cursor if scan.after else None)
    if not scan.limit:
        _all_rows(builder, value.type)


def _cursor(
    table: TableDecl, index: IndexDecl | None, prefix: int
) -> tuple[OptionalType, list[str]]:
    """What says where a scan resumes, and the columns of the row it is made of."""
    keys = [item.name for item in table.keys]
    if index is None:
        return OptionalType(rest_of_key(table.row, prefix)), keys[prefix:]
    return OptionalType(rest_of_index(index, prefix)), [*index.columns[prefix:], *keys]


def _after(builder: Builder, table: TableDecl, cursor: OptionalType, names: list[str]) -> None:
    """From the row where the last scan ended to the place it resumes after."""
    optional = OptionalType(table.row)
    place = builder.temporary(optional)
    builder.emit("local.tee", place)
    builder.emit("is_some", optional)
    arms = builder.branch(cursor)
    with arms.then():
        for name in names:
            builder.get(place)
            builder.emit("unwrap", optional)
            builder.get_field(table.row, name)
        builder.emit("record.new", cursor.item)
        builder.emit("some", cursor)
    with arms.orelse():
        builder.emit("none", cursor)


def _all_rows(builder: Builder, type_: Type) -> None:
    """A scan without limit gives all rows or fails; it never gives some."""
    place = builder.temporary(type_)
    builder.emit("local.tee", place)
    builder.emit("list.len", type_)
    builder.emit("push.int", INT, SCAN_ROWS_MAX)
    builder.emit("lt", INT)
    builder.emit("require", BOUNDS)
    builder.emit("local.take", place)


HANDLERS: dict[str, Callable[[Builder, Expr], None]] = {
    "map.delete": _map_delete,
    "map.find": _map_find,
    "map.get": _map_get,
    "map.put": _map_put,
    "scan": _scan,
    "table.delete": _delete,
    "table.find": _find,
    "table.get": _get,
    "table.has": _has,
    "table.insert": _write,
    "table.put": _write,
    "table.update": _write,
    "var.get": _var_get,
    "var.set": _var_set,
}
