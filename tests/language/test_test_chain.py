"""The in-process chain as Python sees it: readings, timers, upgrades, the watch."""

from __future__ import annotations

from typing import Any

import pytest

from daicho._native import TestChain as Machine
from daicho.compiler import compile_source

GENESIS_US = 1_000_000
SOURCE = """
from daicho.contract import PUBLIC, Int, Map, Role, entry, query

edition = 1

balances: Map[Int, Int] = Map(compartment=PUBLIC)


@entry(roles=(Role.MEMBER,))
def put(key: Int, amount: Int) -> None:
    if amount > 5:
        balances[key] = amount
    else:
        balances[key] = 5


@query(roles=(Role.MEMBER,))
def get(key: Int) -> Int:
    return balances[key]
"""


def call(entry: int, *numbers: int) -> dict[str, Any]:
    return {
        "contract": 1,
        "entry": entry,
        "arguments": b"".join(number.to_bytes(16, "little", signed=True) for number in numbers),
        "sender": (bytes(16), 0xFFFF_FFFF),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": 500_000,
    }


@pytest.fixture
def artefact() -> bytes:
    return compile_source(SOURCE, "book.py").data


@pytest.fixture
def chain(artefact: bytes) -> Machine:
    chain = Machine(GENESIS_US)
    chain.deploy(1, artefact)
    return chain


def test_the_watch_sees_lines_and_the_way(chain: Machine) -> None:
    assert chain.take_watch() is None
    chain.watch(True)
    (outcome,) = chain.block(GENESIS_US + 1, [call(1, 7, 9)])
    assert outcome["name"] == "OK"
    seen = chain.take_watch()
    assert seen is not None
    assert not seen["cut"]
    lines = {line for _, _, line in seen["trace"]}
    taken = SOURCE.splitlines().index("        balances[key] = amount") + 1
    other = SOURCE.splitlines().index("        balances[key] = 5") + 1
    assert taken in lines
    assert other not in lines
    assert set(seen["visited"].values()) == lines
    assert all(contract == 1 for contract, _, _ in seen["visited"])
    # The watch stays on, from nothing; and what it sees costs no gas.
    (again,) = chain.block(GENESIS_US + 2, [call(1, 7, 2)])
    later = chain.take_watch()
    assert later is not None
    assert other in {line for _, _, line in later["trace"]}
    chain.watch(False)
    (plain,) = chain.block(GENESIS_US + 3, [call(1, 7, 2)])
    assert (plain["gas_used"], plain["steps"]) == (again["gas_used"], again["steps"])
    assert chain.take_watch() is None


def test_a_block_carries_readings(chain: Machine) -> None:
    chain.block(GENESIS_US + 1, [], feeds=[(3, 8, GENESIS_US, b"\x01")])
    row = (1).to_bytes(2, "little") + GENESIS_US.to_bytes(8, "little")
    row += (8).to_bytes(8, "little") + (1).to_bytes(4, "little") + b"\x01"
    key = bytes(4) + b"\x00\x02" + b"\x00\x03"
    assert chain.rows() == [(bytes(17), key, row)]
    assert (chain.timers(), chain.next_wakeup) == ([], 0)
    with pytest.raises(ValueError, match="longer than it may be"):
        chain.block(GENESIS_US + 2, [], feeds=[(3, 9, GENESIS_US, bytes(1000))])


def test_another_version_keeps_what_ids_mean(chain: Machine, artefact: bytes) -> None:
    chain.block(GENESIS_US + 1, [call(1, 7, 9)])
    assert chain.deploy(1, artefact) == chain.deploy(1, artefact)
    assert chain.upgrade(1, artefact) is None
    other = SOURCE.replace("Map[Int, Int]", "Map[Int, bool]")
    other = other.replace("= amount\n", "= True\n").replace("= 5\n", "= False\n")
    other = other.replace("get(key: Int) -> Int", "get(key: Int) -> bool")
    with pytest.raises(ValueError, match="table balances"):
        chain.deploy(1, compile_source(other, "book.py").data)
    with pytest.raises(ValueError, match="no such contract"):
        chain.upgrade(2, artefact)
    with pytest.raises(ValueError, match="reserved"):
        chain.deploy(0, artefact)
    assert chain.query(call(1, 7), None)["result"] == (9).to_bytes(16, "little")
