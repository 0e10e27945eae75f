"""Expressions that do more than compute: calls, failures, events, timers, readings, attempts."""

from __future__ import annotations

from collections.abc import Callable

from daicho.compiler.ir import ErrorRef
from daicho.compiler.step3_lower.builder import Builder
from daicho.compiler.tree import Expr
from daicho.compiler.types import INT


def _call(builder: Builder, value: Expr) -> None:
    assert isinstance(value.data, tuple)
    builder.push_all(value.args)
    callee = builder.functions[value.data]
    leaves = callee.module != builder.module.name and callee.kind == "export"
    builder.emit("call_import" if leaves else "call", value.data)


def error_ref(data: object, details: tuple[Expr, ...] = ()) -> ErrorRef:
    """The failure code of a node, with the types of its details."""
    assert isinstance(data, tuple)
    return ErrorRef(int(data[1]), str(data[0]), tuple(item.type for item in details))


def _require(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("require", error_ref(value.data, value.args[1:]))


def _fail(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("fail", error_ref(value.data, value.args))


def _expect(builder: Builder, value: Expr) -> None:
    optional = value.args[0].type
    builder.push(value.args[0])
    place = builder.temporary(optional)
    builder.emit("local.tee", place)
    builder.emit("is_some", optional)
    builder.emit("require", error_ref(value.data))
    builder.emit("local.take", place)
    builder.emit("unwrap", optional)


def _emit(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("emit", (builder.function.module, value.data))


def _timer_set(builder: Builder, value: Expr) -> None:
    """The time is worked out first and stands last."""
    when, *args = value.args
    builder.push(when)
    place = builder.temporary(when.type)
    builder.set(place)
    for item in args:
        builder.push(item)
    builder.get(place)
    builder.emit("timer.set", value.data)


def _oracle(op: str) -> Callable[[Builder, Expr], None]:
    def handler(builder: Builder, value: Expr) -> None:
        builder.push_all(value.args)
        builder.emit(op, value.type, value.data)

    return handler


def _has_signed_as(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.emit("ctx.signed_role", 1 << int(str(value.data)))


def _has_role(builder: Builder, value: Expr) -> None:
    builder.emit("ctx.has_role", 1 << int(str(value.data)))


def _snapshot(builder: Builder, value: Expr) -> None:
    builder.push(value.args[0])


def _attempt_ok(builder: Builder, value: Expr) -> None:
    builder.push_all(value.args)
    builder.push_int(INT, 0)
    builder.emit("eq", INT)


HANDLERS: dict[str, Callable[[Builder, Expr], None]] = {
    "attempt.code": _snapshot,
    "attempt.ok": _attempt_ok,
    "call": _call,
    "emit": _emit,
    "expect": _expect,
    "fail": _fail,
    "has_role": _has_role,
    "has_signed_as": _has_signed_as,
    "oracle.find": _oracle("oracle"),
    "oracle.read": _oracle("oracle.must"),
    "oracle.time": _oracle("oracle.time"),
    "require": _require,
    "snapshot": _snapshot,
    "timer.set": _timer_set,
}
