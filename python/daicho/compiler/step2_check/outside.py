"""What comes from outside the call: timers, oracles' readings, chance."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check.arguments import arguments, in_order, positional, written_order
from daicho.compiler.step2_check.convert import check_as, coerce
from daicho.compiler.step2_check.scope import FeedSymbol, Scope
from daicho.compiler.tree import Expr, FeedDecl, Function
from daicho.compiler.types import (
    BOOL,
    BYTES,
    DURATION,
    HASH,
    STR,
    TIMESTAMP,
    UNKNOWN,
    BytesType,
    OptionalType,
    Type,
)


def timer_set(scope: Scope, node: ast.Call, function: Function, name: str) -> Expr:
    """`function.at(when, argument, …)`: the timer's name."""
    assert isinstance(node.func, ast.Attribute)
    if function.kind != "scheduled" or name != "at":
        owner = f"the function `{function.name}`"
        hint = "only a @scheduled function has `.at(time, …)`"
        return scope.error(codes.ATTRIBUTE, node.func, hint, owner=owner, name=name)
    if function.module != scope.module.name:
        what = f"`{function.name}` is of contract `{function.module}`, which sets its own timers"
        return scope.error(codes.SCHEDULED, node, "call a function that it exports", what=what)
    if not node.args or isinstance(node.args[0], ast.Starred):
        what = f"`{function.name}.at` takes the time first"
        return scope.error(codes.ARGUMENTS, node, what=what)
    rest = ast.copy_location(ast.Call(node.func, node.args[1:], node.keywords), node)
    names = [item.name for item in function.params]
    given = arguments(scope, rest, names, f"{function.name}.at")
    if given is None:
        return scope.unknown(node)
    when = check_as(scope, node.args[0], TIMESTAMP)
    args = tuple(check_as(scope, given[item.name], item.type) for item in function.params)
    scope.effect("schedule", node)
    data = (function.module, function.name)
    span = scope.span(node)
    written = [0, *(position + 1 for position in written_order(given, names))]
    return in_order(
        scope, (when, *args), written, lambda args: Expr("timer.set", HASH, span, args, data)
    )


def cancel(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`cancel(timer)`: whether there was such a timer of this contract."""
    if not positional(scope, node, 1, "cancel"):
        return scope.unknown(node)
    timer = check_as(scope, node.args[0], HASH)
    scope.effect("schedule", node)
    return Expr("timer.cancel", BOOL, scope.span(node), (timer,))


def random(scope: Scope, node: ast.Call, _expected: Type | None) -> Expr:
    """`random(tag)`: 32 bytes that nobody knew before the block was agreed."""
    if not positional(scope, node, 1, "random"):
        return scope.unknown(node)
    tag = scope.check(node.args[0])
    if tag.type == UNKNOWN:
        return tag
    family: Type = BYTES if isinstance(tag.type, BytesType) else STR
    scope.effect("random", node)
    return Expr("random", HASH, scope.span(node), (coerce(scope, tag, family, node.args[0]),))


def oracle(scope: Scope, node: ast.Call, name: str) -> Expr:
    """`oracle.read(feed, max_age=…)`, `oracle.find(…)`, `oracle.time(feed)`."""
    span = scope.span(node)
    assert isinstance(node.func, ast.Attribute)
    if name not in ("read", "find", "time"):
        hint = "it has read, find and time"
        return scope.error(codes.ATTRIBUTE, node.func, hint, owner="`oracle`", name=name)
    wanted = ["feed"] if name == "time" else ["feed", "max_age"]
    if len(node.args) > 1:
        what = f"`oracle.{name}` takes one argument without a name, the feed"
        return scope.error(codes.ARGUMENTS, node.args[1], "name it: `max_age=…`", what=what)
    given = arguments(scope, node, wanted, f"oracle.{name}")
    feed = _feed(scope, given["feed"]) if given else None
    if given is None or feed is None:
        return scope.unknown(node)
    if name == "time":
        return Expr("oracle.time", OptionalType(TIMESTAMP), span, (), feed.number)
    age = _age(scope, given["max_age"])
    result = feed.type if name == "read" else OptionalType(feed.type)
    return Expr(f"oracle.{name}", result, span, (age,), feed.number)


def _age(scope: Scope, node: ast.expr) -> Expr:
    age = check_as(scope, node, DURATION)
    if age.op == "const" and isinstance(age.data, int) and age.data < 0:
        return scope.error(codes.RANGE, node, value="a negative age", expected="Duration")
    return age


def _feed(scope: Scope, node: ast.expr) -> FeedDecl | None:
    symbol = scope.module.symbols.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(symbol, FeedSymbol):
        return symbol.feed
    scope.error(codes.FEED, node, what=f"`{shown(node)}` is not a feed")
    return None
