"""Balances: amounts that move, and amounts that are locked.

What the machine does in one step is a change of one amount; a move is two.
"""

from __future__ import annotations

from collections.abc import Callable

from daicho.compiler.ir import BOUNDS
from daicho.compiler.step3_lower.builder import Builder, stored_row
from daicho.compiler.tree import Expr, TableDecl

Place = list[Expr]
"""The key of a row of balances, each part of it to be pushed again."""


def _holdings_parts(
    builder: Builder, value: Expr
) -> tuple[TableDecl, Expr, list[Place], tuple[int, ...]]:
    """The amount, which is not negative, each place, and the amount columns."""
    assert isinstance(value.data, tuple)
    table = builder.table(str(value.data[0]))
    columns = tuple(int(item) for item in value.data[1:])
    amount = builder.tee(value.args[0])
    builder.push_int(amount.type, 0)
    builder.emit("ge", amount.type)
    builder.emit("require", BOUNDS)
    width, keys = len(table.keys), [builder.again(key) for key in value.args[1:]]
    places = [keys[at : at + width] for at in range(0, len(keys), width)]
    return table, amount, places, columns


def _debit(builder: Builder, table: TableDecl, place: Place, amount: Expr, column: int) -> None:
    builder.push_all([*place, amount])
    builder.emit("neg", table.values[0].type)
    builder.emit("table.adjust", table, column)


def _credit(builder: Builder, table: TableDecl, place: Place, amount: Expr, column: int) -> None:
    """Add to the row, or make one."""
    builder.push_all([*place, amount])
    builder.emit("table.credit", table, column)


def _declare(builder: Builder, op: str, table: TableDecl, place: Place, amount: Expr) -> None:
    builder.push_all([place[table.group], amount])
    builder.emit(op, table)


def _move(builder: Builder, value: Expr) -> None:
    table, amount, (source, target), (from_column, to_column) = _holdings_parts(builder, value)
    _debit(builder, table, source, amount, from_column)
    _credit(builder, table, target, amount, to_column)


def _issue(builder: Builder, value: Expr) -> None:
    table, amount, (target,), (column,) = _holdings_parts(builder, value)
    _declare(builder, "table.issue", table, target, amount)
    _credit(builder, table, target, amount, column)


def _redeem(builder: Builder, value: Expr) -> None:
    table, amount, (source,), (column,) = _holdings_parts(builder, value)
    _declare(builder, "table.redeem", table, source, amount)
    _debit(builder, table, source, amount, column)


# --- locks ---


def _lock(builder: Builder, value: Expr) -> None:
    """Into the locked column first: there what is wrong with the lock shows."""
    assert isinstance(value.data, tuple)
    table, width = builder.table(str(value.data[0])), len(value.args[1:-1]) // 2
    amount, *keys, lock = map(builder.again, value.args)
    source, target = keys[:width], keys[width:]
    _have_row(builder, table, target)
    builder.push_all([*target, amount, lock])
    builder.emit("table.lock", table, int(value.data[2]))
    _debit(builder, table, source, amount, int(value.data[1]))


def _have_row(builder: Builder, table: TableDecl, place: Place) -> None:
    """Make a row without any amount where there is none."""
    builder.push_all(place)
    builder.emit("table.has", table)
    builder.emit("not")
    arms = builder.branch(None)
    with arms.then():
        builder.push_all(place)
        for item in table.values:
            builder.push_int(item.type, 0)
        builder.emit("record.new", stored_row(table.row))
        builder.emit("table.insert", table)


def _unlock(builder: Builder, value: Expr) -> None:
    assert isinstance(value.data, tuple)
    table = builder.table(str(value.data[0]))
    width, unit = len(table.keys), table.values[0].type
    args = [builder.again(item) for item in value.args]
    source, target, lock = args[:width], args[width : 2 * width], args[2 * width]
    part = args[2 * width + 1 :]
    builder.push_all([*source, *part, lock])
    builder.emit("table.unlock_part" if part else "table.unlock", table, int(value.data[1]))
    if not part:
        part = [Expr("local", unit, value.span, (), builder.temporary(unit))]
        builder.set(str(part[0].data))
    _credit(builder, table, target, part[0], int(value.data[2]))
    builder.push(part[0])


def _locked(builder: Builder, value: Expr) -> None:
    assert isinstance(value.data, tuple)
    table = builder.table(str(value.data[0]))
    builder.push_all(value.args)
    builder.emit("table.locked", table, int(value.data[1]), value.type)


HANDLERS: dict[str, Callable[[Builder, Expr], None]] = {
    "holdings.issue": _issue,
    "holdings.lock": _lock,
    "holdings.locked": _locked,
    "holdings.move": _move,
    "holdings.redeem": _redeem,
    "holdings.unlock": _unlock,
}
