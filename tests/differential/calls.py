"""Blocks of calls of a program, with arguments made from its number."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from daicho.compiler import Artefact
from daicho.compiler.step2_check.scope import FeedSymbol
from daicho.compiler.tree import Function
from daicho.compiler.types import ROLE
from daicho.rewrite.encoding import encode
from differential.literals import GENESIS_US, HOUR_US, PARTIES, argument

GAS = 50_000_000
TIMER_GAS = 300_000_000
BUDGETS = (99_999, 4_999_999, 49_999_999)
"""Gas for timers that one class after the other does not fit."""
BLOCKS, CALLS, QUERIES = 4, 3, 2
CONTRACT = 5
_BITS = {name: 1 << bit for name, bit in ROLE.members}
ROLES = (_BITS["ADMINISTRATOR"] | _BITS["MEMBER"], _BITS["MEMBER"], _BITS["ISSUER"])
"""Of the three parties."""


@dataclass(frozen=True)
class Call:
    """One call, ready for both backends; `what` is for a reader."""

    function: str
    what: str
    packed: dict[str, object]
    held: tuple[bytes, ...] | None = None
    """Of a query: what its caller sees; None is everything."""


@dataclass(frozen=True)
class Block:
    """A block: its time, its calls, the readings in its header, its seed, gas for its timers."""

    time: int
    calls: list[Call]
    feeds: list[tuple[int, int, int, bytes]]
    seed: bytes
    timer_gas: int


@dataclass
class Plan:
    """Blocks at their times, then queries, of the version that is there then."""

    blocks: list[Block] = field(default_factory=list)
    queries: list[Call] = field(default_factory=list)
    upgrade: int | None = None
    """The block before which the second version takes over."""


def plan(seed: int, versions: Sequence[Artefact]) -> Plan:
    """The calls of a program, or of its versions."""
    rng = random.Random(f"calls of {seed}")
    made = Plan()
    if len(versions) > 1:
        made.upgrade = rng.randrange(1, BLOCKS)
    time, artefact = GENESIS_US, versions[0]
    for number in range(BLOCKS):
        if number == made.upgrade:
            artefact = versions[1]
            time += 1  # it has a block of its own
        time += rng.choice((HOUR_US, HOUR_US // 2, 1))
        entries = _functions(artefact, "entry")
        calls = [_call(rng, entries) for _ in range(CALLS)] if entries else []
        feeds = _feeds(rng, artefact, time)
        gas = rng.choice(BUDGETS) if rng.random() < 0.2 else TIMER_GAS
        made.blocks.append(Block(time, calls, feeds, rng.randbytes(32), gas))
    queries = _functions(artefact, "query")
    made.queries = [_call(rng, queries) for _ in range(QUERIES)] if queries else []
    return made


def _functions(artefact: Artefact, kind: str) -> list[Function]:
    return [item for item in artefact.module.functions if item.kind == kind]


def _call(rng: random.Random, functions: list[Function]) -> Call:
    number = rng.randrange(len(functions))
    function = functions[number]
    values = [argument(rng, item.type) for item in function.params]
    data = b"".join(encode(p.type, v) for p, v in zip(function.params, values, strict=True))
    data = _damaged(rng, data)
    who = rng.choice((0, 0, 1, 1, 2))
    cosigners = [(PARTIES[at], ROLES[at]) for at in range(3) if at != who and rng.random() < 0.5]
    packed: dict[str, object] = {
        "contract": CONTRACT if rng.random() < 0.99 else CONTRACT + 2,
        "entry": number + 1 if rng.random() < 0.99 else number + 9,
        "arguments": data,
        "sender": (PARTIES[who], ROLES[who]),
        "cosigners": cosigners,
        "tx_id": hashlib.sha256(rng.randbytes(8)).digest(),
        "gas_limit": GAS,
    }
    held = None if who == 0 else (b"\2" + PARTIES[who], b"\3" + PARTIES[who])
    shown = ", ".join(f"{p.name}={v!r}" for p, v in zip(function.params, values, strict=True))
    return Call(function.name, f"{function.name}({shown}) by party {who}", packed, held)


def _feeds(rng: random.Random, artefact: Artefact, time: int) -> list[tuple[int, int, int, bytes]]:
    """A reading now and then, sometimes old, sometimes of another form."""
    if rng.random() < 0.5:
        return []
    symbol = artefact.module.symbols.get("spoken")
    if not isinstance(symbol, FeedSymbol):
        return []
    type_ = symbol.feed.type
    data = encode(type_, argument(rng, type_))
    age = rng.choice((0, 1, HOUR_US, 2 * HOUR_US))
    return [(1, rng.randrange(100), time - age, data if rng.random() < 0.9 else data[1:])]


def _damaged(rng: random.Random, data: bytes) -> bytes:
    """The arguments, sometimes with a byte changed, lost or added."""
    if rng.random() < 0.985:
        return data
    way = rng.randrange(3)
    if way == 0:
        return data + b"\0"
    if way == 1 or not data:
        return data[:-1]
    changed = bytearray(data)
    changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)
