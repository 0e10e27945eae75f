"""Expressions that meet the running transaction: state, calls, failures, context.

Each becomes a call of a method of `daicho.rewrite.run.Run`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from daicho.compiler.diagnostics import InternalError
from daicho.compiler.tree import Expr, Scan, TableDecl
from daicho.compiler.types import OptionalType, RecordType
from daicho.rewrite.expressions import Globals, Rewrite, literal, load, on_run
from daicho.rewrite.outside import Scheduled
from daicho.rewrite.tables import IndexAccess, TableAccess


@dataclass(frozen=True)
class Border:
    """What the function being rewritten sees of its contract."""

    names: Globals
    contract: int
    table: Callable[[str], TableAccess]
    index: Callable[[str], IndexAccess]
    event: Callable[[str], object]
    callee: Callable[[tuple[str, str]], object]
    """A function of the program as a name, or what an import calls."""
    scheduled: Callable[[str], Scheduled]


_CONTEXT = ("sender", "now", "height", "tx_id")


def on_state(border: Border, value: Expr, push: Rewrite) -> ast.expr:
    """An expression that `pure` did not take."""
    op, args = value.op, value.args
    if op in _CONTEXT:
        return on_run(op)
    if op.startswith("holdings."):
        return _holdings(border, value, push)
    match op:
        case "scan":
            return _scan(border, value, push)
        case "table.insert" | "table.put" | "table.update":
            return on_run(op.replace("table.", "row_"), _access(border, value), push(args[0]))
        case "map.put" | "var.set":
            keys = ast.Tuple([push(item) for item in args[:-1]], ast.Load())
            return on_run("value_put", _access(border, value), push(args[-1]), keys)
        case "var.get":
            return on_run("var_get", _access(border, value), push(args[0]))
        case "table.delete":
            keys = ast.Tuple([push(item) for item in args], ast.Load())
            return on_run("row_delete", _access(border, value), keys)
        case "map.delete":
            keys = ast.Tuple([push(item) for item in args], ast.Load())
            return on_run("value_delete", _access(border, value), keys)
        case "table.get" | "table.find" | "table.has" | "map.get" | "map.find":
            return _read(border, value, push)
    return _call(border, value, push)


def _access(border: Border, value: Expr) -> ast.expr:
    data = value.data
    return border.names.add(border.table(str(data[0] if isinstance(data, tuple) else data)))


_READS = {
    "table.get": "row_get",
    "table.find": "row_find",
    "table.has": "row_has",
    "map.get": "value_get",
    "map.find": "value_find",
}


def _read(border: Border, value: Expr, push: Rewrite) -> ast.expr:
    is_past = isinstance(value.data, tuple) and bool(value.data[1])
    args = [push(item) for item in value.args]
    keys = ast.Tuple(args[:-1] if is_past else args, ast.Load())
    time = args[-1] if is_past else literal(None)
    return on_run(_READS[value.op], _access(border, value), keys, time)


def _scan(border: Border, value: Expr, push: Rewrite) -> ast.expr:
    scan = value.data
    assert isinstance(scan, Scan)
    given = [push(item) for item in value.args]
    prefix = ast.Tuple(given[: scan.prefix], ast.Load())
    flags = [(name, getattr(scan, name)) for name in ("lo", "hi", "after", "time", "limit")]
    rest = iter(given[scan.prefix :])
    keywords = [ast.keyword(name, next(rest)) for name, is_there in flags if is_there]
    if scan.index:
        made = on_run("index_scan", border.names.add(border.index(scan.index)), prefix)
    else:
        made = on_run("scan", border.names.add(border.table(scan.table)), prefix)
    assert isinstance(made, ast.Call)
    made.keywords = keywords
    return made


def _holdings(border: Border, value: Expr, push: Rewrite) -> ast.expr:
    """What is moved is checked before the places are worked out, what is locked after them."""
    assert isinstance(value.data, tuple)
    table: TableAccess = border.table(str(value.data[0]))
    name, args = value.op.removeprefix("holdings."), [push(item) for item in value.args]
    given: list[ast.expr] = []
    if name in ("issue", "redeem", "move"):
        given.append(on_run("amount", args.pop(0)))
    elif name == "lock":
        given.append(args.pop(0))
    for column in value.data[1:]:
        parts, args = args[: len(table.keys)], args[len(table.keys) :]
        given += [ast.Tuple(parts, ast.Load()), literal(int(column))]
    return on_run(name, border.names.add(table), *given, *args)


def _call(border: Border, value: Expr, push: Rewrite) -> ast.expr:
    op, args = value.op, [push(item) for item in value.args]
    match op:
        case "call":
            assert isinstance(value.data, tuple)
            callee = border.callee((str(value.data[0]), str(value.data[1])))
            if isinstance(callee, str):
                return on_run("call", load(callee), *args)
            return on_run("call_import", border.names.add(callee), *args)
        case "require" | "fail":
            is_require = op == "require"
            types = tuple(item.type for item in value.args[1 if is_require else 0 :])
            return on_run(op, border.names.add((*_code(value), types)), *args)
        case "expect":
            return on_run(op, border.names.add((*_code(value), ())), *args)
        case "emit":
            assert isinstance(value.args[0].type, RecordType)
            return on_run(op, border.names.add(border.event(str(value.data))), *args)
        case "has_role" | "has_signed_as":
            return on_run(op, literal(value.data), *args)
        case "has_signed" | "time_of":
            return on_run(op, *args)
    return _outside(border, value, args)


def _outside(border: Border, value: Expr, args: list[ast.expr]) -> ast.expr:
    names, op = border.names, value.op
    match op:
        case "random":
            return on_run(op, literal(border.contract), *args)
        case "oracle.find":
            assert isinstance(value.type, OptionalType)
            return on_run("oracle_find", literal(value.data), names.add(value.type.item), *args)
        case "oracle.read":
            return on_run("oracle_read", literal(value.data), names.add(value.type), *args)
        case "oracle.time":
            return on_run("oracle_time", literal(value.data))
        case "timer.set":
            assert isinstance(value.data, tuple)
            return on_run("timer_set", names.add(border.scheduled(str(value.data[1]))), *args)
        case "timer.cancel":
            return on_run("timer_cancel", literal(border.contract), *args)
    raise InternalError(f"expression {op}")


def _code(value: Expr) -> tuple[str, int]:
    assert isinstance(value.data, tuple)
    return str(value.data[0]), int(value.data[1])


def table_named(tables: list[TableDecl], name: str) -> TableDecl:
    """The declaration of that name."""
    return next(item for item in tables if item.name == name)
