"""One transaction or query: its context, its writes, its events, its calls.

The rewritten code calls the methods of `Run` that `stored` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daicho.compiler.types import Type
from daicho.rewrite.encoding import VALUE_BYTES_MAX, encoder
from daicho.rewrite.faults import Trap, overflow
from daicho.rewrite.outside import Outside
from daicho.rewrite.store import Journal, Ledger
from daicho.rewrite.tables import TableAccess, compartment

if TYPE_CHECKING:
    from daicho.rewrite.program import Export, Program

DEPTH_MAX = 64
SAVEPOINTS_MAX = 64
EVENTS_MAX = 256
EVENT_BYTES_MAX = 4_096
DETAILS_BYTES_MAX = 32_768
STEPS_MAX = 20_000_000
"""Turns of loops and calls of one transaction; gas would have ended it long before."""


class StepLimitError(RuntimeError):
    """A program did not end: the host stopped it, which the ledger knows nothing of."""


@dataclass(frozen=True)
class Context:
    """What a transaction is told of itself."""

    sender: tuple[bytes, int]
    cosigners: tuple[tuple[bytes, int], ...]
    tx_id: bytes
    height: int
    time: int
    is_query: bool = False
    seed: bytes = bytes(32)
    alias: bytes = bytes(16)
    lane: int = 0
    sequence: int = 0

    def signed(self, party: bytes) -> bool:
        """Whether that party signed."""
        return any(party == item for item, _ in (self.sender, *self.cosigners))

    def signed_as(self, party: bytes, bit: int) -> bool:
        """Whether that party signed and has a role."""
        roles = [mask for item, mask in (self.sender, *self.cosigners) if item == party]
        return bool(roles) and bool(roles[0] >> bit & 1)


@dataclass(frozen=True)
class EventAccess:
    """An event of a contract, under its number."""

    contract: int
    number: int
    encode: Callable[[Any], bytes]
    addressees: tuple[tuple[str, int | None], ...]
    """Kind of compartment, and the field that names its holder."""


@dataclass(frozen=True)
class Import:
    """A function of another contract, as this one was compiled against it."""

    caller: int
    contract: int
    export: int
    signature: tuple[Type, ...]


Event = tuple[int, int, list[bytes], bytes]


@dataclass
class Run(Outside):
    """The running transaction."""

    context: Context
    ledger: Ledger
    journal: Journal
    programs: Mapping[int, Program]
    events: list[Event] = field(default_factory=list)
    steps: int = 0
    _active: list[int] = field(default_factory=list)
    """Contracts in the chain of calls, the running one last."""
    _depth: int = 0
    _savepoints: int = 0

    # --- control ---

    def turn(self) -> bool:
        """One more step; always true."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise StepLimitError(f"no end after {STEPS_MAX} steps: is there a loop without one?")
        return True

    def each(self, items: Iterable[object]) -> Iterator[object]:
        """The items of a loop."""
        for item in items:
            self.turn()
            yield item

    def range(self, start: int, stop: int, step: int) -> Iterator[int]:
        """A loop's numbers; the counter is an `Int` like any other."""
        counter = start
        while counter < stop if step > 0 else counter > stop:
            self.turn()
            yield counter
            counter += step
            if not -(2**127) <= counter < 2**127:
                raise overflow()

    def call(self, function: Callable[..., object], *args: object) -> object:
        """A function of the running contract."""
        if self._depth >= DEPTH_MAX:
            raise Trap("DEPTH")
        self.turn()
        self._depth += 1
        try:
            return function(*args)
        finally:
            self._depth -= 1

    def enter(self, program: Program, function: Callable[..., object], args: Iterable[Any]) -> Any:
        """A function of a contract that is not running yet."""
        self._active.append(program.number)
        program.attach(self)
        try:
            return self.call(function, *args)
        finally:
            self._active.pop()
            program.detach()

    def call_import(self, target: Import, *args: object) -> object:
        """An export of another contract."""
        program = self.programs.get(target.contract)
        if program is None:
            raise Trap("NO_CONTRACT")
        export: Export | None = program.exports.get(target.export)
        if export is None:
            raise Trap("NO_ENTRY")
        if not export.accepts(target.signature):
            raise Trap("IMPORT")
        if export.callers and target.caller not in export.callers:
            raise Trap("CALLER")
        if target.contract in self._active:
            raise Trap("REENTRY")
        return self.enter(program, export.function, args)

    # --- failures ---

    def fail(self, failure: tuple[str, int, tuple[Type, ...]], *details: object) -> None:
        """The contract's own failure, with what it says."""
        name, code, types = failure
        data = b"".join(encoder(type_)(value) for type_, value in zip(types, details, strict=True))
        if len(data) > min(VALUE_BYTES_MAX, DETAILS_BYTES_MAX):
            raise Trap("LENGTH")
        raise Trap(name, code, data)

    def require(
        self, failure: tuple[str, int, tuple[Type, ...]], condition: bool, *details: object
    ) -> None:
        """The failure, unless the condition holds."""
        if not condition:
            self.fail(failure, *details)

    def expect(self, failure: tuple[str, int, tuple[Type, ...]], value: object) -> object:
        """What is there, or the failure."""
        self.require(failure, value is not None)
        return value

    # --- context ---

    def sender(self) -> bytes:
        """Who sent it."""
        return self.context.sender[0]

    def now(self) -> int:
        """The time of the block."""
        return self.context.time

    def height(self) -> int:
        """The height of the block."""
        return self.context.height

    def tx_id(self) -> bytes:
        """The transaction's name; a query has none."""
        self.must_write()
        return self.context.tx_id

    def has_role(self, bit: int) -> bool:
        """Whether the sender has a role."""
        return bool(self.context.sender[1] >> bit & 1)

    def has_signed(self, party: bytes) -> bool:
        """Whether a party signed."""
        return self.context.signed(party)

    def has_signed_as(self, bit: int, party: bytes) -> bool:
        """Whether a party signed and has a role."""
        return self.context.signed_as(party, bit)

    # --- events ---

    def emit(self, event: EventAccess, record: tuple[Any, ...]) -> None:
        """Send an event."""
        self.must_write()
        data = event.encode(record)
        if len(data) > EVENT_BYTES_MAX:
            raise Trap("LENGTH")
        if len(self.events) >= EVENTS_MAX:
            raise Trap("EVENTS")
        addressees: list[bytes] = []
        for kind, at in event.addressees:
            addressee = compartment(kind, None if at is None else record[at])
            if addressee not in addressees:
                addressees.append(addressee)
        self.events.append((event.contract, event.number, addressees, data))

    # --- savepoints ---

    def savepoint(self) -> object:
        """Where `attempt` comes back to."""
        if self._savepoints >= SAVEPOINTS_MAX:
            raise Trap("DEPTH")
        self._savepoints += 1
        kept = (self.journal.copy_own(), len(self.events), self.copy_movements())
        return (*kept, self.timers_set, self._savepoints)

    def kept(self, savepoint: tuple[Any, ...]) -> int:
        """The attempt went well: its code is 0."""
        self._savepoints = savepoint[-1] - 1
        return 0

    def undone(self, savepoint: tuple[Any, ...], trap: Trap) -> int:
        """As if the attempt had never begun, but for its code."""
        if not trap.is_catchable:
            raise trap
        self.journal.own, events, self.moved, self.timers_set, self._savepoints = savepoint
        self._savepoints -= 1
        del self.events[events:]
        return self.shown(trap).code

    def shown(self, trap: Trap) -> Trap:
        """A query does not tell what is missing from what it may not see."""
        hidden = self.context.is_query and trap.code < 1000 and trap.name == "MISSING"
        return Trap("ACCESS") if hidden else trap


__all__ = ["Context", "EventAccess", "Import", "Run", "StepLimitError", "TableAccess"]
