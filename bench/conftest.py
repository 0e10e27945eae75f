"""What every figure of this folder carries: the machine, the commit, its conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daicho import _native
from daicho.bench import machine

ROUNDS = 5
"""Measurements of which pytest-benchmark shows the spread."""


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """R120: "State conditions of any figure": the result file names hardware and commit."""
    machine_info["daicho"] = {**machine.describe(Path.cwd()), "commit": machine.commit()}


@pytest.fixture
def measure(benchmark: Any) -> Callable[..., None]:
    """Measures a native work; `extra_info` says what one round is."""

    def run(work: str, batch: int, *, rows: int = 0, rounds: int = 20, **conditions: Any) -> None:
        benchmark.extra_info.update(work=work, batch=batch, **conditions)
        if rows:
            benchmark.extra_info["rows"] = rows
        benchmark.extra_info["one_figure_is"] = f"{rounds} rounds of {batch}"

        def fresh() -> tuple[tuple[_native.Work], dict[str, Any]]:
            return (_native.Work(work, batch, rows),), {}

        def go(prepared: _native.Work) -> None:
            prepared.run(rounds)

        benchmark.pedantic(go, setup=fresh, rounds=ROUNDS)
        each = benchmark.stats.stats.min * 1e6 / (rounds * batch) if benchmark.stats else None
        benchmark.extra_info["us_each"] = each

    return run
