"""How a trace is told: loops as one round, and nothing lost by it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from daicho.cli.tracing import LOOP_ROUNDS_MIN, rounds
from daicho.query.trace import Place, RanLine, TracedContract

CONTRACT = TracedContract(7, bytes(32), "paper", "paper.py")


def _lines(numbers: Sequence[int]) -> list[RanLine]:
    return [RanLine(Place(CONTRACT, "f", line), line + 1) for line in numbers]


def _shown(numbers: Sequence[int]) -> list[tuple[list[int], int]]:
    return [([line.place.line for line in it.lines], it.times) for it in rounds(_lines(numbers))]


def test_equal_rounds_stand_once() -> None:
    assert _shown([]) == []
    assert _shown([1, 2, 1, 2]) == [([1, 2, 1, 2], 1)], "two rounds are no loop yet"
    assert _shown([5, 1, 2, 1, 2, 1, 2, 1, 9]) == [([5], 1), ([1, 2], 3), ([1, 9], 1)]
    assert _shown([*range(64), *range(64), *range(64)]) == [(list(range(64)), 3)]


def test_nothing_is_lost() -> None:
    """Unfolded, the rounds are the lines that ran, and their gas is the same."""
    dice = random.Random(7)
    folded = 0
    for _ in range(300):
        numbers: list[int] = []
        while len(numbers) < 60:
            body = [dice.randrange(5) for _ in range(dice.randrange(1, 5))]
            numbers += body * dice.randrange(1, 6)
        lines = _lines(numbers)
        told = list(rounds(lines))
        unfolded = [line.place for each in told for _ in range(each.times) for line in each.lines]
        assert unfolded == [line.place for line in lines]
        gas: Counter[int] = Counter()
        for line in (line for each in told for line in each.lines):
            gas[line.place.line] += line.gas
        burnt: Counter[int] = Counter()
        for line in lines:
            burnt[line.place.line] += line.gas
        assert gas == burnt
        assert all(each.times == 1 or each.times >= LOOP_ROUNDS_MIN for each in told)
        folded += any(each.times > 1 for each in told)
    assert folded > 200
