"""Rows that carry a proof: from the bytes of keys and rows back to values.

A key is contract id and table id, big-endian, and then the key columns in an
encoding that sorts as they do; a row is its version and the canonical bytes of
its record (docs/bytecode.md, sections 1 and 3). The artefact says which table
has which number and which columns; nothing of it is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daicho.compiler.abi import Abi, AbiError, Reader, _sections
from daicho.query.book import Contract

REGISTER_KIND = 3
TABLES_SECTION = 6
ROW_VERSION_BYTES = 2

IDENTITIES = {11: 16, 12: 16, 13: 32}
"""Account, Party and Hash stand in a key as they are; sizes by type."""
TEXT_KINDS = (2, 3)


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


class TableReader:
    """Reads keys and rows of one table of a deployed contract."""

    def __init__(self, contract: Contract, artefact: Path, table: str) -> None:
        self._contract = contract
        self._abi: Abi = contract.abi
        forms = {form.name: form for form in _tables(artefact.read_bytes())}
        self._form = forms[table]

    def range(self) -> tuple[bytes, bytes]:
        """The first key of the table and the first key after it."""
        prefix = self._prefix()
        return prefix, (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix), "big")

    def row(self, key: bytes, value: bytes) -> dict[str, Any]:
        """A row's key columns and its other columns, side by side."""
        prefix = self._prefix()
        if not key.startswith(prefix):
            raise AbiError("the key is of another table")
        columns = _KeyReader(key[len(prefix) :])
        found = {name: self._column(type_, columns) for name, type_ in self._form.columns}
        reader = Reader(value[ROW_VERSION_BYTES:])
        record = self._abi._decode(self._form.record, reader)
        reader.end()
        assert isinstance(record, dict), "a row is a record"
        return {**found, **record}

    def _prefix(self) -> bytes:
        return self._contract.number.to_bytes(4, "big") + self._form.number.to_bytes(2, "big")

    def _column(self, type_: int, key: _KeyReader) -> object:
        if type_ in IDENTITIES:
            return key.take(IDENTITIES[type_])
        if self._abi._shapes[type_].kind in TEXT_KINDS:
            return key.text().decode()
        raise AbiError(f"key columns of type {type_} are not read here")


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
    reader = Reader(_sections(artefact)[TABLES_SECTION])
    tables = [_table(reader) for _ in range(reader.number(4))]
    reader.end()
    return tables


def _table(reader: Reader) -> TableForm:
    number, name = reader.number(2), reader.text()
    reader.number(2)  # the version of its rows
    columns = tuple((reader.text(), reader.number(2)) for _ in range(reader.number(4)))
    record = reader.number(2)
    reader.take(2)  # whose rows they are: a kind and a column
    if reader.number(1):  # conserved: its group and its amounts
        reader.number(1)
        reader.take(2 * reader.number(4))
    return TableForm(number, name, columns, record)
