"""Deliveries against payments while executors and a node die under them."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from cluster.support import Cluster, eventually
from daicho.admin.network import Network
from daicho.admin.plan import NetworkPlan
from daicho.admin.temporary import temporary_network
from daicho.bench.closing import balances_match, roots_equal
from daicho.bench.load import Run, transactions
from daicho.bench.market import Market

ACCOUNTS, INSTRUMENTS = 240, 4
RATE, SECONDS = 150.0, 10.0
APART = 4
"""Blocks between one death and the next."""


class Deaths(threading.Thread):
    """Kills executors in turn, and one node with its executor, while blocks go by."""

    def __init__(self, network: Network, executors: list[str], node: str, run: Run) -> None:
        super().__init__(name="deaths", daemon=True)
        self._batch = run
        self._network = network
        self._executors = executors
        self._node = node
        self.settled: list[int] = []
        """How many trades were settled at each death."""

    def run(self) -> None:
        """One death every few blocks: each falls into a block, or between two."""
        for name in self._executors:
            self._wait_blocks()
            found = eventually("an executor runs", lambda name=name: self._executor(name))
            self._kill(found)
        self._wait_blocks()
        process = self._network.node(self._node)
        pid = process.pid
        assert pid is not None
        self._kill(pid)
        eventually("the node ends", lambda: process.pid is None)
        self._wait_blocks()
        self._network.up([self._node])

    def _executor(self, name: str) -> int | None:
        return self._network.node(name).executor_pid

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.settled.append(len(self._batch.settled()))

    def _wait_blocks(self) -> None:
        until = self._height() + APART
        eventually(f"height {until}", lambda: self._height() >= until)

    def _height(self) -> int:
        statuses = (node.status() for node in self._network.nodes())
        return max(int(status["height"]) for status in statuses if status)


@pytest.mark.slow
def test_no_trade_is_ever_half_settled(tmp_path: Path) -> None:
    """R71: "crash of any node between legs → never half": every executor is killed once in the
    middle of a batch of DVPs, and a node with its executor; what was acknowledged is settled,
    both legs, once, and nothing else is.

    R41: "After 10^6 mixed tx: root, receipts and event log hashes equal on all", after some
    thousands: openings, issues, allotments, allegements, settlements.
    """
    notes: list[str] = []
    plan = NetworkPlan(readers=0)
    with temporary_network(plan, notes.append, name="crash", folder=tmp_path / "net") as network:
        market = Market(network, ACCOUNTS, INSTRUMENTS, notes.append)
        try:
            market.prepare()
            work = market.alleged(transactions(RATE, SECONDS))
            # No gateway of a bank dies: its own client would only wait for it.
            run = Run(work, RATE, SECONDS, lambda: 0.0)
            names = ["bankA", "bankB", "bankC", "exchange"]
            deaths = Deaths(network, names, "exchange", run)
            deaths.start()
            measured = run.go()
            deaths.join()
            assert len(deaths.settled) == len(names) + 1
            assert max(deaths.settled) < len(work), "each death fell into the batch"
            assert (measured.missing, measured.failed) == (0, 0), notes
            for place in run.settled():
                market.book.settle(work[place].trade)
            assert balances_match(market, notes.append), notes
            assert roots_equal(market)
            Cluster(network.folder, plan).assert_equal_ledgers()
        finally:
            market.close()
