"""An open loop: transactions leave when they are due, whatever became of those before.

A latency counts from the moment a transaction was due, not from when it was
sent: a stall shows in every transaction that it held up (no coordinated
omission). What is due before the window warms up and is not counted.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daicho.bench.courier import Answered, Courier
from daicho.bench.market import Dvp
from daicho.gateway import SealedItem

WARM_UP_S = 2.0
WARM_UP_SHARE = 0.25
"""Short runs warm up for that share of the window."""
TICK_S = 0.005
DRAIN_S = 60.0
"""How long after the last transaction the last answer may come."""


def warm_up_s(seconds: float) -> float:
    """How long before the window the load begins."""
    return min(WARM_UP_S, WARM_UP_SHARE * seconds)


def transactions(rate: float, seconds: float) -> int:
    """How many a run of that rate needs, its warm-up included."""
    return math.ceil(rate * (seconds + warm_up_s(seconds)))


@dataclass(frozen=True)
class Measured:
    """What one run came to."""

    offered_tx_s: float
    achieved_tx_s: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_tx: float
    verified: int
    """Receipts checked, those of the warm-up and the tail included."""
    missing: int
    """Transactions without a final receipt when the patience was over."""
    failed: int
    """Final receipts with another code than OK."""
    busy: int
    late_ms: float
    """The longest that a transaction left after it was due: the client's own lag."""

    @property
    def keeps_up(self) -> bool:
        """Whether the ledger kept up with what was offered."""
        kept = self.achieved_tx_s >= 0.98 * self.offered_tx_s
        return kept and self.p99_ms <= 1_000.0 and self.missing == 0


class Run:
    """One window at one rate."""

    def __init__(
        self, work: Sequence[Dvp], rate: float, seconds: float, cpu: Callable[[], float]
    ) -> None:
        self._work = deque(enumerate(work))
        self._rate = rate
        self._seconds = seconds
        self._cpu = cpu
        self._couriers = sorted({dvp.parcel.courier for dvp in work}, key=id)
        self._place = {dvp.parcel.item.tx_id: place for place, dvp in enumerate(work)}
        self._done: dict[int, Answered] = {}
        self._late = 0.0
        self._begin = 0.0

    def go(self) -> Measured:
        """Play it."""
        busy_before = sum(courier.busy for courier in self._couriers)
        self._begin = time.perf_counter() + TICK_S
        opens = self._begin + warm_up_s(self._seconds)
        closes = opens + self._seconds
        cpu_at_open = self._until(opens)
        cpu_at_close = self._until(closes)
        self._drain(closes + DRAIN_S)
        busy = sum(courier.busy for courier in self._couriers) - busy_before
        return self._measured(opens, closes, cpu_at_close - cpu_at_open, busy)

    def settled(self) -> list[int]:
        """Places of the transactions that are final and say yes."""
        return [place for place, answer in self._done.items() if answer.code == "OK"]

    def _due(self, place: int) -> float:
        return self._begin + place / self._rate

    def _until(self, moment: float) -> float:
        """Send and collect until then; the processor time spent by then."""
        while (now := time.perf_counter()) < moment:
            self._tick(now)
            pause = min(moment, now + TICK_S) - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
        return self._cpu()

    def _drain(self, deadline: float) -> None:
        while (self._work or any(courier.open for courier in self._couriers)) and (
            now := time.perf_counter()
        ) < deadline:
            self._tick(now)
            time.sleep(TICK_S)

    def _tick(self, now: float) -> None:
        ready: dict[Courier, list[SealedItem]] = {}
        while self._work and (due := self._due(self._work[0][0])) <= now:
            _, dvp = self._work.popleft()
            self._late = max(self._late, now - due)
            ready.setdefault(dvp.parcel.courier, []).append(dvp.parcel.item)
        for courier, items in ready.items():
            courier.post(items)
        for courier in self._couriers:
            for answer in courier.collect():
                self._done[self._place[answer.tx_id]] = answer

    def _measured(self, opens: float, closes: float, cpu_s: float, busy: int) -> Measured:
        places = [p for p in range(len(self._place)) if opens <= self._due(p) < closes]
        waits = sorted(self._done[p].at - self._due(p) for p in places if p in self._done)
        finals = sum(opens <= answer.at < closes for answer in self._done.values())
        return Measured(
            offered_tx_s=len(places) / self._seconds,
            achieved_tx_s=finals / self._seconds,
            p50_ms=1_000 * percentile(waits, 0.50),
            p99_ms=1_000 * percentile(waits, 0.99),
            cpu_us_per_tx=1e6 * cpu_s / max(finals, 1),
            verified=len(self._done),
            missing=len(self._place) - len(self._done),
            failed=sum(answer.code != "OK" for answer in self._done.values()),
            busy=busy,
            late_ms=1_000 * self._late,
        )


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that so large a share does not exceed; infinite of nothing."""
    if not ascending:
        return math.inf
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
