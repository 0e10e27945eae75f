"""Many programs on several processes, with a summary; it goes on where it stopped."""

from __future__ import annotations

import gc
import json
import multiprocessing
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from daicho.rewrite import run
from differential.calls import plan
from differential.compare import BoundError, differs, versions
from differential.program import generate
from differential.shrink import report, shrink
from differential.tally import HITS_LEAST, Tally
from differential.unbalanced import is_unbalanced

CHUNK = 50
STEPS_MAX = 300_000
"""A generated program that needs more has no end; gas would not let it."""
REPORTS_MAX = 5
GARBAGE_EVERY = 50
"""Programs after which a process looks for garbage."""


@dataclass
class Result:
    """A chunk of programs, or all of them."""

    tally: Tally = field(default_factory=Tally)
    different: list[int] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Take in another."""
        self.tally.add(other.tally)
        self.different += other.different
        self.reports += other.reports


def run_one(seed: int, result: Result, *, small: bool = True) -> None:
    """One program, both ways."""
    program, tally = generate(seed), result.tally
    tally.programs += 1
    tally.statements[program.statements()] += 1
    try:
        artefacts = versions(program)
        calls = plan(seed, artefacts)
        odd = is_unbalanced(seed)
        found = differs(artefacts, calls, tally, odd=odd)
    except BoundError:
        tally.bounded += 1
        return
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding with a seed
        result.different.append(seed)
        result.reports.append(f"seed {seed}: {traceback.format_exc()}\n{program.text()}")
        return
    if found is not None:
        result.different.append(seed)
        shown = shrink(program, calls) if small else (program, calls, found)
        result.reports.append(report(*shown))


def run_chunk(seeds: tuple[int, int]) -> Result:
    """A range of programs in this process."""
    run.STEPS_MAX = STEPS_MAX
    result = Result()
    gc.disable()  # trees of programs are circles; they are looked for seldom, and once
    for seed in range(*seeds):
        run_one(seed, result, small=len(result.reports) < 1)
        if seed % GARBAGE_EVERY == 0:
            gc.collect()
    return result


def prepare() -> None:
    """A new process: what it has loaded is nothing to look through for garbage."""
    gc.collect()
    gc.freeze()


def chunks(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The range in pieces."""
    for start in range(first, end, CHUNK):
        yield start, min(start + CHUNK, end)


def campaign(first: int, end: int, workers: int, state: Path | None = None) -> Result:
    """Programs `first` to `end`; with a state file, from where it was left."""
    result = Result()
    if state is not None and state.exists():
        saved = json.loads(state.read_text(encoding="utf-8"))
        if saved["first"] == first:
            result.tally = Tally.of_json(saved["tally"])
            result.different = saved["different"]
            first = max(first, saved["next"])
    start = saved_first = first - result.tally.programs
    with multiprocessing.get_context("spawn").Pool(workers, prepare) as pool:
        for part in pool.imap(run_chunk, chunks(first, end)):
            result.add(part)
            if state is not None:
                _save(state, saved_first, result)
    assert result.tally.programs == end - start
    return result


def _save(state: Path, first: int, result: Result) -> None:
    data = {
        "first": first,
        "next": first + result.tally.programs,
        "different": result.different,
        "tally": result.tally.as_json(),
    }
    fresh = state.with_suffix(".new")
    fresh.write_text(json.dumps(data), encoding="utf-8")
    fresh.replace(state)


def summary(result: Result, least: int = HITS_LEAST) -> str:
    """One line, and what was met too seldom."""
    tally = result.tally
    line = (
        f"{tally.programs} programs ({tally.median()} statements in the middle), "
        f"{tally.calls} calls, {len(result.different)} differences, "
        f"{tally.bounded} stopped at a bound of the machine; second versions: "
        f"{tally.upgrades['took over']} took over, {tally.upgrades['failed']} failed to"
    )
    rare = tally.rare(least)
    if rare:
        shown = ", ".join(f"{name} {count}" for name, count in sorted(rare.items()))
        line += f"\nmet less than {least} times: {shown}"
    return line
