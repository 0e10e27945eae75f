"""How one contract's tables are reached: numbers, compartments, bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from daicho.compiler.step3_lower.builder import stored_row
from daicho.compiler.tree import IndexDecl, TableDecl
from daicho.compiler.types import OptionalType
from daicho.rewrite.containers import RecordValue, record_class
from daicho.rewrite.encoding import Encoder, encoder, key_encoder
from daicho.rewrite.faults import Trap
from daicho.rewrite.store import Key, Space, Stored

KEY_BYTES_MAX = 512
ROW_BYTES_MAX = 65_536
ROW_VERSION = (1).to_bytes(2, "little")
_KINDS = {"public": 0, "administrator": 1, "party": 2, "register": 3}


def compartment(kind: str, holder: bytes | None) -> bytes:
    """Seventeen bytes: the kind and whose it is."""
    return bytes([_KINDS[kind]]) + (bytes(16) if holder is None else holder)


@dataclass(frozen=True, eq=False)
class TableAccess:
    """A table under the number its contract was deployed with."""

    contract: int
    number: int
    decl: TableDecl
    keys: tuple[Encoder, ...]
    row: Encoder
    made: type[RecordValue]
    """Key columns and stored columns side by side."""
    indexes: list[IndexAccess] = field(default_factory=list)
    locks: dict[int, int] = field(default_factory=dict)
    """The numbers of the lock rows by the column that they add up to."""

    @cached_property
    def _head(self) -> bytes:
        """What its keys begin with."""
        return self.contract.to_bytes(4, "big") + self.number.to_bytes(2, "big")

    @property
    def is_conserved(self) -> bool:
        """Whether it holds amounts that must add up."""
        return self.decl.kind == "holdings"

    @property
    def has_optional_value(self) -> bool:
        """Whether a map's value is an optional, which `get` then gives as it is."""
        return isinstance(self.decl.values[0].type, OptionalType)

    def space(self, columns: tuple[Any, ...]) -> Space:
        """The compartment, as the columns name it, contract and table."""
        kind = self.decl.compartment
        holder = columns[self.decl.compartment_column] if kind in ("party", "register") else None
        return compartment(kind, holder), self.contract, self.number

    def key_bytes(self, key: Key) -> bytes:
        """The ordered key; LENGTH when it is too long."""
        parts = [part(column) for part, column in zip(self.keys, key, strict=True)]
        data = b"".join((self._head, *parts))
        if len(data) > KEY_BYTES_MAX:
            raise Trap("LENGTH")
        return data

    def group_bytes(self, value: object) -> bytes:
        """The conserved group, as its key column is written."""
        return self.keys[self.decl.group](value)

    def stored(self, key: Key, values: tuple[Any, ...]) -> Stored:
        """A row to keep; LENGTH when it is too long."""
        data = ROW_VERSION + self.row(values)
        if len(data) > ROW_BYTES_MAX:
            raise Trap("LENGTH")
        return Stored(self.key_bytes(key), data, values)

    def lock_space(self, key: Key, column: int) -> Space:
        """Where the lock rows of a row's column lie: with the row."""
        return (*self.space(key)[:2], self.locks[column])

    def lock_row(self, key: Key, column: int, lock: bytes, amount: int) -> Stored:
        """What is locked under a name; LENGTH when its key is too long."""
        head = self.contract.to_bytes(4, "big") + self.locks[column].to_bytes(2, "big")
        data = head + self.key_bytes(key)[len(head) :] + lock
        if len(data) > KEY_BYTES_MAX:
            raise Trap("LENGTH")
        row = ROW_VERSION + amount.to_bytes(16, "little", signed=True)
        return Stored(data, row, (amount,))


@dataclass(frozen=True, eq=False)
class IndexAccess:
    """A table's rows in another order."""

    number: int
    table: TableAccess
    decl: IndexDecl
    columns: tuple[Encoder, ...]

    def space(self, columns: tuple[Any, ...]) -> Space:
        """The compartment, as the index's columns name it, contract and index."""
        kind, at = self.table.decl.compartment, self.decl.holder
        holder = None if at < 0 else columns[at]
        return compartment(kind, holder), self.table.contract, self.number

    def columns_of(self, row: tuple[Any, ...]) -> Key:
        """The entry of a row: the index's columns, then the row's key."""
        type_ = self.table.decl.row
        own = tuple(row[type_.index(name)] for name in self.decl.columns)
        return (*own, *row[: len(self.table.keys)])

    def entry(self, key: Key, values: tuple[Any, ...]) -> Key:
        """The same, of a key and stored columns."""
        return self.columns_of((*key, *values))

    def stored(self, entry: Key, key: Key) -> Stored:
        """An entry to keep; LENGTH when its key is too long."""
        table = self.table
        own = b"".join(part(column) for part, column in zip(self.columns, entry, strict=False))
        row_key = b"".join(part(column) for part, column in zip(table.keys, key, strict=True))
        head = table.contract.to_bytes(4, "big") + self.number.to_bytes(2, "big")
        data = head + own + row_key
        if len(data) > KEY_BYTES_MAX:
            raise Trap("LENGTH")
        return Stored(data, ROW_VERSION + row_key, ())


def index_access(number: int, table: TableAccess, decl: IndexDecl) -> IndexAccess:
    """Everything about an index that does not change while it runs."""
    columns = tuple(key_encoder(item.type) for item in decl.fields)
    return IndexAccess(number, table, decl, columns)


def access(contract: int, number: int, decl: TableDecl) -> TableAccess:
    """Everything about a table that does not change while it runs."""
    keys = tuple(key_encoder(item.type) for item in decl.keys)
    row = encoder(stored_row(decl.row))
    return TableAccess(contract, number, decl, keys, row, record_class(decl.row))
