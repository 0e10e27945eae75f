"""A network that stands while the day is played, and never longer than that.

Whatever ends the day (its last act, a false step, Ctrl-C, a TERM signal), every
process that was started is ended again, by its id.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from daicho.admin.found import found_network
from daicho.admin.network import Network
from daicho.admin.plan import NetworkPlan, Profile

Note = Callable[[str], None]

IDLE_BLOCK_US = 250_000
"""Time passes on the ledger only in blocks: a quiet market still has four a second."""

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def plan_of(profile: Profile) -> NetworkPlan:
    """Who takes part. Genesis knows those who run a node; all others are admitted."""
    return NetworkPlan(profile=profile, admit_clients=False, idle_block_us=IDLE_BLOCK_US)


@contextmanager
def market(profile: Profile, folder: Path | None, keep: bool, note: Note) -> Iterator[Network]:
    """Found a network, start it, and end it again unless it is to be kept."""
    home = folder or Path(tempfile.mkdtemp(prefix="daicho-demo-")) / "network"
    with _endings_raise():
        try:
            found_network(home, plan_of(profile))
            with _running(Network(home), keep, note) as network:
                yield network
        except (KeyboardInterrupt, GeneratorExit):
            _discard(home, folder)
            raise
        except Exception:
            note(f"the network's folder stays for a look at its logs: {home}")
            raise
        if not keep:
            _discard(home, folder)


@contextmanager
def _running(network: Network, keep: bool, note: Note) -> Iterator[Network]:
    stays = False
    try:
        pids = network.up()
        note(f"{len(pids)} nodes, one process each, on {network.file.nodes[0].address}")
        yield network
        stays = keep
    finally:
        if not stays:
            _take_down(network)


def _take_down(network: Network) -> None:
    """Stop every node; a second Ctrl-C does not stop the stopping."""
    before = _handlers({signal.SIGINT: signal.SIG_IGN})
    try:
        network.down()
    finally:
        _handlers(before)


def _discard(home: Path, folder: Path | None) -> None:
    """Remove what this day wrote in a temporary folder; a folder that was named stays."""
    if folder is None:
        shutil.rmtree(home.parent, ignore_errors=True)


@contextmanager
def _endings_raise() -> Iterator[None]:
    """Let TERM and HUP end the day the way Ctrl-C does, so that it cleans up."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = _handlers(dict.fromkeys(_ENDINGS, end))
    try:
        yield
    finally:
        _handlers(before)


def _handlers(wanted: dict[signal.Signals, Any]) -> dict[signal.Signals, Any]:
    """Set handlers; those that stood before. Outside the main thread there are none to set."""
    try:
        return {number: signal.signal(number, handler) for number, handler in wanted.items()}
    except ValueError:
        return {}
