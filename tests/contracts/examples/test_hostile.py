"""Contracts that fail in every way, a thousand times, beside one that works."""

from __future__ import annotations

from typing import Any

import pytest

from daicho.compiler import compile_source
from daicho.testing import GAS_L, Call, Chain

TIMES = 1_000
GAS = 200_000
"""Enough to run into most other bounds first."""

SOURCE = '''"""Fails: by itself, by falling, by growing."""

from daicho.contract import (
    ANY_ROLE, PUBLIC, Annotated, Code, Int, Map, MaxLen, Role, Str, Var,
    abort, entry, query, scheduled, now,
)

edition = 1


class Error(Code):
    MINE = 1001


count: Var[Int] = Var(0, compartment=PUBLIC)
kept: Map[Int, Annotated[Str, MaxLen(1000)]] = Map(compartment=PUBLIC)


def counted() -> Int:
    count.set(count.get() + 1)
    return count.get()


@entry(roles=(Role.MEMBER,))
def work() -> Int:
    return counted()


@entry(roles=(Role.MEMBER,))
def raises() -> None:
    counted()
    abort(Error.MINE)


@entry(roles=(Role.MEMBER,))
def divides(by: Int) -> Int:
    return counted() // by


def deeper() -> Int:
    counted()
    return deeper() + 1


@entry(roles=(Role.MEMBER,))
def recurses() -> Int:
    return deeper()


@entry(roles=(Role.MEMBER,))
def doubles() -> None:
    counted()
    xs = [1]
    while True:
        xs.extend(list(xs))


@entry(roles=(Role.MEMBER,))
def hoards() -> None:
    counted()
    text = "x"
    for _ in range(13):
        text = text + text
    texts: list[Str] = []
    while True:
        texts.append(text + str(len(texts)))


@entry(roles=(Role.MEMBER,))
def widens() -> None:
    counted()
    text = "x"
    while True:
        text = text + text


@entry(roles=(Role.MEMBER,))
def stores() -> None:
    i = 0
    while True:
        i += 1
        kept[i] = "kept"


@scheduled(priority=1, gas="S")
def late() -> None:
    deeper()


@entry(roles=(Role.MEMBER,))
def sets_timers() -> None:
    while True:
        late.at(now())


@entry(roles=(Role.MEMBER,))
def sets_one() -> None:
    late.at(now())


@query(roles=ANY_ROLE)
def worked() -> Int:
    return count.get()
'''

FAILURES: list[tuple[str, dict[str, Any], str]] = [
    ("raises", {}, "MINE"),
    ("divides", {"by": 0}, "DIVIDE_BY_ZERO"),
    ("recurses", {}, "DEPTH"),
    ("doubles", {}, "LENGTH"),
    ("hoards", {}, "GAS"),
    ("widens", {}, "LENGTH"),
    ("stores", {}, "GAS"),
    ("sets_timers", {}, "TIMERS"),
]


def new_chain() -> Chain:
    made = Chain()
    made.deploy(compile_source(SOURCE, "hostile.py"), 1)
    return made


@pytest.fixture
def chain() -> Chain:
    return new_chain()


@pytest.mark.parametrize(
    ("name", "arguments", "code"), FAILURES, ids=[name for name, _, _ in FAILURES]
)
def test_a_thousand_failures_in_one_block(
    chain: Chain, name: str, arguments: dict[str, Any], code: str
) -> None:
    """R28: "Contract that raises, recurses, or allocates without bound x1,000 -> all refused;
    blocks keep committing": every one ends alike, and the call in their midst is unaffected.
    """
    bank = chain.party("bank", "MEMBER")
    fails = Call(bank, "hostile", name, arguments, gas=GAS)
    works = Call(bank, "hostile", "work", {}, gas=GAS)
    before = chain.rows()
    outcomes = chain.block([fails] * TIMES)
    assert {(item.code, item.gas, item.steps) for item in outcomes} == {
        (outcomes[0].code, outcomes[0].gas, outcomes[0].steps)
    }
    assert outcomes[0].code == code
    assert chain.rows() == before
    half = TIMES // 2
    alone = new_chain().block([works, works])
    mixed = chain.block([*[fails] * half, works, *[fails] * half, works])
    assert [item for item in mixed if item.ok] == alone, "as if nobody had failed"


def test_a_thousand_failures_block_by_block(chain: Chain) -> None:
    """R28: "all refused; blocks keep committing", each failure in a block of its own."""
    bank = chain.party("bank", "MEMBER")
    worked = 0
    for i in range(TIMES):
        name, arguments, code = FAILURES[i % len(FAILURES)]
        failed = chain.block([Call(bank, "hostile", name, arguments, gas=GAS)])[0]
        assert failed.code == code
        if i % 100 == 0:
            worked += 1
            assert chain.call(bank, "hostile", "work", gas=GAS) == worked
    assert chain.height == TIMES + worked
    assert chain.query(bank, "hostile", "worked") == worked


def test_memory_is_bounded_where_gas_is_plenty(chain: Chain) -> None:
    """R28: one that "allocates without bound" ends by MEMORY, and the next call by itself."""
    bank = chain.party("bank", "MEMBER")
    hoards = Call(bank, "hostile", "hoards", {}, gas=GAS_L)
    works = Call(bank, "hostile", "work", {}, gas=GAS)
    outcomes = chain.block([hoards, works, hoards, works])
    assert [item.code for item in outcomes] == ["MEMORY", "OK", "MEMORY", "OK"]
    assert outcomes[1::2] == new_chain().block([works, works])


def test_timers_that_fail_stop_nothing(chain: Chain) -> None:
    """R28: a timer that "recurses" is "refused" like a call, reported, and gone."""
    bank = chain.party("bank", "MEMBER")
    for _ in range(10):
        chain.call(bank, "hostile", "sets_one")
    chain.block([])
    assert [run.outcome.code for run in chain.timers] == ["DEPTH"]
    assert chain.call(bank, "hostile", "work") == 1
    chain.block([])
    assert chain.timers == []
