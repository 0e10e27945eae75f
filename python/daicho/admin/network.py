"""Runs a network's nodes on this machine: one process each, found again by pid."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daicho.config import ConfigError, NetworkFile, load_network
from daicho.identity.files import write_public

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.05
ADMIN_TIMEOUT_S = 5.0
STATUS_BYTES_MAX = 1 << 20
UNIX_PATH_BYTES_MAX = 107
OUTPUT_TAIL_LINES = 5


@dataclass(frozen=True)
class NodeProcess:
    """A node's folder and what runs in it."""

    home: Path

    @property
    def name(self) -> str:
        """The node's name."""
        return self.home.name

    @property
    def pid(self) -> int | None:
        """The running node's process id, if it runs."""
        return _alive(self.home / "run" / "node.pid", str(self.home))

    @property
    def executor_pid(self) -> int | None:
        """The running executor's process id, if it runs."""
        return _alive(self.home / "run" / "executor.pid", str(self.home))

    def start(self) -> int:
        """Start the node detached; its own output goes to `logs/node.out`."""
        if (pid := self.pid) is not None:
            raise ConfigError.one("CFG_PROCESS", self.name, f"runs already as process {pid}")
        (self.home / "logs").mkdir(mode=0o700, exist_ok=True)
        (self.home / "run").mkdir(mode=0o700, exist_ok=True)
        with (self.home / "logs" / "node.out").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "daicho", "node", "--home", str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        write_public(self.home / "run" / "node.pid", f"{process.pid}\n".encode())
        # The node outlives this process, which need not wait for it.
        process.returncode = 0
        return process.pid

    def status(self) -> dict[str, Any] | None:
        """What the node says of itself; None when it does not answer."""
        if self.pid is None:
            return None
        try:
            return _ask(self.home / "run" / "admin.sock")
        except (OSError, ValueError):
            return None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the node, if it runs."""
        if (pid := self.pid) is not None:
            _kill(pid, number)

    def processes(self) -> list[int]:
        """The running processes of this node: its own and its executor's."""
        return [pid for pid in (self.pid, self.executor_pid) if pid is not None]

    def stop(self, known: Iterable[int] = ()) -> None:
        """End the node: SIGTERM, and after a while SIGKILL, to its pids alone.

        A node removes its pid file a little before it is gone: `known` are
        processes of it that were seen while it ran.
        """
        pids = {*known, *self.processes()}
        self.signal(signal.SIGTERM)
        # An executor whose node is gone leaves by itself.
        if not _until(lambda: not self._left(pids), STOP_TIMEOUT_S):
            for pid in self._left(pids):
                _kill(pid, signal.SIGKILL)
            _until(lambda: not self._left(pids), STOP_TIMEOUT_S)

    def _left(self, pids: Iterable[int]) -> list[int]:
        return [pid for pid in pids if _runs(pid, str(self.home))]

    def output_tail(self) -> str:
        """The last lines the process wrote, for an error message."""
        path = self.home / "logs" / "node.out"
        text = path.read_text(errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-OUTPUT_TAIL_LINES:])


class Network:
    """A network's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.file: NetworkFile = load_network(self.folder / "network.toml")

    def node(self, name: str) -> NodeProcess:
        """The node of that name."""
        if self.file.node(name) is None:
            raise ConfigError.one("CFG_REFERENCE", "node", f"the network has no node {name!r}")
        return NodeProcess(self.folder / "nodes" / name)

    def nodes(self) -> list[NodeProcess]:
        """All nodes, by replica number."""
        return [NodeProcess(self.folder / "nodes" / node.name) for node in self.file.nodes]

    def party(self, name: str) -> Path:
        """A party's folder."""
        home = self.folder / "parties" / name
        if not (home / "party.toml").is_file():
            known = ", ".join(sorted(p.name for p in (self.folder / "parties").glob("*")))
            raise ConfigError.one("CFG_REFERENCE", name, f"no party folder {home.name}: {known}")
        return home

    def up(
        self,
        names: Iterable[str] | None = None,
        *,
        timeout_s: float = READY_TIMEOUT_S,
        progress: Callable[[str], None] = lambda _: None,
    ) -> dict[str, int]:
        """Start nodes and wait until each answers; pids by name."""
        chosen = self.nodes() if names is None else [self.node(name) for name in names]
        started: dict[str, int] = {}
        for node in chosen:
            running = node.pid
            started[node.name] = node.start() if running is None else running
            progress(f"{node.name}: process {started[node.name]}")
        deadline = time.monotonic() + timeout_s
        for node in chosen:
            _wait_ready(node, deadline)
            progress(f"{node.name}: ready")
        return started

    def down(self, progress: Callable[[str], None] = lambda _: None) -> list[str]:
        """Stop every node that runs; their names."""
        processes = {node.name: node.processes() for node in self.nodes()}
        running = [node for node in self.nodes() if node.pid is not None]
        for node in running:
            node.signal(signal.SIGTERM)
        for node in self.nodes():
            node.stop(processes[node.name])
        for node in running:
            progress(f"{node.name}: stopped")
        return [node.name for node in running]

    def status(self) -> list[dict[str, Any]]:
        """One entry for each node; `running` says whether it answered."""
        entries: list[dict[str, Any]] = []
        for node in self.nodes():
            status = node.status()
            base: dict[str, Any] = {"node": node.name, "running": status is not None}
            entries.append({**base, "pid": node.pid, **(status or {})})
        return entries


def _wait_ready(node: NodeProcess, deadline: float) -> None:
    while node.status() is None:
        if node.pid is None:
            raise ConfigError.one(
                "CFG_PROCESS", node.name, f"the process ended: {node.output_tail()}"
            )
        if time.monotonic() > deadline:
            raise ConfigError.one("CFG_PROCESS", node.name, "the node does not answer in time")
        time.sleep(POLL_S)


def _alive(pid_file: Path, home: str) -> int | None:
    """The process in a pid file, if it runs and really is this node's."""
    try:
        pid = int(pid_file.read_text().strip())
    except (OSError, ValueError):
        return None
    return pid if _runs(pid, home) else None


def _runs(pid: int, home: str) -> bool:
    """Whether that process runs and really is of the node in `home`."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        command = []
    if any(argument.decode(errors="replace").startswith(home) for argument in command):
        return True
    _reap(pid)
    return False


def _reap(pid: int) -> None:
    """Collect a child of this process that has ended; others are init's."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _until(done: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _ask(path: Path) -> dict[str, Any]:
    """One `status` over the admin socket."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(ADMIN_TIMEOUT_S)
        _connect(door, path)
        door.sendall(b"status\n")
        with door.makefile("rb") as stream:
            document = json.loads(stream.readline(STATUS_BYTES_MAX))
    if not isinstance(document, dict):
        raise ValueError("the status is no JSON object")
    return document


def _connect(door: socket.socket, path: Path) -> None:
    """Connect, also where the path is longer than a Unix address holds."""
    if len(os.fsencode(path)) <= UNIX_PATH_BYTES_MAX:
        door.connect(str(path))
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        door.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
