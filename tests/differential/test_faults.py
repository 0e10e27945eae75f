"""Faults planted in the machine, each found by the generated programs.

Runs where the machine with its faults is built:
`cargo build --release -p daicho-execution --features faults --example machine`.
"""

from __future__ import annotations

import pytest

from conftest import ROOT
from differential.hunting import BINARY, PROGRAMS_MAX, hunt
from differential.process import MachineProcess

MACHINE = ROOT / BINARY


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not MACHINE.exists(), reason="the machine with faults is not built")
def test_every_planted_fault_is_found() -> None:
    """Each of the 20 planted faults each found within 2,000 programs."""
    with MachineProcess(MACHINE) as process:
        faults = process.faults()
    assert len(faults) >= 20
    found = hunt(MACHINE, list(faults), PROGRAMS_MAX)
    assert set(found) == set(faults), {at: faults[at] for at in set(faults) - set(found)}


@pytest.mark.skipif(not MACHINE.exists(), reason="the machine with faults is not built")
def test_the_right_machine_is_found_right() -> None:
    """The hunt finds nothing where nothing is planted."""
    assert hunt(MACHINE, [0], 30) == {}
