"""The scenario `dvp`: delivery versus payment, one transaction each.

One DVP is one sealed `confirm` by the buyer's bank of an allegement that was
entered before the clock started. It matches the terms field by field and moves
both legs, or neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daicho.admin.plan import NetworkPlan, Profile
from daicho.admin.temporary import Note, temporary_network
from daicho.bench import machine, primitives
from daicho.bench.closing import balances_match, roots_equal
from daicho.bench.load import Measured, Run, transactions
from daicho.bench.market import Market

LADDER_TX_S = (
    *range(100, 1_000, 100),
    *range(1_000, 3_000, 250),
    *range(3_000, 6_000, 500),
    *range(6_000, 20_001, 1_000),
)
"""Rates tried from the lowest on when none is given."""


def dvp(
    rate: float | None,
    seconds: float,
    accounts: int,
    instruments: int,
    profile: Profile,
    note: Note,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Measure, and check what was measured; the report of interfaces.md."""
    plan = NetworkPlan(profile=profile, readers=0)
    with temporary_network(plan, note, name="bench", folder=folder) as network:
        described = machine.describe(network.folder)
        market = Market(network, accounts, instruments, note)
        try:
            market.prepare()
            scenario = _Dvp(market, seconds, note)
            best = scenario.at(rate) if rate else scenario.climb()
            return scenario.report(best, described)
        finally:
            market.close()


class _Dvp:
    """One market under one or several rates."""

    def __init__(self, market: Market, seconds: float, note: Note) -> None:
        self._market = market
        self._seconds = seconds
        self._note = note
        self._verified = 0
        self._good = True
        nodes = market.network.nodes()
        found = [pid for node in nodes for pid in (node.pid, node.executor_pid) if pid]
        self._pids = found
        self._statuses = [status for node in nodes if (status := node.status())]

    def at(self, rate: float) -> Measured:
        """One run at one rate."""
        work = self._market.alleged(transactions(rate, self._seconds))
        threads, height = self._threads(), self._height()
        run = Run(work, rate, self._seconds, lambda: machine.cpu_seconds(self._pids))
        measured = run.go()
        for place in run.settled():
            self._market.book.settle(work[place].trade)
        self._verified += measured.verified
        self._good &= measured.missing == 0 and measured.failed == 0
        blocks = self._height() - height
        self._note(_sentence(rate, measured, blocks))
        self._tell_threads(threads, measured)
        return measured

    def climb(self) -> Measured:
        """The highest rate of the ladder that was kept up with; the lowest if none was."""
        best: Measured | None = None
        for rate in LADDER_TX_S:
            measured = self.at(rate)
            if not measured.keeps_up:
                return best or measured
            best = measured
        assert best is not None, "the ladder has steps"
        return best

    def report(self, measured: Measured, described: dict[str, Any]) -> dict[str, Any]:
        """The figures of one run, with what was checked over all of them."""
        market = self._market
        validators = sum(bool(status["validates"]) for status in self._statuses)
        executors = sum(bool(status["executes"]) for status in self._statuses)
        parts = primitives.per_transaction(validators, executors)
        floor = sum(parts.values())
        checks = {
            "receipts_verified": self._verified,
            "balances_match": balances_match(market, self._note),
            "roots_equal": roots_equal(market),
        }
        return {
            "valid": self._good and all(checks.values()),
            "scenario": "dvp",
            "offered_tx_s": round(measured.offered_tx_s, 1),
            "achieved_tx_s": round(measured.achieved_tx_s, 1),
            "p50_ms": round(measured.p50_ms, 1),
            "p99_ms": round(measured.p99_ms, 1),
            "cpu_us_per_tx": round(measured.cpu_us_per_tx, 1),
            "primitives_us_per_tx": round(floor, 1),
            "primitives": {name: round(value, 1) for name, value in parts.items()},
            "ratio": round(measured.cpu_us_per_tx / floor, 2),
            **checks,
            "validators": validators,
            "executors": executors,
            "accounts": len(market.accounts),
            "instruments": len(market.isins),
            "seconds": self._seconds,
            "machine": described,
            "commit": machine.commit(),
        }

    def _height(self) -> int:
        statuses = (node.status() for node in self._market.network.nodes())
        return max(int(status["height"]) for status in statuses if status)

    def _threads(self) -> dict[str, float]:
        spent: dict[str, float] = {}
        for name, seconds in self._named_threads():
            spent[name] = spent.get(name, 0.0) + seconds
        return spent

    def _named_threads(self) -> Iterator[tuple[str, float]]:
        for node in self._market.network.nodes():
            for kind, pid in (("node", node.pid), ("executor", node.executor_pid)):
                for name, seconds in machine.thread_seconds(pid).items() if pid else ():
                    yield f"{kind}/{name}", seconds

    def _tell_threads(self, before: dict[str, float], measured: Measured) -> None:
        """Processor time by kind of thread: where to look first."""
        after = self._threads()
        spent = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
        each = 1e6 / max(measured.verified, 1)
        rows = sorted(spent.items(), key=lambda row: -row[1])
        words = (f"{name} {seconds * each:.0f}" for name, seconds in rows if seconds * each >= 1)
        self._note("       µs of all nodes per transaction: " + ", ".join(words))


def _sentence(rate: float, measured: Measured, blocks: int) -> str:
    kept = "kept up" if measured.keeps_up else "fell behind"
    return (
        f"{rate:6.0f}/s offered, {measured.achieved_tx_s:.0f}/s final ({kept}), "
        f"p50 {measured.p50_ms:.0f} ms, p99 {measured.p99_ms:.0f} ms, "
        f"{measured.cpu_us_per_tx:.0f} µs each, {measured.verified} receipts in {blocks} blocks, "
        f"{measured.missing} missing, {measured.failed} failed, {measured.busy} busy, "
        f"client late by {measured.late_ms:.0f} ms"
    )
