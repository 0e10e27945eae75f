"""Every planted fault of the machine, and the program that finds it.

python -m differential.hunting BINARY [--programs 2000]     (in tests/)
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from daicho.compiler import Artefact
from differential.calls import Plan, plan
from differential.compare import BoundError, Outcome, Watch, differs, versions
from differential.process import MachineProcess, PanicError, plain
from differential.program import generate
from differential.unbalanced import is_unbalanced

BINARY = Path("target/release/examples/machine")
PROGRAMS_MAX = 2_000
RIGHT_PROGRAMS = 30
"""Nothing is found where nothing is planted."""


class Meter(Watch):
    """Reads off the gas of every call."""

    def __init__(self) -> None:
        self.gas: list[int] = []

    def outcome(self, outcome: Outcome) -> None:
        """One more."""
        self.gas.append(outcome["gas_used"])


def burnt(artefacts: list[Artefact], calls: Plan, odd: bool) -> list[int]:
    """The gas of every call on the machine of this process."""
    meter = Meter()
    differs(artefacts, calls, meter, odd=odd)
    return meter.gas


def finding(
    process: MachineProcess, artefacts: list[Artefact], calls: Plan, odd: bool, gas: list[int]
) -> str | None:
    """How a program tells this machine from the right one; None if it does not.

    Gas is compared with the right machine: the CPython backend knows none.
    """
    meter = Meter()
    try:
        backend = process.start(artefacts[0])
        found = differs(
            artefacts,
            calls,
            meter,
            left=lambda _: backend,
            odd=odd,
        )
    except PanicError:
        return "it went down"
    except BoundError:
        return "a bound that the right machine does not reach"
    if found is not None:
        return found.where
    return None if meter.gas == gas else "gas"


def hunt(binary: Path, numbers: list[int], programs: int) -> dict[int, tuple[int, str]]:
    """For each fault the first program that finds it, and where."""
    found: dict[int, tuple[int, str]] = {}
    with ExitStack() as stack:
        processes = {at: stack.enter_context(MachineProcess(binary)) for at in numbers}
        for number, process in processes.items():
            process.ask("plant", number)
        for seed in range(programs):
            if len(found) == len(numbers):
                break
            artefacts, odd = versions(generate(seed)), is_unbalanced(seed)
            calls = plain(plan(seed, artefacts))
            try:
                gas = burnt(artefacts, calls, odd)
            except BoundError:
                continue
            for number in [item for item in numbers if item not in found]:
                where = finding(processes[number], artefacts, calls, odd, gas)
                if where is not None:
                    found[number] = (seed, where.splitlines()[0])
                    print(f"fault {number}: program {seed}, {found[number][1][:80]}", flush=True)
    return found


def main() -> int:
    """Exit 0 when every fault is found, and the right machine stays without one."""
    parser = argparse.ArgumentParser(prog="differential.hunting", description=__doc__)
    parser.add_argument("binary", type=Path, nargs="?", default=BINARY)
    parser.add_argument("--programs", type=int, default=PROGRAMS_MAX)
    parser.add_argument("--only", type=int, nargs="*", help="these faults and no others")
    given = parser.parse_args()
    with MachineProcess(given.binary) as process:
        faults = process.faults()
    faults = {at: what for at, what in faults.items() if not given.only or at in given.only}
    found = hunt(given.binary, list(faults), given.programs)
    for number, what in faults.items():
        seed, where = found.get(number, (-1, "NOT FOUND"))
        print(f"{number:3} {what}\n    program {seed}: {where[:100]}")
    print(f"{len(found)} of {len(faults)} faults found")
    wrong = hunt(given.binary, [0], RIGHT_PROGRAMS)
    print(f"the right machine: {wrong or 'found right'}")
    return 0 if len(found) == len(faults) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
