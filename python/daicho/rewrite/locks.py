"""Amounts that are locked: a column that is the sum of its locks, one row for each."""

from __future__ import annotations

from dataclasses import dataclass

from daicho.rewrite.faults import Trap
from daicho.rewrite.movements import Movements
from daicho.rewrite.store import Key, Stored
from daicho.rewrite.tables import TableAccess


@dataclass
class Locks(Movements):
    """What is locked moves under its lock's name alone."""

    def _held(self, table: TableAccess, key: Key, column: int, lock: bytes) -> Stored | None:
        table.lock_row(key, column, lock, 0)  # its key has a bound
        return self.journal.get(table.lock_space(key, column), (*key, lock), None)

    def _hold(self, table: TableAccess, key: Key, column: int, lock: bytes, amount: int) -> None:
        row = table.lock_row(key, column, lock, amount) if amount else None
        self._put(table.lock_space(key, column), (*key, lock), row)

    def lock(
        self,
        table: TableAccess,
        amount: int,
        source: Key,
        left: int,
        target: Key,
        right: int,
        lock: bytes,
    ) -> None:
        """From a plain place to a locked one, under a name that is new there."""
        self.must_write()
        if self._read(table, target) is None:
            self._credit(table, target, right, 0)
        held = self._held(table, target, right, lock)
        if amount <= 0:
            raise Trap("DOMAIN")
        if held is not None:
            raise Trap("EXISTS")
        self._hold(table, target, right, lock, amount)
        self._adjust(table, target, right, amount)
        self._debit(table, source, left, amount)

    def unlock(
        self,
        table: TableAccess,
        source: Key,
        left: int,
        target: Key,
        right: int,
        lock: bytes,
        part: int | None = None,
    ) -> int:
        """From a locked place to a plain one: all that the lock holds, or a part of it."""
        self.must_write()
        held = self._held(table, source, left, lock)
        if part is not None and part <= 0:
            raise Trap("DOMAIN")
        if held is None:
            raise Trap("MISSING")
        total = held.values[0]
        amount = total if part is None else part
        if amount > total:
            raise Trap("INSUFFICIENT")
        self._hold(table, source, left, lock, total - amount)
        self._debit(table, source, left, amount)
        self._credit(table, target, right, amount)
        return int(amount)

    def locked(self, table: TableAccess, key: Key, column: int, lock: bytes) -> int | None:
        """What is locked under a name."""
        held = self._held(table, key, column, lock)
        return None if held is None else held.values[0]
