"""Balances in expressions: issue, redeem and move, and what is locked under a name."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check.arguments import is_inert, key_of, waiting
from daicho.compiler.step2_check.convert import check_as, coerce
from daicho.compiler.step2_check.scope import Scope
from daicho.compiler.tree import Expr, TableDecl
from daicho.compiler.types import HASH, NONE, TX_ID, OptionalType, Type

LOCKED, PLAIN = True, False


@dataclass(frozen=True)
class Method:
    """What a method of Holdings takes, in the order of its arguments.

    `amount`, then places, each of a locked or a plain column, then `lock`, then options.
    """

    places: dict[str, bool]
    takes_amount: bool = True
    takes_lock: bool = False
    may_take: tuple[str, ...] = ()
    gives: str = ""
    effect: str = "write"

    @property
    def keywords(self) -> list[str]:
        """The arguments that are named, and must be there."""
        named = [item for item in self.places if item != "place"]
        return [*named, "lock"] if self.takes_lock else named


METHODS = {
    "issue": Method({"target": PLAIN}),
    "redeem": Method({"source": PLAIN}),
    "move": Method({"source": PLAIN, "target": PLAIN}),
    "lock": Method({"source": PLAIN, "target": LOCKED}, takes_lock=True),
    "unlock": Method(
        {"source": LOCKED, "target": PLAIN},
        takes_amount=False,
        takes_lock=True,
        may_take=("amount",),
        gives="amount",
    ),
    "locked": Method(
        {"place": LOCKED}, takes_amount=False, takes_lock=True, gives="perhaps", effect="read"
    ),
}


def method(scope: Scope, table: TableDecl, name: str, node: ast.Call) -> Expr:
    """`holdings.move(amount, source=…, target=…)` and its like."""
    chosen = METHODS[name]
    given = _given(chosen, node)
    if given is None:
        hint = f"write `{_example(table, name, chosen)}`"
        return scope.error(codes.ARGUMENTS, node, hint, what=_usage(name, chosen))
    unit = table.values[0].type
    names: list[str] = []
    args: list[Expr] = []
    columns: list[int] = []
    if chosen.takes_amount:
        names, args = ["amount"], [check_as(scope, given["amount"], unit)]
    for item, locked in chosen.places.items():
        place = _place(scope, table, given[item], locked)
        if place is None:
            return scope.unknown(node)
        names += [f"{item} {at}" for at in range(len(place[0]))]
        args += place[0]
        columns.append(place[1])
    if chosen.takes_lock:
        names.append("lock")
        args.append(_lock(scope, given["lock"]))
    for item in chosen.may_take:
        if item in given:
            names.append(item)
            args.append(check_as(scope, given[item], unit))
    scope.effect(chosen.effect, node)
    type_, data = _result(chosen, unit), (table.name, *columns)

    def made(args: tuple[Expr, ...]) -> Expr:
        return Expr(f"holdings.{name}", type_, scope.span(node), args, data)

    written = [at for item in given for at, one in enumerate(names) if one.split()[0] == item]
    # The amount is looked at before the keys, unless something is done for one of the others.
    others = args[1:] if chosen.takes_amount else args
    return waiting(scope, tuple(args), [] if all(map(is_inert, others)) else written, made)


def _given(chosen: Method, node: ast.Call) -> dict[str, ast.expr] | None:
    """The arguments by name, as they are written; None if they are others."""
    first = (
        ["amount"] if chosen.takes_amount else [item for item in chosen.places if item == "place"]
    )
    if len(node.args) != len(first):
        return None
    given = dict(zip(first, node.args, strict=True))
    for item in node.keywords:
        if item.arg is None or item.arg in given:
            return None
        given[item.arg] = item.value
    wanted = {*first, *chosen.keywords}
    return given if wanted <= set(given) <= wanted | set(chosen.may_take) else None


def _usage(name: str, chosen: Method) -> str:
    takes = [f"{item}=" for item in chosen.keywords]
    if chosen.takes_amount:
        takes.insert(0, "an amount")
    elif "place" in chosen.places:
        takes.insert(0, "a place")
    options = "".join(f", perhaps {item}=" for item in chosen.may_take)
    listed = f"{', '.join(takes[:-1])} and {takes[-1]}" if len(takes) > 1 else takes[0]
    return f"`{name}` takes {listed}{options}"


def _example(table: TableDecl, name: str, chosen: Method) -> str:
    """The call as it could be written."""
    place = f"{table.name}.at({', '.join(item.name for item in table.keys)})"
    parts = ["amount"] if chosen.takes_amount else []
    for item, locked in chosen.places.items():
        fits = [at for at in range(len(table.values)) if (at in table.locked) == locked]
        column = table.values[fits[0] if fits else 0].name
        parts.append(f"{place}.{column}" if item == "place" else f"{item}={place}.{column}")
    parts += ["lock=tx_id()"] if chosen.takes_lock else []
    return f"{table.name}.{name}({', '.join(parts)})"


def _result(chosen: Method, unit: Type) -> Type:
    if chosen.gives == "perhaps":
        return OptionalType(unit)
    return unit if chosen.gives else NONE


def _lock(scope: Scope, node: ast.expr) -> Expr:
    """The name of a lock: a Hash or a TxId."""
    value = scope.check(node)
    return value if value.type == TX_ID else coerce(scope, value, HASH, node)


def _place(
    scope: Scope, table: TableDecl, node: ast.expr, locked: bool
) -> tuple[tuple[Expr, ...], int] | None:
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
                _is_locked(scope, table, node, names.index(column), locked)
                return key_of(scope, table, parts, node), names.index(column)
    hint = f"write `{table.name}.at(key, …).column`"
    scope.error(codes.PLACE, node, hint, what=shown(node), table=table.name)
    return None


def _is_locked(scope: Scope, table: TableDecl, node: ast.expr, column: int, wanted: bool) -> None:
    name = table.values[column].name
    if (column in table.locked) == wanted:
        return
    if wanted:
        hint = f"name it where `{table.name}` is declared: `locked=({table.row.name}.{name},)`"
        scope.error(codes.LOCKED, node, hint, what=f"`{name}` is not a locked column")
    else:
        scope.error(codes.LOCKED, node, what=f"`{name}` is a locked column")
