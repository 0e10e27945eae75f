"""The contracts of a network as a client knows them: number, name, artefact.

Kept in `DIR/contracts/`: one artefact for each name, and `index.json`. What is
deployed is clear on the ledger, so the book can be made anew from the blocks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daicho.compiler import Abi, AbiError
from daicho.config import ConfigError, Problem
from daicho.gateway.client import LedgerClient
from daicho.gateway.errors import RefusedError
from daicho.identity.files import write_public

CODE_TABLE = bytes(4) + (3).to_bytes(2)
"""Contract 0, table 3: what runs, by number (docs/bytecode.md, section 13)."""
PUBLIC = bytes(17)


@dataclass(frozen=True)
class Contract:
    """A deployed contract."""

    number: int
    name: str
    abi: Abi

    def entry(self, name: str) -> int:
        """The number of an entry point."""
        return self._number(name, self.abi.entries, "entry point")

    def query(self, name: str) -> int:
        """The number of a query."""
        return self._number(name, self.abi.queries, "query")

    def _number(self, name: str, known: Mapping[str, Any], kind: str) -> int:
        if name not in known:
            choices = ", ".join(sorted(known)) or "none"
            message = f"{self.name} has no {kind} {name!r}; it has {choices}"
            raise ConfigError.one("CFG_REFERENCE", name, message)
        return int(known[name].id)

    def arguments(self, name: str, values: Mapping[str, object]) -> bytes:
        """The argument bytes of an entry point or query."""
        try:
            return self.abi.encode_arguments(name, values)
        except AbiError as error:
            raise ConfigError.one("CFG_ARGUMENTS", f"{self.name}.{name}", str(error)) from error


class ContractBook:
    """The contracts kept in a network's folder."""

    def __init__(self, network: Path) -> None:
        self.folder = network / "contracts"

    def check_new(self, number: int, name: str) -> None:
        """ConfigError when the number is another contract's, or the name has a number.

        Artefacts are kept by name: a second number would hide the first.
        """
        names, known = self.names(), self._index()
        if number not in names and name not in known:
            return
        taken = number if number in names else known[name]
        hint = "`daicho contract upgrade` says what would change, and replaces it"
        message = f"contract {taken} is deployed: {names[taken]}"
        raise ConfigError([Problem("CFG_EXISTS", "SOURCE", message, hint)])

    def put(self, number: int, name: str, artefact: bytes) -> None:
        """Keep a deployed artefact."""
        self.folder.mkdir(exist_ok=True)
        write_public(self.folder / f"{name}.dcb", artefact)
        index = self._index() | {name: number}
        write_public(self.folder / "index.json", json.dumps(index, indent=1).encode() + b"\n")

    def get(self, name: str) -> Contract:
        """The contract of that name."""
        index = self._index()
        if name not in index:
            known = ", ".join(sorted(index)) or "none"
            raise ConfigError.one("CFG_REFERENCE", name, f"no contract {name!r} is known: {known}")
        try:
            return Contract(index[name], name, Abi(self.artefact(name)))
        except AbiError as error:
            where = str(self.folder / f"{name}.dcb")
            raise ConfigError.one("CFG_FORM", where, f"it is no artefact: {error}") from error

    def artefact(self, name: str) -> bytes:
        """The bytes that were deployed under that name."""
        path = self.folder / f"{name}.dcb"
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigError.one("CFG_FILE", str(path), error.strerror or str(error)) from error

    def names(self) -> dict[int, str]:
        """Names by number."""
        return {number: name for name, number in self._index().items()}

    def next_number(self) -> int:
        """The lowest number above those that are taken."""
        return max(self._index().values(), default=0) + 1

    def _index(self) -> dict[str, int]:
        path = self.folder / "index.json"
        if not path.exists():
            return {}
        try:
            index = json.loads(path.read_bytes())
        except ValueError as error:
            raise ConfigError.one("CFG_SYNTAX", str(path), f"no JSON: {error}") from error
        if not isinstance(index, dict) or {type(number) for number in index.values()} - {int}:
            raise ConfigError.one("CFG_FORM", str(path), "it is no object of names and numbers")
        return index


def runs(client: LedgerClient, number: int) -> bool:
    """Whether the ledger has code under that number, whatever is kept here."""
    try:
        client.row(PUBLIC, CODE_TABLE + number.to_bytes(4))
    except RefusedError as error:
        if error.code != "ACCESS":
            raise
        return False
    return True
