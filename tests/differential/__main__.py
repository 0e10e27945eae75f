"""`python -m differential --seeds 0..20000`: run it in tests/, or by `make differential`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from differential.calls import plan
from differential.campaign import REPORTS_MAX, Result, campaign, run_one, summary
from differential.compare import versions
from differential.program import generate
from differential.tally import HITS_LEAST


def main() -> int:
    """Exit 0 when no program differs, and a full run has met everything often enough."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--seeds", default="0..20000", help="the programs, FIRST..END")
    parser.add_argument("--seed", type=int, help="one program: show it and run it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--state", type=Path, help="a file to go on from")
    parser.add_argument(
        "--least", type=int, default=HITS_LEAST, help="what a full run meets of each"
    )
    given = parser.parse_args()
    if given.seed is not None:
        return _one(given.seed)
    first, _, end = given.seeds.partition("..")
    started = time.monotonic()
    result = campaign(int(first), int(end), given.workers, given.state)
    for text in result.reports[:REPORTS_MAX]:
        print(text, file=sys.stderr)
    print(summary(result, given.least))
    print(f"codes: {dict(result.tally.codes.most_common())}")
    print(f"{time.monotonic() - started:.0f} s; seeds that differ: {result.different[:50]}")
    missed = result.tally.is_full() and result.tally.rare(given.least)
    return 1 if result.different or missed else 0


def _one(seed: int) -> int:
    program = generate(seed)
    print(program.text())
    if program.second is not None:
        print(program.second.text())
    calls = plan(seed, versions(program))
    print(f"second version before block {calls.upgrade}")
    for number, block in enumerate(calls.blocks):
        print(f"block {number}:", *(item.what for item in block.calls), sep="\n  ")
    result = Result()
    run_one(seed, result)
    print(*result.reports, sep="\n")
    return 1 if result.different else 0


if __name__ == "__main__":
    sys.exit(main())
