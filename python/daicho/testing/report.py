"""A record as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low
from typing import Any

from daicho.testing.record import Lines, Record, Usage
from daicho.text import table

_GAS_HEAD = ["entry", "calls", "failed", "gas min", "median", "max", "steps min", "median", "max"]
_LINES_HEAD = ["contract", "lines", "run", "never run"]


def document(record: Record) -> dict[str, Any]:
    """Both reports, by name."""
    return {
        "gas": {name: _usage(record.usage[name]) for name in sorted(record.usage)},
        "lines": {name: _covered(record.lines[name]) for name in sorted(record.lines)},
    }


def gas_lines(record: Record) -> list[str]:
    """A table: calls, and what those that took effect used."""
    rows: list[list[str]] = []
    for name, usage in sorted(record.usage.items()):
        said = _usage(usage)
        cells = [str(said[key]) for key in ("calls", "failed")]
        for spread in (said["gas"], said["steps"]):
            cells += [str(spread[key]) for key in ("min", "median", "max")] if spread else ["-"] * 3
        rows.append([name, *cells])
    return table(rows, _GAS_HEAD).splitlines() if rows else ["no contract was called"]


def line_lines(record: Record) -> list[str]:
    """A table: lines run, lines of code, and those that never ran."""
    rows: list[list[str]] = []
    for name in sorted(record.lines):
        said = _covered(record.lines[name])
        run = f"{said['executed']} ({said['percent']} %)"
        rows.append([said["file"], str(said["executable"]), run, ranges(said["missing"])])
    return table(rows, _LINES_HEAD).splitlines() if rows else ["no contract's lines were watched"]


def ranges(numbers: Iterable[int]) -> str:
    """Line numbers as `3, 7-9`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


def _usage(usage: Usage) -> dict[str, Any]:
    gas = sorted(gas for gas, _ in usage.spent.elements())
    steps = sorted(steps for _, steps in usage.spent.elements())
    calls = len(gas) + usage.failed
    return {
        "calls": calls,
        "failed": usage.failed,
        "gas": _spread(gas),
        "steps": _spread(steps),
    }


def _spread(values: list[int]) -> dict[str, int] | None:
    """None when no call took effect, and on CPython, which counts neither gas nor steps."""
    if not any(values):
        return None
    return {"min": values[0], "median": median_low(values), "max": values[-1]}


def _covered(lines: Lines) -> dict[str, Any]:
    executed = lines.executed & lines.executable
    total = len(lines.executable)
    return {
        "file": lines.file,
        "executable": total,
        "executed": len(executed),
        "percent": 100 * len(executed) // total if total else 100,
        "missing": sorted(lines.executable - executed),
    }
