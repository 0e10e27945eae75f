"""What the day comes to: one object for programs, one table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daicho.demo.expectations import Check, shown
from daicho.demo.observations import Figure

WIDTH = 118
_BECAUSE_MAX = 60


@dataclass(frozen=True)
class Day:
    """The record of one played day: figures, and how the network came through it."""

    profile: str
    figures: dict[str, Figure]
    validators: int
    executors: int
    height: int
    certified_height: int
    view_changes: int
    roots_equal: bool
    transactions: int
    seconds: float
    folder: Path | None = None
    """Where the network still stands, if it was kept."""
    words: list[str] = field(default_factory=list)
    """How to talk to a network that was kept."""


def report_of(day: Day, checks: list[Check], expected_file: Path) -> dict[str, Any]:
    """The object of `daicho demo --json` (docs/interfaces.md)."""
    document: dict[str, Any] = {
        "ok": bool(checks) and day.roots_equal and all(check.holds for check in checks),
        "profile": day.profile,
        "validators": day.validators,
        "executors": day.executors,
        "height": day.height,
        "certified_height": day.certified_height,
        "view_changes": day.view_changes,
        "roots_equal": day.roots_equal,
        "transactions": day.transactions,
        "seconds": round(day.seconds, 3),
        "checks": {check.name: check.holds for check in checks},
        "failed": [check.sentence() for check in checks if not check.holds],
        "expected_file": str(expected_file),
    }
    if day.folder is not None:
        document["folder"] = str(day.folder)
    return document


def text_of(day: Day, checks: list[Check], ok: bool) -> str:
    """The report for people: a table in colour on a terminal, plain text elsewhere."""
    head = _summary(day, checks, ok)
    table = _rich_table(checks) if sys.stdout.isatty() else _plain_table(checks)
    return "\n".join([table, "", *head, *day.words])


def _summary(day: Day, checks: list[Check], ok: bool) -> list[str]:
    held = sum(check.holds for check in checks)
    return [
        f"{day.transactions} transactions in {day.certified_height} final blocks, "
        f"{day.validators} validators, {day.executors} executors, "
        f"{day.view_changes} view changes, {day.seconds:.1f} s",
        f"roots equal on every node: {shown(day.roots_equal)}",
        f"{held} of {len(checks)} figures as expected: {'the day stands' if ok else 'FALSE'}",
        *(f"  FALSE {check.sentence()}" for check in checks if not check.holds),
    ]


def _rows(checks: Iterable[Check]) -> Iterable[tuple[str, str, str, str]]:
    for check in checks:
        mark = "yes" if check.holds else "NO"
        yield mark, check.name, shown(check.observed), check.because[:_BECAUSE_MAX]


def _plain_table(checks: list[Check]) -> str:
    from daicho.text import table

    return table(list(_rows(checks)), ("holds", "figure", "observed", "because"))


def _rich_table(checks: list[Check]) -> str:
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("holds", "figure", "observed", "because"):
        grid.add_column(title, overflow="fold")
    for mark, name, observed, because in _rows(checks):
        colour = "green" if mark == "yes" else "bold red"
        grid.add_row(f"[{colour}]{mark}[/]", name, observed, f"[dim]{because}[/]")
    console = Console(width=None, force_terminal=True)
    with console.capture() as capture:
        console.print(grid)
    return capture.get().rstrip()
