"""Which sequences of a party's lanes are used, across restarts.

The ledger keeps a window of 1,024 over the oldest unused sequence of a lane,
so a sequence that is never used is a hole that would one day block the lane.
Hence three states: *next* (never taken), *open* (taken, outcome unknown until
its expiry) and *free* (taken, and certainly not ordered). Free ones are used
again first. Should an old transaction have been ordered after all, the ledger
refuses the new one with SEQUENCE_USED, and the sequence counts as settled.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from daicho.identity.files import write_secret

EXPIRY_MARGIN_US = 60_000_000
"""The chain's clock and ours may differ by as much."""


class Sequences(Protocol):
    """Hands out sequences; each is settled or released when its fate is known."""

    def take(self, lane: int, count: int, expiry_us: int) -> list[int]:
        """Take `count` sequences for transactions that expire at `expiry_us`."""
        ...

    def settle(self, lane: int, sequences: list[int]) -> None:
        """Note that these stand in a block."""

    def release(self, lane: int, sequences: list[int]) -> None:
        """Note that these were refused, and nothing was ordered."""


@dataclass
class Lane:
    """The bookkeeping of one lane."""

    next: int = 0
    free: list[int] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)

    def take(self, count: int, expiry_us: int, now_us: int) -> list[int]:
        """Take the lowest sequences that may be used."""
        ready = sorted([*self.free, *self._lapsed(now_us)])
        taken, self.free = ready[:count], ready[count:]
        fresh = count - len(taken)
        taken += range(self.next, self.next + fresh)
        self.next += fresh
        self.open.update(dict.fromkeys(taken, expiry_us))
        assert len(set(taken)) == count, "a sequence is taken once"
        return taken

    def _lapsed(self, now_us: int) -> list[int]:
        """Close the open sequences whose time is long past.

        Expiries rise with the order of taking but for a few, so the first one
        tells whether looking at all of them is worth it.
        """
        first = next(iter(self.open.values()), now_us)
        if first + EXPIRY_MARGIN_US >= now_us:
            return []
        lapsed = [s for s, expiry in self.open.items() if expiry + EXPIRY_MARGIN_US < now_us]
        for sequence in lapsed:
            del self.open[sequence]
        return lapsed

    def settle(self, sequences: list[int]) -> None:
        """Forget sequences that are used for good."""
        for sequence in sequences:
            self.open.pop(sequence, None)

    def release(self, sequences: list[int]) -> None:
        """Take back sequences that were not used."""
        for sequence in sequences:
            if self.open.pop(sequence, None) is not None:
                self.free.append(sequence)


class MemorySequences:
    """For one process on lanes of its own; nothing survives it."""

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._lanes: dict[int, Lane] = {}

    def _lane(self, lane: int) -> Lane:
        return self._lanes.setdefault(lane, Lane(next=self._first))

    def take(self, lane: int, count: int, expiry_us: int) -> list[int]:
        """Take `count` sequences."""
        return self._lane(lane).take(count, expiry_us, _now_us())

    def settle(self, lane: int, sequences: list[int]) -> None:
        """Note that these stand in a block."""
        self._lane(lane).settle(sequences)

    def release(self, lane: int, sequences: list[int]) -> None:
        """Note that these were refused."""
        self._lane(lane).release(sequences)


class SequenceFile:
    """`sequences.json` in a party's folder, shared by processes under a lock.

    A sequence is on disk as taken before it is handed out: a crash loses none
    and repeats none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(f".{path.name}.lock")

    def take(self, lane: int, count: int, expiry_us: int) -> list[int]:
        """Take `count` sequences."""
        with self._opened() as lanes:
            return lanes.setdefault(lane, Lane()).take(count, expiry_us, _now_us())

    def settle(self, lane: int, sequences: list[int]) -> None:
        """Note that these stand in a block."""
        with self._opened() as lanes:
            lanes.setdefault(lane, Lane()).settle(sequences)

    def release(self, lane: int, sequences: list[int]) -> None:
        """Note that these were refused."""
        with self._opened() as lanes:
            lanes.setdefault(lane, Lane()).release(sequences)

    @contextmanager
    def _opened(self) -> Iterator[dict[int, Lane]]:
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            lanes = self._read()
            yield lanes
            write_secret(self._path, _to_json(lanes))
        finally:
            os.close(descriptor)

    def _read(self) -> dict[int, Lane]:
        if not self._path.exists():
            return {}
        rows = json.loads(self._path.read_bytes())["lanes"]
        return {
            int(lane): Lane(
                row["next"],
                list(row["free"]),
                {int(sequence): expiry for sequence, expiry in row["open"].items()},
            )
            for lane, row in rows.items()
        }


def _to_json(lanes: dict[int, Lane]) -> bytes:
    rows = {
        str(lane): {"next": state.next, "free": state.free, "open": state.open}
        for lane, state in lanes.items()
    }
    return json.dumps({"version": 1, "lanes": rows}).encode()


def _now_us() -> int:
    return time.time_ns() // 1_000
