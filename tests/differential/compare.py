"""Both backends side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from daicho._native import TestChain
from daicho.compiler import Artefact, compile_source
from daicho.compiler.ids import Ids
from daicho.rewrite import PythonChain
from daicho.rewrite.faults import CODES
from differential.calls import BUDGETS, CONTRACT, Block, Plan
from differential.imported import LIBRARY
from differential.literals import GENESIS_US
from differential.program import ProgramText
from differential.unbalanced import UnbalancedChain, is_unbalanced, unbalanced

FILENAME = "program.py"
OTHER = CONTRACT + 1
IDS = Ids({"program": CONTRACT, "library": OTHER})
Outcome = dict[str, Any]


class Backend(Protocol):
    """What runs blocks of calls."""

    @property
    def next_wakeup(self) -> int | None: ...
    def block(
        self, time_us: int, calls: list[Any], feeds: list[Any], timer_gas: int, seed: bytes
    ) -> list[Outcome]: ...
    def timers(self) -> list[dict[str, Any]]: ...
    def query(self, call: Any, held: Any) -> Outcome: ...
    def rows(self) -> list[tuple[bytes, bytes, bytes]]: ...
    def upgrade(self, number: int, artefact: Any) -> Outcome | None: ...


@dataclass(frozen=True)
class Difference:
    """Where the two part."""

    where: str
    machine: object
    python: object

    def __str__(self) -> str:
        return f"{self.where}\n  machine: {self.machine}\n  python:  {self.python}"


class BoundError(Exception):
    """The machine stopped at a bound that only it has: gas or memory."""


class Watch:
    """Is shown what the machine does; this one does not look."""

    def outcome(self, outcome: Outcome) -> None:
        """What came of a call."""

    def upgraded(self, outcome: Outcome) -> None:
        """What came of a migration."""

    def visited(self, artefact: Artefact, watch: Any) -> None:
        """What ran of a version."""


NOBODY = Watch()
BOUNDS = (CODES["GAS"], CODES["MEMORY"])
TIMERS_USE_MAX = 4_000_000
"""Gas that timers may use of a narrow budget before only the machine knows what is left."""


def shown(outcome: Outcome) -> tuple[object, ...]:
    """What the ledger shows of a call; gas is the machine's alone."""
    events = [
        (contract, number, [bytes(item) for item in addressees], bytes(data))
        for contract, number, addressees, data in outcome["events"]
    ]
    site = outcome["site"]
    place = tuple(site) if isinstance(site, (tuple, list)) else site
    return outcome["code"], outcome["name"], bytes(outcome["result"]), events, place


def machine(artefact: Artefact) -> Backend:
    """The artefact on the machine, watched."""
    chain = TestChain(GENESIS_US)
    chain.deploy(CONTRACT, artefact.data)
    if artefact.module.imported:
        chain.deploy(OTHER, library().data)
    chain.watch(True)
    return chain


def python(artefact: Artefact, odd: bool = False) -> Backend:
    """The same on CPython."""
    chain = (UnbalancedChain if odd else PythonChain)(GENESIS_US)
    chain.deploy(CONTRACT, artefact)
    if artefact.module.imported:
        chain.deploy(OTHER, library())
    return chain


@cache
def library() -> Artefact:
    """The contract that programs call."""
    return compile_source(LIBRARY, "library.py", ids=IDS)


def differs(
    versions: Sequence[Artefact],
    calls: Plan,
    watch: Watch = NOBODY,
    left: Callable[[Artefact], Backend] = machine,
    odd: bool = False,
) -> Difference | None:
    """The first difference, if there is one; `odd` says that issue and redeem are exchanged.

    BoundError where the machine's bounds end it.
    """
    sides = Sides(versions, left(versions[0]), python(versions[0], odd), watch)
    try:
        return sides.differ(calls)
    finally:
        sides.look()


@dataclass
class Sides:
    """Two backends that are given the same."""

    versions: Sequence[Artefact]
    ours: Backend
    theirs: Backend
    watch: Watch
    current: int = 0
    """Which version is deployed."""

    def look(self) -> None:
        """Show what ran of the version that is there."""
        if isinstance(self.ours, TestChain):
            self.watch.visited(self.versions[self.current], self.ours.take_watch())

    def differ(self, calls: Plan) -> Difference | None:
        """The first difference."""
        for number, block in enumerate(calls.blocks):
            found = None
            if number == calls.upgrade and len(self.versions) > 1:
                found = self.upgrade() or self.rows()
            found = found or self.block(block) or self.rows()
            if found is not None:
                return Difference(f"block {number}: {found.where}", found.machine, found.python)
        return self.queries(calls)

    def upgrade(self) -> Difference | None:
        """The second version takes over, unless its migration fails."""
        self.look()
        second, self.current = self.versions[1], 1
        one = self.ours.upgrade(CONTRACT, second.data)
        self.look()
        if one is not None:
            _within([one])
        two = self.theirs.upgrade(CONTRACT, second)
        if one is None or two is None:
            return None if one is two else Difference("migration", one, two)
        if one["code"]:
            self.current = 0
        self.watch.upgraded(one)
        return self.same("migration", one, two)

    def block(self, block: Block) -> Difference | None:
        """One block on both."""
        ours, theirs = self.ours, self.theirs
        packed = [item.packed for item in block.calls]
        given = (block.time, packed, block.feeds, block.timer_gas, block.seed)
        one = ours.block(*given)
        ran = ours.timers()
        _within([*(item["outcome"] for item in ran), *one])
        used = sum(item["outcome"]["gas_used"] for item in ran)
        if used > TIMERS_USE_MAX and block.timer_gas in BUDGETS:
            raise BoundError("timers")
        two = theirs.block(*given)
        found = self.timers(ran, theirs.timers())
        for call, left, right in zip(block.calls, one, two, strict=True):
            found = found or self.same(call.what, left, right)
        if found is None and ours.next_wakeup not in (None, theirs.next_wakeup):
            return Difference("next wake-up", ours.next_wakeup, theirs.next_wakeup)
        return found

    def timers(self, one: list[Outcome], two: list[Outcome]) -> Difference | None:
        """What the timers of a block did."""
        for left, right in zip(one, two, strict=False):
            what = f"timer {left['scheduled']}"
            found = self.same(what, left["outcome"], right["outcome"])
            head = [(bytes(it["timer"]), it["contract"], it["again"]) for it in (left, right)]
            if found is not None or head[0] != head[1]:
                return found or Difference("timer", *head)
        return None if len(one) == len(two) else Difference("timers", one, two)

    def same(self, what: str, one: Outcome, two: Outcome) -> Difference | None:
        """What came of one call."""
        self.watch.outcome(one)
        if isinstance(one["site"], int) and two["site"] is not None:
            two = {**two, "site": two["site"][1]}  # a process says the line alone
        return None if shown(one) == shown(two) else Difference(what, shown(one), shown(two))

    def queries(self, calls: Plan) -> Difference | None:
        """The answers on the last block."""
        for call in calls.queries:
            held = None if call.held is None else list(call.held)
            one = self.ours.query(call.packed, held)
            _within([one])
            two = self.theirs.query(call.packed, held)
            found = self.same(f"query {call.what}", one, two)
            if found is not None:
                return found
        return None

    def rows(self) -> Difference | None:
        """What is stored."""
        one = [tuple(map(bytes, row)) for row in self.ours.rows()]
        two = [tuple(map(bytes, row)) for row in self.theirs.rows()]
        if one == two:
            return None
        only_one = [row for row in one if row not in two]
        only_two = [row for row in two if row not in one]
        return Difference("stored rows", only_one, only_two)


def _within(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome["code"] in BOUNDS:
            raise BoundError(outcome["name"])


def compiled(program: ProgramText) -> Artefact:
    """The program's artefact."""
    artefact = compile_source(program.text(), FILENAME, {"library": LIBRARY}, IDS)
    return unbalanced(artefact) if is_unbalanced(program.seed) else artefact


def versions(program: ProgramText) -> list[Artefact]:
    """Its artefacts: one, or two if another version takes its place."""
    texts = [program] if program.second is None else [program, program.second]
    return [compiled(item) for item in texts]
