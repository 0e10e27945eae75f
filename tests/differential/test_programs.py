"""Some generated programs on both backends; `make test-programs` runs twenty thousand.

DIFFERENTIAL_PROGRAMS says how many, DIFFERENTIAL_SHIFT by how many ranges to shift them.
"""

from __future__ import annotations

import os

import pytest

from daicho.compiler import CompileError
from differential.calls import Plan, plan
from differential.campaign import campaign, summary
from differential.compare import Difference, compiled
from differential.program import ProgramText, generate
from differential.shrink import shrink

PROGRAMS = int(os.environ.get("DIFFERENTIAL_PROGRAMS", "400"))
SHIFT = int(os.environ.get("DIFFERENTIAL_SHIFT", "0"))
RANGE = 20_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_generated_programs_mean_the_same_on_both_backends() -> None:
    """Generated well-typed programs: zero divergence."""
    first = SHIFT * RANGE
    result = campaign(first, first + PROGRAMS, workers=2)
    print(summary(result))
    assert not result.different, result.reports[0]
    assert result.tally.programs == PROGRAMS
    assert result.tally.median() >= 30
    assert not (result.tally.is_full() and result.tally.rare())
    assert result.tally.bounded * 100 < PROGRAMS


def test_a_seed_is_one_program() -> None:
    """The number is all there is to a program."""
    assert generate(7).text() == generate(7).text()
    assert generate(7).text() != generate(8).text()
    artefact = compiled(generate(7))
    assert artefact.data == compiled(generate(7)).data
    assert plan(7, [artefact]) == plan(7, [artefact])


def test_a_difference_is_made_small() -> None:
    """The shrinker keeps what shows the difference and little else."""

    def seen(program: ProgramText, calls: Plan) -> Difference | None:
        try:
            compiled(program)
        except CompileError:
            return None
        return Difference("text", 1, 2) if "emit(" in program.text() else None

    seed = next(at for at in range(100) if "emit(" in generate(at).text().split("edition")[1])
    program = generate(seed)
    artefact = compiled(program)
    small, calls, _ = shrink(program, plan(seed, [artefact]), seen)
    assert "emit(" in small.text()
    assert small.statements() * 3 < program.statements()
    assert calls.blocks == []
