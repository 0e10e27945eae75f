"""The contract compiler: the largest contracts, from their text to their bytes.

Importing the compiler is not in the figure, and nothing is kept from one round
to the next: each reads its file and those it imports anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daicho.compiler import Artefact, compile_path
from daicho.compiler.driver import forget
from daicho.resources import contract_set

ROUNDS = 20
LINES = 500
LIMIT_SECONDS = 0.2


def lines_of(folder: Path, artefact: Artefact) -> int:
    """Lines of a contract and of all it imports."""
    modules, names = [artefact.module], set[str]()
    while modules:
        module = modules.pop()
        if module.name not in names:
            names.add(module.name)
            modules += module.imported.values()
    return sum(len((folder / f"{name}.py").read_text().splitlines()) for name in names)


@pytest.mark.parametrize("name", ["securities", "trades", "corporate_actions"])
def test_compile(benchmark: Any, name: str) -> None:
    """500 lines in at most 200 ms after import, imports counted."""
    folder = contract_set()
    path = folder / f"{name}.py"
    artefact = benchmark.pedantic(compile_path, (path,), setup=forget, rounds=ROUNDS)
    lines = lines_of(folder, artefact)
    benchmark.extra_info.update(lines=lines, one_figure_is="one contract and what it imports")
    if benchmark.stats:
        per = benchmark.stats.stats.median / lines * LINES
        benchmark.extra_info["ms_per_500_lines"] = round(per * 1000, 1)
        assert per <= LIMIT_SECONDS
