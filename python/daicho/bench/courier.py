"""One party's traffic at one gateway: many transactions under way at once.

Everything that is sent was sealed before. Every receipt is checked whole (commit
quorum, result quorum, both places, and opened) before it counts as an answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from daicho import _native
from daicho.gateway import LedgerClient, RefusedError, SealedItem, UnreachableError

SUBMIT_ITEMS = 512
"""Items in one request when there is no hurry; a gateway takes 1,024."""
OPEN_MAX = 2_048
"""Items under way when there is no schedule: the pool and the replay windows hold more."""
BUSY_PAUSE_S = 0.02
POLL_S = 0.01
FRAMES_MAX = 10_000


Clock = Callable[[], float]
"""Monotonic seconds."""


class CountedSequences:
    """Sequences in memory without bookkeeping: whoever takes one will use it."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def take(self, lane: int, count: int, expiry_us: int) -> list[int]:
        """Take the next `count` sequences of a lane."""
        del expiry_us  # everything is used long before
        first = self._next.get(lane, 0)
        self._next[lane] = first + count
        return list(range(first, first + count))

    def settle(self, lane: int, sequences: list[int]) -> None:
        """Nothing to note."""

    def release(self, lane: int, sequences: list[int]) -> None:
        """Nothing to note."""


@dataclass(frozen=True)
class Answered:
    """A transaction that is final, proved."""

    tx_id: bytes
    code: str
    at: float
    gas_used: int


class Courier:
    """Sends and collects. What is BUSY is sent again with the same bytes."""

    def __init__(self, client: LedgerClient) -> None:
        self.client = client
        self.open: dict[bytes, SealedItem] = {}
        self.busy = 0
        self._again: deque[tuple[float, SealedItem]] = deque()

    def post(self, items: Sequence[SealedItem]) -> None:
        """Send items and forget nothing of them."""
        self.open.update((item.tx_id, item) for item in items)
        for first in range(0, len(items), SUBMIT_ITEMS):
            self.client.post(items[first : first + SUBMIT_ITEMS], "final")

    def collect(self, clock: Clock = time.perf_counter) -> list[Answered]:
        """Everything that has become final since the last time, checked."""
        self._send_again(clock())
        frames = self.client.poll(0.0, FRAMES_MAX)
        receipts = [frame for frame in frames if not self._is_refusal(frame, clock())]
        if not receipts:
            return []
        rows = self.client.verifier.verify_batch(receipts)
        at = clock()
        return [
            Answered(tx_id, code, at, gas)
            for tx_id, finality, code, _, gas in rows
            if finality == "final" and self.open.pop(tx_id, None) is not None
        ]

    def _is_refusal(self, frame: bytes, now: float) -> bool:
        reply = _native.decode_reply(frame)
        if reply["say"] != "refused":
            return False
        item = self.open.get(reply["tx_id"])
        if item is None or not reply["retry"]:
            raise RefusedError(
                reply["code"], reply["message"], retry=reply["retry"], tx_id=reply["tx_id"]
            )
        self.busy += 1
        self._again.append((now + BUSY_PAUSE_S, item))
        return True

    def _send_again(self, now: float) -> None:
        due = []
        while self._again and self._again[0][0] <= now:
            due.append(self._again.popleft()[1])
        if due:
            self.client.post(due, "final")


@dataclass(frozen=True)
class Parcel:
    """A sealed transaction and who sends it."""

    courier: Courier
    item: SealedItem


def send_all(parcels: Iterable[Parcel], timeout_s: float) -> dict[bytes, Answered]:
    """Send as fast as answers come, wait until all are final; RefusedError for any failure.

    Raises UnreachableError when nothing becomes final for `timeout_s`.
    """
    waiting = _by_courier(parcels)
    found: dict[bytes, Answered] = {}
    heard = time.monotonic()
    while any(queue or courier.open for courier, queue in waiting.items()):
        before = len(found)
        for courier, queue in waiting.items():
            _fill(courier, queue)
            found.update((answer.tx_id, answer) for answer in _good(courier.collect()))
        if len(found) > before:
            heard = time.monotonic()
        elif time.monotonic() > heard + timeout_s:
            raise UnreachableError(f"nothing became final in {timeout_s:g} s")
        else:
            time.sleep(POLL_S)
    return found


def _by_courier(parcels: Iterable[Parcel]) -> dict[Courier, deque[SealedItem]]:
    waiting: dict[Courier, deque[SealedItem]] = {}
    for parcel in parcels:
        waiting.setdefault(parcel.courier, deque()).append(parcel.item)
    return waiting


def _fill(courier: Courier, queue: deque[SealedItem]) -> None:
    room = OPEN_MAX - len(courier.open)
    if room >= min(SUBMIT_ITEMS, len(queue)) and queue:
        courier.post([queue.popleft() for _ in range(min(room, len(queue)))])


def _good(answers: Iterable[Answered]) -> Iterator[Answered]:
    for answer in answers:
        if answer.code != "OK":
            raise RefusedError(answer.code, "it failed", retry=False, tx_id=answer.tx_id)
        yield answer
