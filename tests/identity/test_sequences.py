"""Sequences across restarts: none repeated, none lost for good."""

from __future__ import annotations

import multiprocessing
import stat
import time
from pathlib import Path

import pytest

from daicho.gateway.sequences import EXPIRY_MARGIN_US, Lane, SequenceFile

LATER_US = (int(time.time()) + 3_600) * 1_000_000


def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sequences.json"
    assert SequenceFile(path).take(0, 3, LATER_US) == [0, 1, 2]
    assert SequenceFile(path).take(0, 2, LATER_US) == [3, 4]
    assert SequenceFile(path).take(9, 1, LATER_US) == [0], "lanes are independent"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_refused_is_used_again(tmp_path: Path) -> None:
    book = SequenceFile(tmp_path / "sequences.json")
    book.take(0, 4, LATER_US)
    book.release(0, [2, 1])
    book.settle(0, [0])
    assert book.take(0, 3, LATER_US) == [1, 2, 4]


def test_a_settled_sequence_cannot_be_released(tmp_path: Path) -> None:
    book = SequenceFile(tmp_path / "sequences.json")
    book.take(0, 1, LATER_US)
    book.settle(0, [0])
    book.release(0, [0])
    assert book.take(0, 1, LATER_US) == [1]


def test_an_unknown_outcome_stays_open_until_its_expiry_is_past() -> None:
    lane = Lane()
    assert lane.take(2, 1_000, 0) == [0, 1]
    assert lane.take(1, 9_000, 1_000 + EXPIRY_MARGIN_US) == [2], "not yet"
    assert lane.take(3, 9_000, 1_001 + EXPIRY_MARGIN_US) == [0, 1, 3]


def _take(path: Path, queue: multiprocessing.Queue[list[int]]) -> None:
    book = SequenceFile(path)
    queue.put([book.take(0, 1, LATER_US)[0] for _ in range(5)])


@pytest.mark.parametrize("workers", [4])
def test_processes_share_a_lane_without_meeting(tmp_path: Path, workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[list[int]] = context.Queue()
    path = tmp_path / "sequences.json"
    running = [context.Process(target=_take, args=(path, queue)) for _ in range(workers)]
    for process in running:
        process.start()
    taken = [sequence for _ in running for sequence in queue.get(timeout=60)]
    for process in running:
        process.join()
    assert sorted(taken) == list(range(5 * workers))
