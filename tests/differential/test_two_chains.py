"""The two chains in memory, where a generated program would not show why they agree."""

from __future__ import annotations

import pytest

from daicho._native import TestChain as Machine
from daicho.compiler import compile_source
from daicho.rewrite import PythonChain
from daicho.testing import Call, Chain
from differential.calls import BUDGETS, GAS

SOURCE = '''"""Lots, and timers of each gas class."""

from daicho.contract import (
    ANY_ROLE, PUBLIC, Hash, Int, Map, Var, entry, migrate, now, random, scheduled,
)

edition = 1

drawn: Map[Int, Hash] = Map(compartment=PUBLIC)
ran: Map[Int, Int] = Map(compartment=PUBLIC)
version: Var[Int] = Var(1, compartment=PUBLIC)


@entry(roles=ANY_ROLE)
def draw(place: Int) -> Hash:
    drawn[place] = random("lot")
    return drawn[place]


@scheduled(priority=0, gas="S")
def small(place: Int) -> None:
    ran[place] = 1


@scheduled(priority=1, gas="M")
def medium(place: Int) -> None:
    ran[place] = 2


@scheduled(priority=2, gas="L")
def large(place: Int) -> None:
    ran[place] = 3


@entry(roles=ANY_ROLE)
def wind() -> None:
    small.at(now(), 1)
    medium.at(now(), 2)
    large.at(now(), 3)


@migrate
def again() -> None:
    drawn[0] = random("lot")
    version.set(2)
'''


def packed(entry: int, data: bytes = b"") -> dict[str, object]:
    """A call that one party makes."""
    return {
        "contract": 1,
        "entry": entry,
        "arguments": data,
        "sender": (bytes(16), 2),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": GAS,
    }


@pytest.mark.parametrize("backend", ["vm", "python", "both"])
def test_two_calls_of_one_sender_draw_two_lots(backend: str) -> None:
    """A transaction's chance is its own: the place in the block is the sequence."""
    chain = Chain(backend_name=backend)
    chain.deploy(compile_source(SOURCE, "lots.py"), 1)
    bank = chain.party("bank", "MEMBER")
    calls = [Call(bank, "lots", "draw", {"place": at}) for at in range(3)]
    values = [outcome.value for outcome in chain.block(calls)]
    assert len(set(values)) == 3
    if backend == "python":
        return
    # One that the meter ends has its place all the same.
    calls[1] = Call(bank, "lots", "draw", {"place": 1}, gas=1_100)
    first, second, third = chain.block(calls)
    assert second.code == "GAS"
    assert first.value != third.value


@pytest.mark.parametrize(("budget", "classes"), list(zip(BUDGETS, range(3), strict=True)))
def test_a_budget_runs_the_timers_whose_class_it_holds(budget: int, classes: int) -> None:
    """Due timers run "until the next one's gas limit no longer fits the budget"."""
    artefact = compile_source(SOURCE, "lots.py")
    found = []
    for chain, code in ((Machine(1), artefact.data), (PythonChain(1), artefact)):
        chain.deploy(1, code)  # type: ignore[arg-type]  # one takes bytes, the other the tree
        chain.block(2, [packed(2)])
        chain.block(3, [], timer_gas=budget)
        assert len(chain.timers()) == classes
        waiting = chain.rows()
        chain.block(4, [])
        assert len(chain.timers()) == 3 - classes
        found.append([waiting, chain.rows()])
    assert found[0] == found[1]


def test_a_migration_has_the_same_chance_on_both() -> None:
    """A version that takes over does the same on the machine and on CPython."""
    chain = Chain(backend_name="both")
    artefact = compile_source(SOURCE, "lots.py")
    chain.deploy(artefact, 1)
    done = chain.upgrade(
        compile_source(SOURCE.replace("version.set(2)", "version.set(3)"), "lots.py"), 1
    )
    assert done is not None
    assert done.code == "OK"
    assert len(chain.rows()) == 2
