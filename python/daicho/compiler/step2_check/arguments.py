"""Arguments of a call: how many, and which is which."""

from __future__ import annotations

import ast
from collections.abc import Callable

from daicho.compiler import codes
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr

EFFECTIVE = ("call", "timer.set", "timer.cancel", "list.pop")
"""Operations that do something beside giving a value."""


def positional(scope: Scope, node: ast.Call, count: int, name: str) -> bool:
    """Whether the call gives exactly `count` plain arguments; reports otherwise."""
    if len(node.args) == count and not node.keywords:
        return True
    scope.error(
        codes.ARGUMENTS, node, what=f"`{name}` takes {count} argument{'' if count == 1 else 's'}"
    )
    return False


def arguments(
    scope: Scope, node: ast.Call, names: list[str], called: str
) -> dict[str, ast.expr] | None:
    """Arguments by parameter, positional first; None after a report."""
    if any(id(item) in scope.module.parsed.refused for item in node.keywords):
        return None
    given = dict(zip(names, node.args, strict=False))
    problems: list[str] = []
    if len(node.args) > len(names):
        problems.append(f"{len(node.args)} arguments for {len(names)} parameters")
    for item in node.keywords:
        if item.arg not in names:
            problems.append(f"no parameter `{item.arg}`")
        elif item.arg in given:
            problems.append(f"`{item.arg}` twice")
        else:
            given[str(item.arg)] = item.value
    missing = [name for name in names if name not in given]
    if missing:
        problems.append(f"missing {', '.join(f'`{name}`' for name in missing)}")
    if not problems:
        return given
    scope.error(codes.ARGUMENTS, node, what=f"call of `{called}`: {'; '.join(problems)}")
    return None


def in_order(
    scope: Scope,
    given: dict[str, ast.expr],
    names: list[str],
    args: tuple[Expr, ...],
    make: Callable[[tuple[Expr, ...]], Expr],
) -> Expr:
    """What `make` makes of `args`, which are worked out in the order they are written.

    `names` are the parameters, `given` the arguments as they stand. Where the two
    orders differ, and something is done on the way, the values wait in locals.
    """
    written = [names.index(name) for name in given]
    if written == sorted(written) or not any(_acts(item) for item in args):
        return make(args)
    waiting = list(args)
    bound: list[tuple[str, Expr]] = []
    for position in written:
        value = args[position]
        if value.op not in ("const", "unknown"):
            bound.append((scope.temporary(value.type), value))
            waiting[position] = Expr("local", value.type, value.span, (), bound[-1][0])
    result = make(tuple(waiting))
    for name, value in reversed(bound):
        result = Expr("let", result.type, result.span, (value, result), name)
    return result


def _acts(value: Expr) -> bool:
    return value.op in EFFECTIVE or any(_acts(item) for item in value.args)


def is_effective(value: Expr) -> bool:
    """Whether a value may stand alone, for what it does."""
    while value.op == "let":
        value = value.args[1]
    return value.op in EFFECTIVE
