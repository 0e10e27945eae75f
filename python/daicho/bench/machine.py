"""What the figures were taken on, and what processes have spent of it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import daicho

GIT_TIMEOUT_S = 5.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_AFTER_NAME_UTIME, _AFTER_NAME_STIME = 11, 12
"""Places in /proc/PID/stat behind the process' name (proc(5): fields 14 and 15)."""


def describe(folder: Path) -> dict[str, Any]:
    """The machine, how busy it is with other things, and where the nodes' files lie."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file_system": _file_system(folder),
        "load_before": round(os.getloadavg()[0], 2),
        "placement": "all nodes, executors and the client on this machine, over loopback",
    }


def commit() -> str:
    """The commit of the sources this runs from, `-dirty` when they differ from it."""
    root = Path(daicho.__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return f"daicho {daicho.__version__}"
    found = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{found}-dirty" if changed else found


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.decode().strip()


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _file_system(folder: Path) -> str:
    """The type of the file system that holds `folder`: what a sync costs depends on it."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, found, *_ = line.split(" ")
        if folder.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, found
    return kind


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that these processes have used so far, in all their threads."""
    return sum(_ticks(pid) for pid in pids) / TICKS_PER_S


def _ticks(pid: int) -> int:
    # The name stands in parentheses and may hold anything, parentheses included.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[_AFTER_NAME_UTIME]) + int(fields[_AFTER_NAME_STIME])


def thread_seconds(pid: int) -> dict[str, float]:
    """Processor time of a process by the name of its threads."""
    spent: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
        fields = rest.split()
        ticks = int(fields[_AFTER_NAME_UTIME]) + int(fields[_AFTER_NAME_STIME])
        spent[name] = spent.get(name, 0.0) + ticks / TICKS_PER_S
    return spent
