"""The integers that stand for names on the ledger.

Contracts, tables, events, entry points and exports are known by numbers given
at first deploy. They are kept in a file beside the contracts (`ids.toml`):

    [contracts]
    cash = 3

    [cash.exports]
    pay = 1

A contract must have its number there before another imports it or it is
deployed. What is inside a contract is numbered from 1 in the order of the file
unless the map says otherwise.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Members = dict[str, dict[str, int]]
NUMBER_MAX = {
    "tables": 0xFFFF,
    "events": 0xFFFF,
    "entries": 0xFFFF_FFFF,
    "queries": 0xFFFF_FFFF,
    "exports": 0xFFFF_FFFF,
    "scheduled": 0xFFFF_FFFF,
}
"""The greatest number of each kind; indexes and lock rows are numbered among the tables."""


@dataclass(frozen=True)
class Ids:
    """Numbers by name; `members` by contract, then kind, then name."""

    contracts: dict[str, int] = field(default_factory=dict)
    members: dict[str, Members] = field(default_factory=dict)

    def number(self, contract: str, kind: str, names: Sequence[str]) -> dict[str, int]:
        """A number for each of `names`: the map's, else the lowest free from its position on."""
        fixed = self.members.get(contract, {}).get(kind, {})
        taken = set(fixed.values())
        numbers: dict[str, int] = {}
        for position, name in enumerate(names):
            number = fixed.get(name, position + 1)
            while name not in fixed and number in taken:
                number += 1
            taken.add(number)
            numbers[name] = number
        return numbers


def load_ids(path: Path) -> Ids:
    """Read an `ids.toml`; an empty map if there is none. ValueError for a wrong one."""
    if not path.exists():
        return Ids()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    contracts = data.pop("contracts", {})
    for name, number in contracts.items():
        if type(number) is not int or not 1 <= number < 1 << 32:
            raise ValueError(f"{path.name}: {name} = {number!r} is not a contract id")
    if len(set(contracts.values())) != len(contracts):
        raise ValueError(f"{path.name}: two contracts have the same id")
    for contract, kinds in data.items():
        _check_members(f"{path.name}: {contract}", kinds)
    return Ids(contracts, data)


def _check_members(place: str, kinds: object) -> None:
    """Numbers of one contract's members: in range, and each once."""
    for kind, numbers in kinds.items() if isinstance(kinds, dict) else [("", None)]:
        if kind not in NUMBER_MAX or not isinstance(numbers, dict):
            raise ValueError(f"{place}.{kind} is none of {', '.join(NUMBER_MAX)}")
        for name, number in numbers.items():
            if type(number) is not int or not 1 <= number <= NUMBER_MAX[kind]:
                raise ValueError(f"{place}.{kind}.{name} = {number!r} is not a number for it")
        if len(set(numbers.values())) != len(numbers):
            raise ValueError(f"{place}.{kind}: two have the same number")
