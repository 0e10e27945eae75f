"""Contracts that break conservation, which no source can: `issue` and `redeem` exchanged.

In the artefact the two opcodes change places; on the CPython backend the two
declarations do. Every amount that comes or goes is then declared the wrong way round.
"""

from __future__ import annotations

import dataclasses
import struct

from daicho.compiler import Artefact
from daicho.compiler.artefact import Reader, read_sections
from daicho.compiler.bytecode import INSTRUCTIONS
from daicho.rewrite import PythonChain
from daicho.rewrite.run import Run
from daicho.rewrite.store import Key
from daicho.rewrite.tables import TableAccess

EVERY = 12
"""One program in so many is of this kind."""
_WIDTHS = {"1": 1, "4": 4, "8": 8}
_OPS = dict(INSTRUCTIONS.values())
_ISSUE, _REDEEM = INSTRUCTIONS["table.issue"][0], INSTRUCTIONS["table.redeem"][0]
FUNCTIONS = 8


def is_unbalanced(seed: int) -> bool:
    """Whether the program of this number is."""
    return seed % EVERY == 0


def instructions(code: bytes) -> list[int]:
    """Where each instruction of a function begins."""
    found, at = [], 0
    while at < len(code):
        found.append(at)
        at += 1 + sum(_WIDTHS.get(kind, 2) for kind in _OPS[code[at]])
    return found


def unbalanced(artefact: Artefact) -> Artefact:
    """The artefact with the two opcodes exchanged."""
    data = bytearray(artefact.data)
    for start, size in _functions(artefact.data):
        for at in instructions(artefact.data[start : start + size]):
            opcode = data[start + at]
            if opcode in (_ISSUE, _REDEEM):
                data[start + at] = _ISSUE + _REDEEM - opcode
    return dataclasses.replace(artefact, data=bytes(data))


def _functions(artefact: bytes) -> list[tuple[int, int]]:
    """Offset and size of the code of each function."""
    section = read_sections(artefact)[FUNCTIONS]
    base = artefact.index(struct.pack("<BI", FUNCTIONS, len(section)) + section) + 5
    reader, at, found = Reader(section), 4, []
    for _ in range(reader.number(4)):
        at += 4 + len(reader.text().encode())
        params = reader.number(4)
        reader.take(2 * params + 2)
        locals_ = reader.number(4)
        reader.take(2 * locals_)
        size = reader.number(4)
        reader.take(size)
        at += 4 + 2 * params + 2 + 4 + 2 * locals_ + 4
        found.append((base + at, size))
        at += size
    return found


class UnbalancedRun(Run):
    """Declares the wrong way round."""

    def issue(self, table: TableAccess, amount: int, target: Key, column: int) -> None:
        """As it is, but declared as redeemed."""
        self.must_write()
        self._book(table, table.group_bytes(target[table.decl.group]), 0, -amount)
        self._credit(table, target, column, amount)

    def redeem(self, table: TableAccess, amount: int, source: Key, column: int) -> None:
        """As it is, but declared as issued."""
        self.must_write()
        self._book(table, table.group_bytes(source[table.decl.group]), 0, amount)
        self._debit(table, source, column, amount)


class UnbalancedChain(PythonChain):
    """A chain of such transactions."""

    transaction = UnbalancedRun
