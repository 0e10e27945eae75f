"""Which source lines the machine has run.

A contract's code carries the lines it comes from. Helpers of other files are
compiled in, so a line belongs to the file its function was written in.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from daicho.compiler import Artefact
from daicho.compiler.artefact import Reader, read_sections
from daicho.testing.record import Record

_FUNCTIONS, _SOURCE_MAP = 8, 12


class Watching:
    """The watch on one chain."""

    def __init__(self, record: Record, machine: Any) -> None:
        self._record = record
        self._machine = machine
        self._homes: dict[tuple[int, int], str] = {}
        """Contract number and function index → the file's contract."""

    @classmethod
    def of(cls, record: Record | None, machine: Any | None) -> Watching | None:
        """A watch, if a record wants lines and a machine runs that can give them."""
        if record is None or not record.covers or machine is None:
            return None
        machine.watch(True)
        return cls(record, machine)

    def deployed(self, number: int, artefact: Artefact) -> None:
        """A contract's lines are known from its source map."""
        homes, lines = code_lines(artefact)
        self._homes |= {(number, function): home for function, home in enumerate(homes)}
        for home, found in lines.items():
            self._record.knows(home, shown_file(artefact.folder, home), found)

    def ran(self) -> None:
        """Take what ran since the last time."""
        lines: defaultdict[str, set[int]] = defaultdict(set)
        for (contract, function, _), line in self._machine.take_watch()["visited"].items():
            lines[self._homes[contract, function]].add(line)
        for home, found in lines.items():
            self._record.reached(home, found)


def code_lines(artefact: Artefact) -> tuple[list[str], dict[str, set[int]]]:
    """The file of each function, and the lines with code of each file."""
    sections = read_sections(artefact.data)
    homes = [artefact.written_in(name).name for name in _names(Reader(sections[_FUNCTIONS]))]
    reader = Reader(sections[_SOURCE_MAP])
    lines: defaultdict[str, set[int]] = defaultdict(set)
    assert reader.number(4) == len(homes), "a source map for each function"
    for home in homes:
        for _ in range(reader.number(4)):
            reader.take(4)
            lines[home].add(reader.number(4))
            reader.take(2)
    return homes, lines


def _names(reader: Reader) -> list[str]:
    names: list[str] = []
    for _ in range(reader.number(4)):
        names.append(reader.text())
        reader.take(2 * reader.number(4))
        reader.take(2)
        reader.take(2 * reader.number(4))
        reader.take(reader.number(4))
    return names


def shown_file(folder: Path | None, home: str) -> str:
    """A contract's file as a person names it from here."""
    file = f"{home}.py"
    if folder is None:
        return file
    path, here = (folder / file).resolve(), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
