"""The commands as an author gives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import ROOT

TIMEOUT_S = 240


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])


def environment() -> dict[str, str]:
    """This checkout's package, whatever is installed."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}


def daicho(folder: Path, *arguments: str) -> Ended:
    """Run the command in a process of its own, in that folder."""
    done = subprocess.run(
        [sys.executable, "-m", "daicho", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


Here = Callable[..., Ended]
"""Runs the command in this process, in a folder."""
