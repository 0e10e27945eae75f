"""A market day on a network of real processes, held against one file of figures.

    run        found a network, play the day, compare, report
    observe    play the day and write down what was seen
    compare    hold what was seen against `expectations.toml`

The acts of the day stand in `daicho.demo.acts`, in the order in which they are
played. Playing and judging are apart: the figures are written down once, and
whoever changes an expectation need not play the day again to be told so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daicho.admin.plan import Profile
from daicho.demo.day import observe
from daicho.demo.expectations import EXPECTED_FILE, Check, Expectation, compare, load
from daicho.demo.lifetime import Note
from daicho.demo.report import Day, report_of, text_of

__all__ = ["EXPECTED_FILE", "Check", "Day", "Expectation", "compare", "load", "observe", "run"]


def run(
    profile: Profile,
    keep: bool,
    folder: Path | None,
    note: Note,
    expected: Path | None = None,
) -> dict[str, Any]:
    """Play the day and judge it; the report, with the words for people under `text`."""
    file = expected or EXPECTED_FILE
    # Read first: a file out of form is said before anything is started.
    wanted = load(file, profile)
    day = observe(profile, folder, keep, note)
    return judged(day, wanted, file, note)


def judged(day: Day, wanted: list[Expectation], file: Path, note: Note) -> dict[str, Any]:
    """Hold a day against its expectations; every false one is named on `note`."""
    checks = compare(wanted, day.figures)
    report = report_of(day, checks, file)
    for sentence in report["failed"]:
        note(f"FALSE {sentence}")
    return {**report, "text": text_of(day, checks, report["ok"])}
