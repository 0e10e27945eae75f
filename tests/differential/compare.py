"""Both backends side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from daicho._native import TestChain
from daicho.compiler import Artefact, compile_source
from daicho.compiler.ids import Ids
from daicho.rewrite import PythonChain
from daicho.rewrite.faults import CODES
from differential.calls import CONTRACT, Block, Plan
from differential.literals import GENESIS_US
from differential.program import LIBRARY, ProgramText
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


Watch = Callable[[Outcome], None]
"""Is shown every outcome of the machine."""
BOUNDS = (CODES["GAS"], CODES["MEMORY"])
TIMER_GAS = 300_000_000


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
    artefact: Artefact,
    calls: Plan,
    watch: Watch | None = None,
    visited: Callable[[Any], None] | None = None,
    left: Callable[[Artefact], Backend] = machine,
    odd: bool = False,
) -> Difference | None:
    """The first difference, if there is one; `odd` says that issue and redeem are exchanged.

    BoundError where the machine's bounds end it.
    """
    ours = left(artefact)
    try:
        return _differs(ours, python(artefact, odd), calls, watch)
    finally:
        if visited is not None and isinstance(ours, TestChain):
            visited(ours.take_watch())


def _differs(ours: Backend, theirs: Backend, calls: Plan, watch: Watch | None) -> Difference | None:
    for number, block in enumerate(calls.blocks):
        found = _block(ours, theirs, block, watch) or _rows(ours, theirs)
        if found is not None:
            return Difference(f"block {number}: {found.where}", found.machine, found.python)
    return _queries(ours, theirs, calls, watch)


def _block(ours: Backend, theirs: Backend, block: Block, watch: Watch | None) -> Difference | None:
    packed = [item.packed for item in block.calls]
    given = (block.time, packed, block.feeds, TIMER_GAS, block.seed)
    one = ours.block(*given)
    _within([*(item["outcome"] for item in ours.timers()), *one])
    two = theirs.block(*given)
    timers = list(zip(ours.timers(), theirs.timers(), strict=False))
    if len(ours.timers()) != len(theirs.timers()):
        return Difference("timers", ours.timers(), theirs.timers())
    for left, right in timers:
        found = _same(f"timer {left['scheduled']}", left["outcome"], right["outcome"], watch)
        head = [(bytes(it["timer"]), it["contract"], it["again"]) for it in (left, right)]
        if found is not None or head[0] != head[1]:
            return found or Difference("timer", *head)
    for call, left, right in zip(block.calls, one, two, strict=True):
        found = _same(call.what, left, right, watch)
        if found is not None:
            return found
    if ours.next_wakeup not in (None, theirs.next_wakeup):
        return Difference("next wake-up", ours.next_wakeup, theirs.next_wakeup)
    return None


def _within(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome["code"] in BOUNDS:
            raise BoundError(outcome["name"])


def _same(what: str, one: Outcome, two: Outcome, watch: Watch | None) -> Difference | None:
    if watch is not None:
        watch(one)
    if isinstance(one["site"], int) and two["site"] is not None:
        two = {**two, "site": two["site"][1]}  # a process says the line alone
    return None if shown(one) == shown(two) else Difference(what, shown(one), shown(two))


def _queries(ours: Backend, theirs: Backend, calls: Plan, watch: Watch | None) -> Difference | None:
    for call in calls.queries:
        held = None if call.held is None else list(call.held)
        one = ours.query(call.packed, held)
        _within([one])
        two = theirs.query(call.packed, held)
        found = _same(f"query {call.what}", one, two, watch)
        if found is not None:
            return found
    return None


def _rows(ours: Backend, theirs: Backend) -> Difference | None:
    one = [tuple(map(bytes, row)) for row in ours.rows()]
    two = [tuple(map(bytes, row)) for row in theirs.rows()]
    if one == two:
        return None
    only_one = [row for row in one if row not in two]
    only_two = [row for row in two if row not in one]
    return Difference("stored rows", only_one, only_two)


def compiled(program: ProgramText) -> Artefact:
    """The program's artefact."""
    artefact = compile_source(program.text(), FILENAME, {"library": LIBRARY}, IDS)
    return unbalanced(artefact) if is_unbalanced(program.seed) else artefact
