"""Blocks of calls on the CPython backend: the methods of `daicho._native.TestChain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from types import TracebackType
from typing import Any

from blake3 import blake3

from daicho.compiler import Artefact
from daicho.rewrite.encoding import Decoder, MalformedError, encode
from daicho.rewrite.faults import Trap, role_details
from daicho.rewrite.numbers import CACHED_MAX
from daicho.rewrite.outside import (
    FEEDS,
    TIMERS,
    Timer,
    contract_party,
    derived,
    reading_row,
)
from daicho.rewrite.program import CONTRACT, GAS_LIMITS, Entry, Program
from daicho.rewrite.run import Context, Run
from daicho.rewrite.store import Journal, Layer, Ledger

ARGUMENT_BYTES_MAX = 61_440
RESULT_BYTES_MAX = 32_768
TIMERS_OF_A_BLOCK = 1_024
TIMER_GAS = 150_000_000
"""What the timers of a block may use; docs/bytecode.md §11."""
Outcome = dict[str, Any]


class PythonChain:
    """A ledger in memory whose contracts run on CPython. Gas and steps are 0."""

    transaction: type[Run] = Run
    """What runs a transaction; a test of the tests may put another in its place."""

    def __init__(self, genesis_us: int) -> None:
        self._ledger = Ledger([genesis_us])
        self._programs: dict[int, Program] = {}
        self._timers: list[dict[str, Any]] = []
        self._seed = bytes(32)

    @property
    def height(self) -> int:
        """The last height."""
        return self._ledger.height

    @property
    def time_us(self) -> int:
        """The time of the last block."""
        return self._ledger.times[-1]

    @property
    def next_wakeup(self) -> int:
        """When the next pending timer is due; 0 if none is pending."""
        journal = Journal(self._ledger, {}, None)
        return min((row.values[0].due for _, row in journal.scan(TIMERS, None)), default=0)

    def timers(self) -> list[dict[str, Any]]:
        """What came of the timers that the last block ran, in order."""
        return self._timers

    def rows(self) -> list[tuple[bytes, bytes, bytes]]:
        """Every row: compartment (17 bytes), key, value; ascending."""
        return self._ledger.rows()

    # --- contracts ---

    def deploy(self, number: int, artefact: Artefact) -> bytes:
        """Install a contract under a number, or in the place of an earlier version."""
        if number in self._programs:
            outcome = self.upgrade(number, artefact)
            if outcome is not None and outcome["code"]:
                line = outcome["site"][1] if outcome["site"] else 0
                raise ValueError(f"the migration failed: {outcome['name']} at line {line}")
        else:
            self._programs[number] = Program(number, artefact)
        return blake3(artefact.data).digest()

    def upgrade(self, number: int, artefact: Artefact) -> Outcome | None:
        """Another version, and what came of its migration; the old one stays if it failed.

        Whether the versions agree on what their numbers mean is the machine's to say.
        """
        before = self._programs[number]
        program = self._programs[number] = Program(number, artefact)
        if program.migration is None:
            return None
        digest = number.to_bytes(4, "little") + blake3(artefact.data).digest()
        tx_id = derived("daicho v1 contract migration", digest)
        layer: Layer = {}
        time = self.time_us + 1
        run = self._run(_own(number, 1, tx_id, self.height + 1, time, bytes(32)), layer)
        run.rewrites = True
        outcome = self._outcome(run, lambda: self._entered(run, program, program.migration, b""))
        if outcome["code"]:
            self._programs[number] = before
        self._ledger.commit(time, layer)
        return outcome

    # --- blocks ---

    def block(
        self,
        time_us: int,
        calls: Sequence[Mapping[str, Any]],
        feeds: Sequence[tuple[int, int, int, bytes]] = (),
        timer_gas: int = TIMER_GAS,
        seed: bytes = bytes(32),
    ) -> list[Outcome]:
        """Execute one block at a time later than the block before: readings, timers, calls.

        `timer_gas` stops the timers at the first whose gas class it does not hold. What
        they use of it is not known here: the machine may stop earlier.
        """
        if time_us <= self.time_us:
            raise ValueError("block times strictly increase")
        self._seed = bytes(seed)
        layer: Layer = {}
        for feed, slot, time, value in feeds:
            layer.setdefault(FEEDS, {})[feed,] = reading_row(feed, slot, time, bytes(value))
        self._timers = self._due(time_us, layer, timer_gas)
        outcomes: list[Outcome] = []
        for sequence, call in enumerate(calls):
            context = _context(call, self.height + 1, time_us, self._seed, is_query=False)
            context = replace(context, sequence=call.get("sequence", sequence))
            run = self._run(context, layer)
            outcomes.append(self._outcome(run, partial(self._called, run, call)))
        self._ledger.commit(time_us, layer)
        return outcomes

    def query(self, call: Mapping[str, Any], held: Sequence[bytes] | None) -> Outcome:
        """Answer a query on the last block, as the holder of these compartments."""
        visible = None if held is None else frozenset(bytes(item) for item in held)
        context = _context(call, self.height, self.time_us, bytes(32), is_query=True)
        run = self.transaction(
            context, self._ledger, Journal(self._ledger, {}, visible), self._programs
        )
        return self._outcome(run, lambda: self._called(run, call))

    def _run(self, context: Context, layer: Layer) -> Run:
        journal = Journal(self._ledger, layer, None)
        return self.transaction(context, self._ledger, journal, self._programs)

    def _due(self, time: int, layer: Layer, gas: int) -> list[dict[str, Any]]:
        """Run the timers that the block before left and that are due."""
        before = Journal(self._ledger, {}, None)
        due = [row.values[0] for _, row in before.scan(TIMERS, None) if row.values[0].due <= time]
        ran: list[dict[str, Any]] = []
        for timer in due[:TIMERS_OF_A_BLOCK]:
            journal = Journal(self._ledger, layer, None)
            if journal.get(TIMERS, (timer.id,), None) is None:
                continue
            if self._limit(timer) > gas:
                break
            ran.append(self._timer(timer, time, layer))
        return ran

    def _limit(self, timer: Timer) -> int:
        """The gas that a timer may use: its class's."""
        program = self._programs.get(timer.contract)
        known = {} if program is None else program.limits
        return known.get(timer.scheduled, GAS_LIMITS["S"])

    def _timer(self, timer: Timer, time: int, layer: Layer) -> dict[str, Any]:
        """A timer is gone before it runs, and back if it gave a cursor."""
        rows = layer.setdefault(TIMERS, {})
        rows[timer.id,] = None
        height = self.height + 1
        run = self._run(_own(timer.contract, 0, timer.id, height, time, self._seed), layer)
        outcome = self._outcome(run, lambda: self._scheduled(run, timer))
        again = outcome["code"] == 0 and outcome["result"][:1] == b"\1"
        if again:
            later = replace(timer, cursor=outcome["result"])
            rows[timer.id,] = later.row()
        return {
            "timer": timer.id,
            "contract": timer.contract,
            "scheduled": timer.scheduled,
            "again": again,
            "outcome": outcome,
        }

    def _scheduled(self, run: Run, timer: Timer) -> bytes:
        program = self._programs.get(timer.contract)
        if program is None:
            raise Trap("NO_CONTRACT")
        entry = program.scheduled.get(timer.scheduled)
        if entry is None:
            raise Trap("NO_ENTRY")
        return self._entered(run, program, entry, timer.arguments + timer.cursor)

    # --- one call ---

    def _outcome(self, run: Run, called: Callable[[], bytes]) -> Outcome:
        try:
            result = called()
            run.check_conservation()
        except Trap as trap:
            return _failed(run.shown(trap), trap.__traceback__)
        if not run.context.is_query:
            run.journal.merge()
        return _made(0, "OK", result, run.events, None)

    def _called(self, run: Run, call: Mapping[str, Any]) -> bytes:
        program = self._programs.get(call["contract"])
        if program is None:
            raise Trap("NO_CONTRACT")
        entries = program.queries if run.context.is_query else program.entries
        entry = entries.get(call["entry"])
        if entry is None:
            raise Trap("NO_ENTRY")
        roles = run.context.sender[1]
        if not roles & entry.roles:
            raise Trap("ROLE", 0, role_details(entry.roles, roles))
        return self._entered(run, program, entry, bytes(call["arguments"]))

    def _entered(self, run: Run, program: Program, entry: Entry | None, data: bytes) -> bytes:
        assert entry is not None
        arguments = _arguments(entry, data)
        for at in entry.signed_by:
            party = arguments[at]
            assert isinstance(party, bytes)
            if not run.context.signed(party):
                raise Trap("AUTHORITY", 0, party)
        result = run.enter(program, entry.function, arguments)
        made = b"" if entry.result is None else encode(entry.result, result)
        if len(made) > RESULT_BYTES_MAX:
            raise Trap("LENGTH")
        return made


def _arguments(entry: Entry, data: bytes) -> list[object]:
    if len(data) > ARGUMENT_BYTES_MAX:
        raise Trap("MALFORMED")
    decoder = Decoder(data)
    try:
        arguments = [decoder.value(item) for item in entry.params]
        decoder.end()
    except MalformedError:
        raise Trap("MALFORMED") from None
    return arguments


def _own(contract: int, roles: int, tx_id: bytes, height: int, time: int, seed: bytes) -> Context:
    """What a contract is told that nobody called."""
    party = contract_party(contract)
    return Context(
        (party, roles), (), tx_id, height, time, False, seed, tx_id[16:], 2**32 - 1, 2**64 - 1
    )


def _context(
    call: Mapping[str, Any], height: int, time: int, seed: bytes, *, is_query: bool
) -> Context:
    party, roles = call["sender"]
    cosigners = tuple((bytes(item), mask) for item, mask in call["cosigners"])
    tx_id = bytes(call["tx_id"])
    sender = bytes(party)
    return Context((sender, roles), cosigners, tx_id, height, time, is_query, seed, sender)


def _made(
    code: int, name: str, result: bytes, events: list[Any], site: tuple[int, int, int] | None
) -> Outcome:
    return {
        "code": code,
        "name": name,
        "gas_used": 0,
        "steps": 0,
        "result": result,
        "events": events,
        "site": site,
    }


def _failed(trap: Trap, traceback: TracebackType | None) -> Outcome:
    """The frames that the trap passed do not name it, or it would hold itself."""
    made = _made(trap.code, trap.name, trap.details, [], _site(traceback))
    return made | {"way": _way(traceback)}


def _way(traceback: TracebackType | None) -> TracebackType | None:
    """The contracts' frames alone: where a debugger shall stop, and what it shows above."""
    if traceback is None:
        return None
    rest = _way(traceback.tb_next)
    frame = traceback.tb_frame
    if CONTRACT not in frame.f_globals:
        return rest
    return TracebackType(rest, frame, traceback.tb_lasti, traceback.tb_lineno)


def _site(traceback: TracebackType | None) -> tuple[int, int, int] | None:
    """Contract, line and column of the innermost frame that is a contract's."""
    site: tuple[int, int, int] | None = None
    while traceback is not None:
        number = traceback.tb_frame.f_globals.get(CONTRACT)
        if number is not None:
            column = _columns(traceback.tb_frame.f_code)[traceback.tb_lasti // 2]
            site = (number, traceback.tb_lineno, column)
        traceback = traceback.tb_next
    return site


@lru_cache(CACHED_MAX)
def _columns(code: Any) -> list[int]:
    """The column of each instruction."""
    return [place[2] or 0 for place in code.co_positions()]
