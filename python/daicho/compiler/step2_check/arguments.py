"""Arguments of a call: how many, and which is which."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from daicho.compiler import codes
from daicho.compiler.step2_check.convert import coerce
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr, TableDecl
from daicho.compiler.types import UNKNOWN

EFFECTIVE = ("call", "timer.set", "timer.cancel", "list.pop", "holdings.unlock")
"""Operations that do something beside giving a value."""
INERT = (
    "const", "none", "unknown", "local", "field", "item", "unwrap", "some", "tuple", "record",
    "copy", "sender", "now", "height", "tx_id", "has_role", "is_some", "not", "eq", "ne", "lt",
    "le", "gt", "ge", "and", "or", "if", "len",
)  # fmt: skip
"""Operations that neither do anything nor fail; an `unwrap` stands only where a value is there."""


def positional(scope: Scope, node: ast.Call, count: int, name: str) -> bool:
    """Whether the call gives exactly `count` plain arguments; reports otherwise."""
    if len(node.args) == count and not node.keywords:
        return True
    if any(id(item) in scope.module.parsed.refused for item in _parts(node)):
        return False  # it was told already
    scope.error(
        codes.ARGUMENTS, node, what=f"`{name}` takes {count} argument{'' if count == 1 else 's'}"
    )
    return False


def _parts(node: ast.Call) -> list[ast.AST]:
    """Everything that a call gives."""
    return [*node.args, *node.keywords, *(item.value for item in node.keywords)]


def key_of(
    scope: Scope, table: TableDecl, parts: list[ast.expr], node: ast.AST
) -> tuple[Expr, ...]:
    """The key columns of a row, all of them."""
    found = key_parts(scope, table, parts, node)
    columns = zip(found, table.keys, strict=True)
    return tuple(coerce(scope, value, item.type, node) for value, item in columns)


def key_parts(
    scope: Scope, table: TableDecl, parts: list[ast.expr], node: ast.AST
) -> tuple[Expr, ...]:
    """What is given for the key columns of a row, each of its column's kind."""
    columns = table.keys
    if len(parts) != len(columns):
        names = ", ".join(item.name for item in columns)
        what = f"the key of `{table.name}` is ({names})"
        scope.error(codes.ARGUMENTS, node, asked(table), what=what)
        return tuple(scope.unknown(node) for _ in columns)
    found: list[Expr] = []
    for part, item in zip(parts, columns, strict=True):
        value = scope.check(part, item.type)
        refused = coerce(scope, value, item.type, part).type == UNKNOWN
        found.append(scope.unknown(part) if refused else value)
    return tuple(found)


def asked(table: TableDecl) -> str:
    """How an author asks stored state, as a hint."""
    keys = ", ".join(item.name for item in table.keys)
    held = table.compartment in ("party", "register")
    prefix = ", ".join(item.name for item in table.keys[: table.compartment_column + 1])
    match table.kind:
        case "var":
            return f"ask for its value: `{table.name}.get()`"
        case "map":
            named = table.name
            ways = (
                f"`{named}.get(key)`, `key in {named}`, `{named}[key] = value`, `del {named}[key]`"
            )
            return f"a Map has {ways}; what is to be listed is a Table"
    scanned = f"`{table.name}.scan({prefix if held else ''})`"
    return f"a row is `{table.name}.get({keys})` or `{table.name}[{keys}]`, several are {scanned}"


def arguments(
    scope: Scope, node: ast.Call, names: list[str], called: str, form: str = "{}"
) -> dict[str, ast.expr] | None:
    """Arguments by parameter, positional first; None after a report.

    `form` is how an argument is written in the hint, by its parameter's name.
    """
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
    hint = f"write `{called}({', '.join(map(form.format, names))})`"
    scope.error(codes.ARGUMENTS, node, hint, what=f"call of `{called}`: {'; '.join(problems)}")
    return None


def written_order(given: dict[str, ast.expr], names: list[str]) -> list[int]:
    """The positions of the parameters `names`, in the order their arguments are written."""
    return [names.index(name) for name in given]


def in_order(
    scope: Scope,
    values: tuple[Expr, ...],
    written: Sequence[int],
    make: Callable[[tuple[Expr, ...]], Expr],
) -> Expr:
    """What `make` makes of `values`, which are worked out in the order they are written.

    `make` works them out from the first to the last; `written` are their positions as
    they stand in the source. Where it matters, values that come too soon or too late
    wait in locals.
    """
    acting = [position for position in written if not is_inert(values[position])]
    stays = len(acting)
    while stays and acting[stays - 1 :] == sorted(acting[stays - 1 :]):
        stays -= 1
    return waiting(scope, values, acting[:stays], make)


def waiting(
    scope: Scope,
    values: tuple[Expr, ...],
    positions: Sequence[int],
    make: Callable[[tuple[Expr, ...]], Expr],
) -> Expr:
    """What `make` makes of `values`; those at `positions` wait in locals, in this order."""
    changed = list(values)
    bound: list[tuple[str, Expr]] = []
    for position in positions:
        value = values[position]
        bound.append((scope.temporary(value.type), value))
        changed[position] = Expr("local", value.type, value.span, (), bound[-1][0])
    result = make(tuple(changed))
    for name, value in reversed(bound):
        result = Expr("let", result.type, result.span, (value, result), name)
    return result


def is_inert(value: Expr) -> bool:
    """Whether a value does nothing and cannot fail: no matter when it is worked out."""
    return value.op in INERT and all(is_inert(item) for item in value.args)


def is_effective(value: Expr) -> bool:
    """Whether a value may stand alone, for what it does."""
    while value.op == "let":
        value = value.args[1]
    return value.op in EFFECTIVE
