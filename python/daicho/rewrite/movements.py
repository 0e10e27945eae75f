"""What the running transaction does to rows, and to amounts that must add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from daicho.compiler.types import AmountType
from daicho.rewrite.containers import RecordValue
from daicho.rewrite.faults import Trap, overflow
from daicho.rewrite.numbers import fitter
from daicho.rewrite.store import Journal, Key, Ledger, Space, Stored
from daicho.rewrite.tables import IndexAccess, TableAccess

SCAN_ROWS_MAX = 10_000
WRITES_MAX = 4_096
BOUNDS = ("BOUNDS", 1000)
"""The language's own failure."""
_AMOUNT = fitter(AmountType("", "", 0))
_SUM_MAX = 2**127
Moved = dict[tuple[int, int, bytes], tuple[int, int]]


@dataclass
class Rows:
    """Reading and writing rows."""

    context: Any
    ledger: Ledger
    journal: Journal
    rewrites: bool = field(default=False, kw_only=True)
    """Whether entries of indexes are written anew: in a migration."""

    def must_write(self) -> None:
        """A query changes nothing."""
        if self.context.is_query:
            raise Trap("READ_ONLY")

    def _moment(self, time: int | None) -> int | None:
        """The height that a past time means; None is now."""
        if time is None:
            return None
        now = self.context.time
        if not (time <= now if self.context.is_query else time < now):
            raise Trap("AS_OF")
        return self.ledger.height_at(time)

    def _read(self, table: TableAccess, key: Key, time: int | None = None) -> Stored | None:
        height = self._moment(time)
        table.key_bytes(key)
        return self.journal.get(table.space(key), key, height)

    def _write(self, table: TableAccess, key: Key, values: tuple[Any, ...] | None) -> None:
        for index in table.indexes:
            self._reindex(table, index, key, values)
        row = None if values is None else table.stored(key, values)
        self._put(table.space(key), key, row)

    def _put(self, space: Space, key: Key, row: Stored | None) -> None:
        if self.journal.put(space, key, row) > WRITES_MAX:
            raise Trap("WRITES")

    def _reindex(
        self, table: TableAccess, index: IndexAccess, key: Key, values: tuple[Any, ...] | None
    ) -> None:
        """The entry of a row, from where it was to where it will be."""
        old = self.journal.get(table.space(key), key, None)
        before = None if old is None else index.entry(key, old.values)
        after = None if values is None else index.entry(key, values)
        if before == after and not self.rewrites:
            return
        space = (table.space(key)[0], table.contract, index.number)
        if before is not None and before != after:
            index.stored(before, key)
            self._put(space, before, None)
        if after is not None:
            self._put(space, after, index.stored(after, key))

    # --- reading ---

    def row_has(self, table: TableAccess, key: Key, time: int | None) -> bool:
        """Whether there is a row."""
        return self._read(table, key, time) is not None

    def row_find(self, table: TableAccess, key: Key, time: int | None) -> RecordValue | None:
        """The row, or None."""
        row = self._read(table, key, time)
        return None if row is None else table.made((*key, *row.values))

    def row_get(self, table: TableAccess, key: Key, time: int | None) -> RecordValue:
        """The row, which must be there."""
        row = self.row_find(table, key, time)
        if row is None:
            raise Trap("MISSING")
        return row

    def value_find(self, table: TableAccess, key: Key, time: int | None) -> object:
        """A map's value, or None."""
        row = self._read(table, key, time)
        return None if row is None else row.values[0]

    def value_get(self, table: TableAccess, key: Key, time: int | None) -> object:
        """A map's value, which must be there."""
        row = self._read(table, key, time)
        if row is None:
            raise Trap("MISSING")
        return row.values[0]

    def var_get(self, table: TableAccess, initial: object) -> object:
        """A single value, the initial one until it is set."""
        row = self._read(table, ())
        return initial if row is None else row.values[0]

    def scan(
        self, table: TableAccess, prefix: Key, after: Any = None, **bounds: Any
    ) -> list[RecordValue]:
        """The rows of a prefix in the order of their keys."""
        start = None if after is None else tuple(after[len(prefix) : len(table.keys)])
        found = self._scanned(table.space(prefix), prefix, start, **bounds)
        return [table.made((*key, *row.values)) for key, row in found]

    def index_scan(
        self, index: IndexAccess, prefix: Key, after: Any = None, **bounds: Any
    ) -> list[RecordValue]:
        """The rows of a prefix of an index, in its order."""
        table = index.table
        start = None if after is None else index.columns_of(after)[len(prefix) :]
        height = self._moment(bounds.get("time")) if _limited(bounds) else None
        found: list[RecordValue] = []
        for entry, _ in self._scanned(index.space(prefix), prefix, start, **bounds):
            key = entry[-len(table.keys) :]
            row = self.journal.get(table.space(key), key, height)
            if row is None:
                raise Trap("STATE")
            found.append(table.made((*key, *row.values)))
        return found

    def _scanned(
        self,
        space: Space,
        prefix: Key,
        start: Key | None,
        *,
        lo: Any = None,
        hi: Any = None,
        time: int | None = None,
        limit: int | None = None,
    ) -> list[tuple[Key, Stored]]:
        most = SCAN_ROWS_MAX if limit is None else limit
        if not 0 <= most <= SCAN_ROWS_MAX:
            raise Trap("DOMAIN")
        height, width = self._moment(time), len(prefix)
        found: list[tuple[Key, Stored]] = []
        for key, row in self.journal.scan(space, height):
            if key[:width] != prefix or (start is not None and key[width:] <= start):
                continue
            if (lo is not None and key[width] < lo) or (hi is not None and key[width] >= hi):
                continue
            if len(found) == most:
                break
            found.append((key, row))
        if limit is None and len(found) >= SCAN_ROWS_MAX:
            raise Trap(*BOUNDS)
        return found

    # --- writing ---

    def row_put(self, table: TableAccess, row: Sequence[Any]) -> None:
        """A row, new or in place of one."""
        self.must_write()
        width = len(table.keys)
        self._write(table, tuple(row[:width]), tuple(row[width:]))

    def row_insert(self, table: TableAccess, row: Sequence[Any]) -> None:
        """A new row."""
        self.must_write()
        if self._read(table, tuple(row[: len(table.keys)])) is not None:
            raise Trap("EXISTS")
        self.row_put(table, row)

    def row_update(self, table: TableAccess, row: Sequence[Any]) -> None:
        """A row in place of one."""
        self.must_write()
        if self._read(table, tuple(row[: len(table.keys)])) is None:
            raise Trap("MISSING")
        self.row_put(table, row)

    def value_put(self, table: TableAccess, value: object, key: Key) -> None:
        """A map's or a variable's value; it is worked out before the key."""
        self.must_write()
        self._write(table, key, (value,))

    def row_delete(self, table: TableAccess, key: Key) -> None:
        """No row."""
        self.must_write()
        table.key_bytes(key)
        self._write(table, key, None)

    def value_delete(self, table: TableAccess, key: Key) -> None:
        """No value under a map's key, where there must have been one."""
        self.value_get(table, key, None)
        self.row_delete(table, key)


def _limited(bounds: dict[str, Any]) -> bool:
    """Whether the limit is one, so that the time may be looked at."""
    return 0 <= (bounds.get("limit") or 0) <= SCAN_ROWS_MAX


@dataclass
class _Booked:
    """Per contract, table and group: what moved, and what was declared."""

    moved: Moved = field(default_factory=dict, kw_only=True)


@dataclass
class Movements(_Booked, Rows):
    """Balances: every change is booked, and what is booked must come out even."""

    def copy_movements(self) -> Moved:
        """The books, to come back to."""
        return dict(self.moved)

    def _book(self, table: TableAccess, group: bytes, moved: int, declared: int) -> None:
        place = (table.contract, table.number, group)
        before = self.moved.get(place, (0, 0))
        after = (before[0] + moved, before[1] + declared)
        if any(not -_SUM_MAX <= item < _SUM_MAX for item in after):
            raise overflow()
        self.moved[place] = after

    def amount(self, value: int) -> int:
        """What is to be moved: not negative."""
        if value < 0:
            raise Trap(*BOUNDS)
        return value

    def _debit(self, table: TableAccess, key: Key, column: int, amount: int) -> None:
        self._adjust(table, key, column, -amount)

    def _credit(self, table: TableAccess, key: Key, column: int, amount: int) -> None:
        if self._read(table, key) is not None:
            self._adjust(table, key, column, amount)
            return
        values = tuple(amount if at == column else 0 for at in range(len(table.decl.values)))
        self._book(table, table.group_bytes(key[table.decl.group]), amount, 0)
        self._write(table, key, values)

    def _adjust(self, table: TableAccess, key: Key, column: int, delta: int) -> None:
        row = self._read(table, key)
        if row is None:
            raise Trap("INSUFFICIENT" if delta < 0 else "MISSING")
        self._book(table, table.group_bytes(key[table.decl.group]), delta, 0)
        values = list(row.values)
        values[column] = _AMOUNT(values[column] + delta)
        if values[column] < 0:
            raise Trap("INSUFFICIENT")
        self._write(table, key, tuple(values))

    def move(
        self, table: TableAccess, amount: int, source: Key, left: int, target: Key, right: int
    ) -> None:
        """From one place to another."""
        self.must_write()
        self._debit(table, source, left, amount)
        self._credit(table, target, right, amount)

    def issue(self, table: TableAccess, amount: int, target: Key, column: int) -> None:
        """An amount that was not there."""
        self.must_write()
        self._book(table, table.group_bytes(target[table.decl.group]), 0, amount)
        self._credit(table, target, column, amount)

    def redeem(self, table: TableAccess, amount: int, source: Key, column: int) -> None:
        """An amount that is no more."""
        self.must_write()
        self._book(table, table.group_bytes(source[table.decl.group]), 0, -amount)
        self._debit(table, source, column, amount)

    def check_conservation(self) -> None:
        """Every group moved what was declared."""
        for (contract, table, group), (moved, declared) in sorted(self.moved.items()):
            if moved != declared:
                head = contract.to_bytes(4, "little") + table.to_bytes(2, "little")
                sums = moved.to_bytes(16, "little", signed=True)
                sums += declared.to_bytes(16, "little", signed=True)
                size = len(group).to_bytes(4, "little")
                raise Trap("CONSERVATION", 0, head + size + group + sums)
