"""What the cryptography of one transaction costs here, part by part.

The floor under every figure: signatures, digests and seals that no design of
the rest can save. Measured natively with the functions that nodes and executors
call, in the same run as the load, so that both saw the same machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from daicho import _native

BATCH = 64
MEASURE_S = 0.1
REPEATS = 3


@dataclass(frozen=True)
class Part:
    """A primitive and how often one transaction needs it, over the whole network."""

    name: str
    by: str
    work: str
    validators: int
    executors: int


PARTS = (
    Part("verify", "each validator", "verify_batch", 1, 0),
    Part("hash", "each validator and executor", "hash", 1, 1),
    Part("open", "each executor", "open", 0, 1),
    Part("seal_receipt", "each executor", "receipt_seal", 0, 1),
)


def microseconds(work: str, batch: int = BATCH) -> float:
    """One thing of a work, the best of several measurements."""
    prepared = _native.Work(work, batch)
    rounds = 1
    while (spent := _timed(prepared, rounds)) < MEASURE_S:
        rounds *= 2
    best = min([spent, *(_timed(prepared, rounds) for _ in range(REPEATS - 1))])
    return best * 1e6 / (rounds * batch)


def _timed(work: _native.Work, rounds: int) -> float:
    started = time.perf_counter()
    work.run(rounds)
    return time.perf_counter() - started


def per_transaction(validators: int, executors: int) -> dict[str, float]:
    """Microseconds of one transaction by part; their sum is the floor."""
    return {
        part.name: microseconds(part.work)
        * (part.validators * validators + part.executors * executors)
        for part in PARTS
    }
