"""What the programs met: opcodes that ran, and codes that calls ended with.

An opcode counts once for every place in a program where it ran, however often
it ran there: the figures are lower bounds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from daicho.compiler.artefact import Reader, read_sections
from daicho.compiler.bytecode import INSTRUCTIONS
from daicho.rewrite.faults import CODES
from differential.calls import CONTRACT
from differential.compare import Outcome

NAMES = {opcode: name for name, (opcode, _) in INSTRUCTIONS.items()}
OUT_OF_REACH = {
    "NONE": "an optional is looked at before it is taken",
    "GAS": "the CPython backend measures none",
    "MEMORY": "the CPython backend has no bound",
    "READ_ONLY": "no query that writes compiles",
    "UNSET": "no name is read before it has a value",
    "UNREACHABLE": "every path of a function that gives a value returns",
    "STATE": "rows are written by the contract that reads them",
    "INTERNAL": "the machine's own fault",
    "REENTRY": "imports have no circle",
    "IMPORT": "contracts of one folder agree; tests/language/test_machine.py",
    "CALLER": "as above",
}
"""Codes that no generated program can end with, and why."""
NO_STEP = ("block", "loop", "else", "end", "unreachable")
"""Opcodes that frame others, and the one that never runs."""


def code_of(artefact: bytes) -> list[bytes]:
    """The code of each function."""
    reader = Reader(read_sections(artefact)[8])
    found: list[bytes] = []
    for _ in range(reader.number(4)):
        reader.text()
        reader.take(2 * reader.number(4) + 2)
        reader.take(2 * reader.number(4))
        found.append(reader.take(reader.number(4)))
    return found


@dataclass
class Tally:
    """Counts over any number of programs; two of them add."""

    programs: int = 0
    calls: int = 0
    bounded: int = 0
    """Programs cut short where the machine reached a bound of gas or memory."""
    statements: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    opcodes: Counter[str] = field(default_factory=Counter)

    def outcome(self, outcome: Outcome) -> None:
        """One call."""
        self.calls += 1
        own = outcome["code"] >= 1000
        self.codes["contract's own" if own else outcome["name"]] += 1

    def visited(self, artefact: bytes, watch: dict[str, Any] | None) -> None:
        """The instructions of one program that ran."""
        code = code_of(artefact)
        for contract, function, at in (watch or {"visited": ()})["visited"]:
            if contract == CONTRACT:
                self.opcodes[NAMES.get(code[function][at], "?")] += 1

    def add(self, other: Tally) -> None:
        """Count what another counted."""
        self.programs += other.programs
        self.calls += other.calls
        self.bounded += other.bounded
        self.statements += other.statements
        self.codes += other.codes
        self.opcodes += other.opcodes

    def median(self) -> int:
        """Statements of the program in the middle."""
        half, seen = self.programs / 2, 0
        for size in sorted(self.statements):
            seen += self.statements[size]
            if seen >= half:
                return size
        return 0

    def rare(self, least: int) -> dict[str, int]:
        """Opcodes and codes met less often than `least`, with how often."""
        wanted = {name: self.opcodes[name] for name in INSTRUCTIONS if name not in NO_STEP}
        codes = {name: self.codes[name] for name in CODES if name not in OUT_OF_REACH}
        return {name: count for name, count in {**wanted, **codes}.items() if count < least}

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "programs": self.programs,
            "calls": self.calls,
            "bounded": self.bounded,
            "statements": {str(size): count for size, count in self.statements.items()},
            "codes": dict(self.codes),
            "opcodes": dict(self.opcodes),
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Tally:
        """From a file."""
        sizes = Counter({int(size): count for size, count in data["statements"].items()})
        codes, opcodes = Counter(data["codes"]), Counter(data["opcodes"])
        return cls(data["programs"], data["calls"], data["bounded"], sizes, codes, opcodes)
