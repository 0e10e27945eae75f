"""What the calls of a test run used and reached: gas by entry, lines by contract.

Chains write into the open record; where none is open they pay one comparison a
call. A record is plain data, so that the parts of several processes add up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_open: Record | None = None


@dataclass
class Usage:
    """The calls of one entry or query: how often each (gas, steps) was used."""

    spent: Counter[tuple[int, int]] = field(default_factory=Counter)
    failed: int = 0
    """Calls that took no effect; their gas is not in `spent`."""


@dataclass
class Lines:
    """One contract file: which of its lines are code, which of them ran."""

    file: str
    executable: set[int] = field(default_factory=set)
    executed: set[int] = field(default_factory=set)


@dataclass
class Record:
    """One run, or one process's part of it."""

    usage: dict[str, Usage] = field(default_factory=dict)
    lines: dict[str, Lines] = field(default_factory=dict)
    covers: bool = False
    """Whether lines are wanted: the machine watches only then."""

    def called(self, name: str, gas: int, steps: int, ok: bool) -> None:
        """A call of `contract.entry` ended."""
        usage = self.usage.get(name)
        if usage is None:
            usage = self.usage[name] = Usage()
        if ok:
            usage.spent[gas, steps] += 1
        else:
            usage.failed += 1

    def knows(self, contract: str, file: str, executable: set[int]) -> None:
        """A contract was deployed that has code on these lines."""
        lines = self.lines.setdefault(contract, Lines(file))
        lines.executable |= executable

    def reached(self, contract: str, executed: set[int]) -> None:
        """These lines of a known contract ran."""
        self.lines[contract].executed |= executed

    def add(self, other: Record) -> None:
        """Take in another part of the same run."""
        for name, usage in other.usage.items():
            mine = self.usage.setdefault(name, Usage())
            mine.spent += usage.spent
            mine.failed += usage.failed
        for contract, lines in other.lines.items():
            self.knows(contract, lines.file, lines.executable)
            self.reached(contract, lines.executed)

    def plain(self) -> dict[str, Any]:
        """Lists and numbers alone, for another process."""
        return {
            "usage": [
                [name, usage.failed, [[*spent, count] for spent, count in usage.spent.items()]]
                for name, usage in self.usage.items()
            ],
            "lines": [
                [contract, lines.file, sorted(lines.executable), sorted(lines.executed)]
                for contract, lines in self.lines.items()
            ],
        }

    @classmethod
    def of_plain(cls, data: dict[str, Any]) -> Record:
        """The record that `plain` wrote."""
        record = cls()
        for name, failed, spent in data["usage"]:
            counted = Counter({(gas, steps): count for gas, steps, count in spent})
            record.usage[name] = Usage(counted, failed)
        for contract, file, executable, executed in data["lines"]:
            record.lines[contract] = Lines(file, set(executable), set(executed))
        return record


def open_record(covers: bool = False) -> Record:
    """Begin to record: chains made from now on write here."""
    global _open
    _open = Record(covers=covers)
    return _open


def close_record() -> None:
    """End recording."""
    global _open
    _open = None


def opened() -> Record | None:
    """The record that chains write into now."""
    return _open
