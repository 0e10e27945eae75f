"""The ledger in memory: every row with its past, by typed keys.

A row is found by its space (compartment, contract, table) and the tuple of its key
columns. Keys are compared as Python values and never as bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Space = tuple[bytes, int, int]
"""Compartment (17 bytes), contract, table."""
Key = tuple[Any, ...]
PUBLIC = bytes(17)


@dataclass(frozen=True)
class Stored:
    """A row: its columns beside the key, and both as bytes."""

    key_bytes: bytes
    row_bytes: bytes
    values: tuple[Any, ...]


Layer = dict[Space, dict[Key, Stored | None]]
"""Rows set, and removed ones as None."""


@dataclass
class Ledger:
    """Committed blocks: `times[h]` is the time of height `h`."""

    times: list[int]
    _spaces: dict[Space, dict[Key, list[tuple[int, Stored | None]]]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Of the last block."""
        return len(self.times) - 1

    def commit(self, time: int, layer: Layer) -> None:
        """Add a block."""
        self.times.append(time)
        for space, rows in layer.items():
            known = self._spaces.setdefault(space, {})
            for key, row in rows.items():
                known.setdefault(key, []).append((self.height, row))

    def height_at(self, time: int) -> int:
        """The last height not later than `time`; -1 before genesis."""
        return bisect_right(self.times, time) - 1

    def get(self, space: Space, key: Key, height: int) -> Stored | None:
        """A row as it stood after a block."""
        for at, row in reversed(self._spaces.get(space, {}).get(key, [])):
            if at <= height:
                return row
        return None

    def keys(self, space: Space) -> Iterator[Key]:
        """Every key there ever was."""
        return iter(self._spaces.get(space, {}))

    def rows(self) -> list[tuple[bytes, bytes, bytes]]:
        """What stands now: compartment, key, row; ascending."""
        found: list[tuple[bytes, bytes, bytes]] = []
        for (compartment, _, _), keys in self._spaces.items():
            for versions in keys.values():
                row = versions[-1][1]
                if row is not None:
                    found.append((compartment, row.key_bytes, row.row_bytes))
        return sorted(found)


class Journal:
    """What one transaction sees: the ledger, the block before it, its own changes."""

    def __init__(self, ledger: Ledger, block: Layer, visible: frozenset[bytes] | None) -> None:
        self._ledger = ledger
        self._block = block
        self._visible = visible
        self.own: Layer = {}

    def _sees(self, space: Space) -> bool:
        return self._visible is None or space[0] == PUBLIC or space[0] in self._visible

    def get(self, space: Space, key: Key, height: int | None) -> Stored | None:
        """A row now, or as it stood after a block."""
        if not self._sees(space):
            return None
        if height is None:
            for layer in (self.own, self._block):
                rows = layer.get(space, {})
                if key in rows:
                    return rows[key]
            height = self._ledger.height
        return self._ledger.get(space, key, height)

    def scan(self, space: Space, height: int | None) -> list[tuple[Key, Stored]]:
        """Every row of a space, in the order of the keys."""
        keys = set(self._ledger.keys(space))
        if height is None:
            keys |= set(self.own.get(space, {})) | set(self._block.get(space, {}))
        found: list[tuple[Key, Stored]] = []
        for key in sorted(keys):
            row = self.get(space, key, height)
            if row is not None:
                found.append((key, row))
        return found

    def put(self, space: Space, key: Key, row: Stored | None) -> int:
        """Set or remove a row; how many rows the transaction has touched."""
        self.own.setdefault(space, {})[key] = row
        return sum(map(len, self.own.values()))

    def copy_own(self) -> Layer:
        """The changes so far, to come back to."""
        return {space: dict(rows) for space, rows in self.own.items()}

    def merge(self) -> None:
        """The transaction stands: what follows in the block sees its changes."""
        for space, rows in self.own.items():
            self._block.setdefault(space, {}).update(rows)
