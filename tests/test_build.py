"""The three distributions are installed together and agree on their version."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import daicho
import daicho_pump
from daicho import _native

DISTRIBUTIONS = ("daicho", "daicho-pump", "daicho-executor")


def test_one_version() -> None:
    stated = {name: version(name) for name in DISTRIBUTIONS}
    assert set(stated.values()) == {daicho.__version__}
    assert _native.version() == daicho.__version__
    assert daicho_pump.version() == daicho.__version__


def test_executor_stands_beside_python() -> None:
    executor = Path(sys.executable).parent / "daicho-executor"
    answer = subprocess.run([executor, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["daicho-executor", daicho.__version__]
