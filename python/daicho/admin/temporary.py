"""A network that stands while something is played on it, and never longer than that.

Whatever ends the play (its last act, a false step, Ctrl-C, a TERM signal), every
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
from daicho.admin.plan import NetworkPlan

Note = Callable[[str], None]

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def temporary_network(
    plan: NetworkPlan, note: Note, *, name: str, folder: Path | None = None, keep: bool = False
) -> Iterator[Network]:
    """Found the network of `plan`, start it, and end it again unless it is to be kept.

    Without `folder` it stands in a temporary one whose name says `name`.
    """
    home = folder or Path(tempfile.mkdtemp(prefix=f"daicho-{name}-")) / "network"
    with _endings_raise():
        try:
            found_network(home, plan)
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
    """Remove what was written in a temporary folder; a folder that was named stays."""
    if folder is None:
        shutil.rmtree(home.parent, ignore_errors=True)


@contextmanager
def _endings_raise() -> Iterator[None]:
    """Let TERM and HUP end the play the way Ctrl-C does, so that it cleans up."""

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
