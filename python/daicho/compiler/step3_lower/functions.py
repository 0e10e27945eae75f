"""Bodies: assignments, branches and loops as structured stack code."""

from __future__ import annotations

from daicho.compiler.diagnostics import InternalError
from daicho.compiler.ir import Code, Instr, Node
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower.builder import Builder, Functions, TableMap
from daicho.compiler.step3_lower.values import push
from daicho.compiler.tree import (
    Assign,
    Attempt,
    Break,
    Change,
    Continue,
    Do,
    Expr,
    ForEach,
    ForRange,
    Function,
    If,
    Return,
    Stmt,
    Unpack,
    While,
)
from daicho.compiler.types import INT, NEVER, NONE, BytesType, ListType, MapType

_TERMINATORS = ("br", "return", "fail", "unreachable")


def lower_function(
    module: Module, function: Function, functions: Functions, tables: TableMap
) -> Code:
    """The code of one function."""
    result = None if function.result == NONE else function.result
    params = tuple(item.type for item in function.params)
    code = Code(function.module, function.name, params, result, dict(function.locals))
    builder = Builder(module, function, functions, tables, code, push)
    _block(builder, function.body)
    if result is not None and not _ends(code.body):
        builder.emit("unreachable")
    return code


def _ends(body: list[Node]) -> bool:
    """Whether the code after `body` cannot be reached, by the verifier's rule."""
    return bool(body) and isinstance(body[-1], Instr) and body[-1].op in _TERMINATORS


def _block(builder: Builder, body: tuple[Stmt, ...]) -> None:
    for statement in body:
        mark = builder.mark()
        builder.span = statement.span
        _statement(builder, statement)
        builder.statement_ends(mark)


def _statement(builder: Builder, statement: Stmt) -> None:
    match statement:
        case Assign(name=name, value=value):
            builder.push(value)
            builder.set(name)
        case Unpack(names=names, value=value):
            _unpack(builder, names, value)
        case Change():
            _change(builder, statement)
        case Do(value=value):
            builder.push(value)
            if value.type not in (NONE, NEVER):
                builder.emit("drop")
        case If():
            _if(builder, statement)
        case While():
            _while(builder, statement)
        case Attempt(name=name, body=body):
            with builder.block("attempt", ""):
                _body(builder, body)
            builder.set(name)
        case ForRange():
            _for_range(builder, statement)
        case ForEach():
            _for_each(builder, statement)
        case Return(value=value):
            if value is not None:
                builder.push(value)
            builder.emit("return")
        case Break():
            builder.emit("br", builder.break_label)
        case Continue():
            builder.emit("br", builder.continue_label)
        case _:
            raise InternalError(f"statement {type(statement).__name__}")


def _unpack(builder: Builder, names: tuple[str, ...], value: Expr) -> None:
    builder.push(value)
    whole = builder.temporary(value.type)
    builder.set(whole)
    for index, name in enumerate(names):
        builder.get(whole)
        builder.emit("record.get", value.type, index)
        builder.set(name)


_ASSIGNED = ("list.set", "dict.put")
_CHANGES = {
    "list.append": "list.push",
    "list.extend": "list.concat",
    "dict.put": "map.put",
    "dict.delete": "map.delete",
}


def _change(builder: Builder, statement: Change) -> None:
    """Take the value out of its local, change it, put it back.

    The arguments come first: they may read the local. In an assignment to an
    item, what is assigned comes before the item, as in Python.
    """
    type_ = builder.code.locals[statement.name]
    places = [builder.temporary(item.type) for item in statement.args]
    pairs = list(zip(statement.args, places, strict=True))
    for argument, place in reversed(pairs) if statement.op in _ASSIGNED else pairs:
        builder.push(argument)
        builder.set(place)
    if statement.op == "dict.delete":  # KEY if it is not there, as where it is read
        builder.get(statement.name)
        builder.get(places[0])
        builder.emit("map.get", type_)
        builder.emit("drop")
    builder.emit("local.take", statement.name)
    for place in places:
        builder.emit("local.take", place)
    builder.emit(_CHANGES.get(statement.op, statement.op), type_)
    builder.set(statement.name)


def _if(builder: Builder, statement: If) -> None:
    if len(statement.orelse) == 1 and isinstance(statement.orelse[0], If):
        _chain(builder, statement)
        return
    builder.push(statement.condition)
    arms = builder.branch(None)
    with arms.then():
        _block(builder, statement.then)
    if statement.orelse:
        with arms.orelse():
            _block(builder, statement.orelse)


def _chain(builder: Builder, statement: If) -> None:
    """`if … elif … else`: one block that each arm leaves, however long the chain."""
    end = builder.label("fi")
    rest: tuple[Stmt, ...] = (statement,)
    with builder.block("block", end):
        while len(rest) == 1 and isinstance(rest[0], If):
            link = rest[0]
            builder.span = link.span
            builder.push(link.condition)
            with builder.branch(None).then():
                _block(builder, link.then)
                if not _ends(builder._body):
                    builder.emit("br", end)
            rest = link.orelse
        _block(builder, rest)


# --- loops ---


def _while(builder: Builder, statement: While) -> None:
    outer = builder.break_label, builder.continue_label
    end, again = builder.label("break"), builder.label("again")
    builder.break_label, builder.continue_label = end, again
    with builder.block("block", end), builder.block("loop", again):
        if statement.condition is not None:
            builder.push(statement.condition)
            builder.emit("not")
            builder.emit("br_if", end)
        _body(builder, statement.body)
        _again(builder, again)
    builder.break_label, builder.continue_label = outer


def _body(builder: Builder, body: tuple[Stmt, ...]) -> None:
    span = builder.span
    _block(builder, body)
    builder.span = span


def _again(builder: Builder, label: str) -> None:
    """Start the loop over, unless the body has left it already."""
    if not _ends(builder._body):
        builder.emit("br", label)


def _counted(
    builder: Builder, counter: str, limit: str, step: int, body: tuple[Stmt, ...], bind: list[Instr]
) -> None:
    """The loop over a hidden counter, up to `limit`; `bind` sets the targets."""
    outer = builder.break_label, builder.continue_label
    end, again, next_ = builder.label("break"), builder.label("again"), builder.label("next")
    builder.break_label, builder.continue_label = end, next_
    with builder.block("block", end), builder.block("loop", again):
        builder.get(counter)
        builder.get(limit)
        builder.emit("lt" if step > 0 else "gt", INT)
        builder.emit("not")
        builder.emit("br_if", end)
        for instruction in bind:
            builder.emit(instruction.op, *instruction.args)
        with builder.block("block", next_):
            _body(builder, body)
        builder.get(counter)
        builder.push_int(INT, step)
        builder.emit("add", INT)
        builder.set(counter)
        builder.emit("br", again)
    builder.break_label, builder.continue_label = outer


def _for_range(builder: Builder, statement: ForRange) -> None:
    counter, limit = builder.kept(INT), builder.kept(INT)
    builder.push(statement.start)
    builder.set(counter)
    builder.push(statement.stop)
    builder.set(limit)
    span = statement.span
    bind = [Instr("local.get", span, (counter,)), Instr("local.set", span, (statement.name,))]
    _counted(builder, counter, limit, statement.step, statement.body, bind)


def _for_each(builder: Builder, statement: ForEach) -> None:
    items_type = statement.items.type
    items, counter, limit = builder.kept(items_type), builder.kept(INT), builder.kept(INT)
    builder.push(statement.items)
    builder.emit("local.tee", items)
    match items_type:
        case ListType():
            length, readers = "list.len", ["list.get"]
        case MapType():
            length, readers = "map.len", ["map.key_at", "map.value_at"]
        case BytesType():
            length, readers = "len", ["code_at"]
        case _:
            raise InternalError(f"loop over {items_type}")
    builder.emit(length, items_type)
    builder.set(limit)
    builder.emit("push.int", INT, 0)
    builder.set(counter)
    bind: list[Instr] = []
    for name, reader in zip(statement.names, readers, strict=False):
        bind += [
            Instr("local.get", statement.span, (items,)),
            Instr("local.get", statement.span, (counter,)),
            Instr(reader, statement.span, (items_type,)),
            Instr("local.set", statement.span, (name,)),
        ]
    _counted(builder, counter, limit, 1, statement.body, bind)
