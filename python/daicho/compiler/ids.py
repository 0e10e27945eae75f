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
    return Ids(contracts, data)
