"""What comes from outside the call: readings of feeds, chance, timers.

Readings and timers are rows of contract 0, as docs/bytecode.md §11 lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from blake3 import blake3

from daicho.compiler.types import Type
from daicho.rewrite.encoding import Decoder, MalformedError, encode
from daicho.rewrite.faults import Trap
from daicho.rewrite.locks import Locks
from daicho.rewrite.movements import WRITES_MAX
from daicho.rewrite.store import PUBLIC, Space, Stored
from daicho.rewrite.tables import compartment

TIMERS: Space = (compartment("administrator", None), 0, 1)
FEEDS: Space = (PUBLIC, 0, 2)
ARGUMENT_BYTES_MAX = 61_440
TIMERS_MAX = 64
_VERSION = b"\1\0"


@dataclass(frozen=True)
class Scheduled:
    """A function that timers run, under its contract and number."""

    contract: int
    number: int
    priority: int
    params: tuple[Type, ...]
    resumes: bool


@dataclass(frozen=True)
class Timer:
    """A pending timer."""

    id: bytes
    contract: int
    scheduled: int
    arguments: bytes
    cursor: bytes

    @property
    def due(self) -> int:
        """When it runs, at the earliest."""
        return int.from_bytes(self.id[:8], "big")

    def row(self) -> Stored:
        """As it is stored."""
        numbers = self.contract.to_bytes(4, "little") + self.scheduled.to_bytes(4, "little")
        data = _VERSION + numbers + _sized(self.arguments) + _sized(self.cursor)
        return Stored(_key(TIMERS) + self.id, data, (self,))


def reading_row(feed: int, slot: int, time: int, value: bytes) -> Stored:
    """A feed's last reading, as it is stored."""
    head = _VERSION + time.to_bytes(8, "little") + slot.to_bytes(8, "little")
    return Stored(_key(FEEDS) + feed.to_bytes(2, "big"), head + _sized(value), (time, value))


def derived(context: str, data: bytes) -> bytes:
    """BLAKE3 in its key derivation mode."""
    return blake3(data, derive_key_context=context).digest()


def contract_party(contract: int) -> bytes:
    """Who a contract is when nobody called it."""
    return derived("daicho v1 contract party", contract.to_bytes(4, "little"))[:16]


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def _key(space: Space) -> bytes:
    return space[1].to_bytes(4, "big") + space[2].to_bytes(2, "big")


@dataclass
class _Counted:
    """Timers set so far by this transaction."""

    timers_set: int = field(default=0, kw_only=True)


@dataclass
class Outside(_Counted, Locks):
    """Reads feeds, draws, sets and cancels timers."""

    def time_of(self, height: int) -> int:
        """The time of a past block."""
        now = self.context.height
        past = 0 <= height <= now if self.context.is_query else 0 <= height < now
        if not past:
            raise Trap("AS_OF")
        return self.ledger.times[height]

    # --- chance ---

    def random(self, contract: int, tag: str | bytes) -> bytes:
        """What nobody knew before the block was agreed."""
        self.must_write()
        context = self.context
        data = context.seed + context.alias + context.lane.to_bytes(4, "little")
        data += context.sequence.to_bytes(8, "little") + contract.to_bytes(4, "little")
        data += tag.encode() if isinstance(tag, str) else tag
        return derived("daicho v1 contract random", data)

    # --- readings ---

    def _reading(self, feed: int) -> tuple[int, bytes] | None:
        row = self.journal.get(FEEDS, (feed,), None)
        return None if row is None else (row.values[0], row.values[1])

    def _young(self, feed: int, age: int) -> bytes | None:
        if age < 0:
            raise Trap("DOMAIN")
        reading = self._reading(feed)
        if reading is None or reading[0] + age < self.context.time:
            return None
        return reading[1]

    def oracle_find(self, feed: int, type_: Type, age: int) -> object:
        """A feed's value, if it is young enough."""
        data = self._young(feed, age)
        return None if data is None else _decoded(type_, data)

    def oracle_read(self, feed: int, type_: Type, age: int) -> object:
        """A feed's value, which must be young enough."""
        data = self._young(feed, age)
        if data is None:
            raise Trap("FEED")
        return _decoded(type_, data)

    def oracle_time(self, feed: int) -> int | None:
        """When a feed last spoke."""
        reading = self._reading(feed)
        return None if reading is None else reading[0]

    # --- timers ---

    def _put_outside(self, space: Space, key: bytes, row: Stored | None) -> None:
        if self.journal.put(space, (key,), row) > WRITES_MAX:
            raise Trap("WRITES")

    def timer_set(self, scheduled: Scheduled, when: int, *args: object) -> bytes:
        """A timer, under a name of its own."""
        self.must_write()
        cut = len(args) - scheduled.resumes
        first = _encoded(scheduled.params[:cut], args[:cut])
        last = _encoded(scheduled.params[cut:], args[cut:])
        if len(first) + len(last) > ARGUMENT_BYTES_MAX:
            raise Trap("LENGTH")
        if self.timers_set >= TIMERS_MAX:
            raise Trap("TIMERS")
        number = self._name(scheduled, when)
        self.timers_set += 1
        timer = Timer(number, scheduled.contract, scheduled.number, first, last)
        self._put_outside(TIMERS, number, timer.row())
        return number

    def _name(self, scheduled: Scheduled, when: int) -> bytes:
        context = self.context
        data = context.tx_id + context.height.to_bytes(8, "little")
        unique = derived("daicho v1 contract timer", data + self.timers_set.to_bytes(4, "little"))
        head = when.to_bytes(8, "big") + bytes([scheduled.priority])
        return head + scheduled.contract.to_bytes(4, "big") + unique[:19]

    def timer_cancel(self, contract: int, timer: bytes) -> bool:
        """Whether there was such a timer of this contract; it is gone."""
        self.must_write()
        own = int.from_bytes(timer[9:13], "big") == contract
        if not own or self.journal.get(TIMERS, (timer,), None) is None:
            return False
        self._put_outside(TIMERS, timer, None)
        return True


def _encoded(types: tuple[Type, ...], values: tuple[object, ...]) -> bytes:
    data = b""
    for type_, value in zip(types, values, strict=True):
        data += encode(type_, value, len(data))
    return data


def _decoded(type_: Type, data: bytes) -> Any:
    decoder = Decoder(data)
    try:
        value = decoder.value(type_)
        decoder.end()
    except MalformedError:
        raise Trap("FEED") from None
    return value
