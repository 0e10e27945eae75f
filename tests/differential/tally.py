"""What the programs met: opcodes that ran, and codes that calls ended with.

An opcode counts once for every place in a program where it ran, however often
it ran there: the figures are lower bounds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from daicho.compiler import Artefact
from daicho.compiler.artefact import Reader, read_sections
from daicho.compiler.bytecode import INSTRUCTIONS
from daicho.rewrite.faults import CODES
from differential.calls import CONTRACT
from differential.compare import Outcome, Watch

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
NO_STEP = {
    "block": "it frames others and is no step",
    "loop": "it frames others and is no step",
    "else": "it frames others; a step only where the arm before it runs into it",
    "end": "it frames others and is no step",
    "unreachable": "every path of a function that gives a value returns",
}
"""Opcodes that no figure is kept of, and why."""
FULL = 20_000
"""Programs of a full run: what a source can reach has been met then, and often."""
HITS_LEAST = 1_000
"""How often, of each opcode and each code."""


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
class Tally(Watch):
    """Counts over any number of programs; two of them add."""

    programs: int = 0
    calls: int = 0
    bounded: int = 0
    """Programs cut short where the machine reached a bound of gas or memory."""
    statements: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    opcodes: Counter[str] = field(default_factory=Counter)
    upgrades: Counter[str] = field(default_factory=Counter)
    """Second versions: how their migrations ended."""

    def outcome(self, outcome: Outcome) -> None:
        """One call."""
        self.calls += 1
        own = outcome["code"] >= 1000
        self.codes["contract's own" if own else outcome["name"]] += 1

    def upgraded(self, outcome: Outcome) -> None:
        """One migration."""
        self.upgrades["took over" if outcome["code"] == 0 else "failed"] += 1

    def visited(self, artefact: Artefact, watch: dict[str, Any] | None) -> None:
        """The instructions of one program that ran."""
        code = code_of(artefact.data)
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
        self.upgrades += other.upgrades

    def median(self) -> int:
        """Statements of the program in the middle."""
        half, seen = self.programs / 2, 0
        for size in sorted(self.statements):
            seen += self.statements[size]
            if seen >= half:
                return size
        return 0

    def is_full(self) -> bool:
        """Whether so many programs ran that each opcode and code must have been met often."""
        return self.programs >= FULL

    def rare(self, least: int = HITS_LEAST) -> dict[str, int]:
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
            "upgrades": dict(self.upgrades),
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Tally:
        """From a file."""
        sizes = Counter({int(size): count for size, count in data["statements"].items()})
        codes, opcodes = Counter(data["codes"]), Counter(data["opcodes"])
        upgrades = Counter(data["upgrades"])
        counts = (data["programs"], data["calls"], data["bounded"])
        return cls(*counts, sizes, codes, opcodes, upgrades)
