"""Rows that carry a proof: between the bytes of keys and rows, and values.

A key is contract id and table id, big-endian, and then the key columns in an
encoding that sorts as they do; a row is its version and the canonical bytes of
its record (docs/bytecode.md, sections 1 and 3). The artefact says which table
has which number and which columns; nothing of it is repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daicho.compiler.abi import Abi, AbiError
from daicho.compiler.artefact import Reader, Shape, read_sections

REGISTER_KIND = 3
HELD_KINDS = (2, REGISTER_KIND)
"""Compartments that a key column names the holder of: a party's, a register."""
TABLES_SECTION = 6
ROW_VERSION_BYTES = 2

IDENTITIES = {11: 16, 12: 16, 13: 32}
"""Account, Party and Hash stand in a key as they are; sizes by type."""
TEXT_KINDS = (2, 3)
TEXT_LENGTH_BYTES = 4
ENUM_KIND = 4
ENUM_BYTES = 2


def register_of(issuer: bytes) -> bytes:
    """The 17 bytes that name an issuer's register."""
    return bytes([REGISTER_KIND]) + issuer


@dataclass(frozen=True)
class TableForm:
    """A table as its artefact describes it."""

    number: int
    name: str
    columns: tuple[tuple[str, int], ...]
    record: int
    compartment: tuple[int, int]
    """Whose rows these are: a kind, and the key column that names the holder."""


class TableReader:
    """Keys and rows of one table of a deployed contract, from its artefact."""

    def __init__(self, number: int, artefact: bytes, table: str) -> None:
        self._number = number
        self._abi = Abi(artefact)
        forms = {form.name: form for form in _tables(artefact)}
        if table not in forms:
            choices = ", ".join(sorted(forms)) or "none"
            raise AbiError(f"{self._abi.name} has no table {table!r}; it has {choices}")
        self._form = forms[table]

    def range(self) -> tuple[bytes, bytes]:
        """The first key of the table and the first key after it."""
        prefix = self._prefix()
        return prefix, (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix), "big")

    def key(self, values: Mapping[str, object]) -> bytes:
        """The key of the row whose key columns have these values."""
        odd = sorted(set(values) ^ {name for name, _ in self._form.columns})
        if odd:
            names = ", ".join(name for name, _ in self._form.columns)
            raise AbiError(f"the key of {self._form.name} is {names}: {', '.join(odd)}")
        columns = [self._key_column(name, type_, values) for name, type_ in self._form.columns]
        return self._prefix() + b"".join(columns)

    def compartment(self, values: Mapping[str, object]) -> bytes:
        """The 17 bytes of the compartment that a row with these key columns lies in."""
        kind, place = self._form.compartment
        if kind not in HELD_KINDS:
            return bytes([kind]) + bytes(16)
        name, type_ = self._form.columns[place]
        return bytes([kind]) + self._key_column(name, type_, values)

    def row(self, key: bytes, value: bytes) -> dict[str, Any]:
        """A row's key columns and its other columns, side by side."""
        prefix = self._prefix()
        if not key.startswith(prefix):
            raise AbiError("the key is of another table")
        columns = _KeyReader(key[len(prefix) :])
        found = {name: self._column(type_, columns) for name, type_ in self._form.columns}
        columns.end()
        reader = Reader(value[ROW_VERSION_BYTES:])
        record = self._abi._decode(self._form.record, reader)
        reader.end()
        assert isinstance(record, dict), "a row is a record"
        return {**found, **record}

    def _prefix(self) -> bytes:
        return self._number.to_bytes(4, "big") + self._form.number.to_bytes(2, "big")

    def _key_column(self, name: str, type_: int, values: Mapping[str, object]) -> bytes:
        encoded = self._abi._encode(type_, values[name], name)
        if type_ in IDENTITIES:
            return encoded
        shape = self._shape(type_)
        if shape.kind in TEXT_KINDS:
            return encoded[TEXT_LENGTH_BYTES:].replace(b"\0", b"\0\xff") + b"\0\0"
        return encoded[::-1]

    def _column(self, type_: int, key: _KeyReader) -> object:
        if type_ in IDENTITIES:
            return key.take(IDENTITIES[type_])
        shape = self._shape(type_)
        if shape.kind in TEXT_KINDS:
            return key.text().decode()
        ordinal = int.from_bytes(key.take(ENUM_BYTES), "big")
        if ordinal >= len(shape.names):
            raise AbiError(f"{shape.name} has no member {ordinal}")
        return shape.names[ordinal]

    def _shape(self, type_: int) -> Shape:
        """The text or Enum of a key column; the other key types no contract of ours uses."""
        shape = self._abi._shapes.get(type_)
        if shape is None or shape.kind not in (*TEXT_KINDS, ENUM_KIND):
            raise AbiError(f"key columns of type {type_} are not read here")
        return shape


class _KeyReader:
    """Takes a key apart, column by column."""

    def __init__(self, key: bytes) -> None:
        self._left = key

    def take(self, count: int) -> bytes:
        """The next bytes as they stand."""
        if len(self._left) < count:
            raise AbiError("the key ends too early")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def end(self) -> None:
        """AbiError unless everything was taken."""
        if self._left:
            raise AbiError("bytes are left over in the key")

    def text(self) -> bytes:
        """A text: 00 FF stands for a zero byte, 00 00 ends it."""
        found = bytearray()
        while True:
            byte = self.take(1)
            if byte != b"\0":
                found += byte
            elif self.take(1) == b"\0":
                return bytes(found)
            else:
                found += b"\0"


def _tables(artefact: bytes) -> list[TableForm]:
    reader = Reader(read_sections(artefact)[TABLES_SECTION])
    tables = [_table(reader) for _ in range(reader.number(4))]
    reader.end()
    return tables


def _table(reader: Reader) -> TableForm:
    number, name = reader.number(2), reader.text()
    reader.number(2)  # the version of its rows
    columns = tuple((reader.text(), reader.number(2)) for _ in range(reader.number(4)))
    record = reader.number(2)
    compartment = reader.number(1), reader.number(1)
    if reader.number(1):  # conserved: its group, its amounts, and which are locked
        reader.number(1)
        reader.take(2 * reader.number(4))
        reader.take(4 * reader.number(4))
    return TableForm(number, name, columns, record, compartment)
