"""The numbers of what a contract declares, and their positions in the artefact.

A section stands in the order of its ids, so a position is the rank of an id.
"""

from __future__ import annotations

from daicho.compiler.ids import Ids
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.tree import Function

PLURALS = {
    "entry": "entries",
    "query": "queries",
    "export": "exports",
    "scheduled": "scheduled",
}
"""What `ids.toml` calls the functions of each kind."""


def functions_of(module: Module, kind: str) -> list[Function]:
    """The functions of one kind, in the order of the file."""
    return [item for item in module.functions if item.kind == kind]


def numbers_of(ids: Ids, module: Module, kind: str) -> dict[str, int]:
    """Ids by name: `kind` is tables (with lock rows and indexes), events, or a kind of function."""
    if kind == "tables":
        return ids.number(module.name, kind, module.stored)
    if kind == "events":
        return ids.number(module.name, kind, list(module.events))
    names = [item.name for item in functions_of(module, kind)]
    return ids.number(module.name, PLURALS[kind], names)


def positions(numbers: dict[str, int], names: list[str]) -> dict[str, int]:
    """The ranks of `names` by their numbers."""
    ordered = sorted(names, key=lambda name: numbers[name])
    return {name: position for position, name in enumerate(ordered)}
