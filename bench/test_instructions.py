"""The machine by itself: an instruction of a plain loop, and a simple transfer.

A transfer is all that a block does for one: the payer's role and signature, the amount, two
legs of a `Holdings` whose rows have two fields, conservation, and the changes left in the
block for the next. Compiled as any contract is; the calls are bytes before, nothing is kept.
"""

from __future__ import annotations

from typing import Any

import pytest

from daicho.compiler import compile_source
from daicho.testing import Call, Chain, Party

ROWS = 100_000
OPENED = 200
"""Balances opened by one call."""
TRANSFERS = 20_000
BLOCK = 500
TURNS = 300_000
ROUNDS = 9

SOURCE = """
from daicho.contract import (
    ANY_ROLE, PUBLIC, U32, Annotated, Code, Holdings, Int, Key, MaxLen, Money, Party, Role, Row,
    entry, require,
)

edition = 1


class JPY(Money, scale=0): ...


class Error(Code):
    AMOUNT = 1001


class Balance(Row):
    asset: Key[U32]
    holder: Key[Party]
    available: JPY
    earmarked: JPY


money = Holdings(Balance, per=Balance.asset, compartment=PUBLIC)


@entry(roles=(Role.ADMINISTRATOR,))
def open_balances(holders: Annotated[list[Party], MaxLen(200)], each: JPY) -> None:
    for holder in holders:
        money.issue(each, target=money.at(1, holder).available)


@entry(roles=(Role.MEMBER,), signed_by=("payer",))
def transfer(payer: Party, payee: Party, amount: JPY) -> None:
    require(amount > JPY(0), Error.AMOUNT)
    money.move(amount, source=money.at(1, payer).available, target=money.at(1, payee).available)


@entry(roles=ANY_ROLE)
def count(turns: Int) -> Int:
    total = 0
    for turn in range(turns):
        total += turn
    return total
"""


@pytest.fixture(scope="module")
def bank() -> tuple[Chain, list[Party]]:
    """A ledger of balances, one for each party."""
    chain = Chain()
    chain.deploy(compile_source(SOURCE, "money.py"))
    adm = chain.party("adm", "ADMINISTRATOR")
    holders = [chain.party(f"holder {number}", "MEMBER") for number in range(ROWS)]
    for first in range(0, ROWS, OPENED):
        opened = holders[first : first + OPENED]
        chain.call(adm, "money", "open_balances", holders=opened, each=1_000_000)
    return chain, holders


def test_simple_transfer(benchmark: Any, bank: tuple[Chain, list[Party]]) -> None:
    """Between two of many holders, who follow one another nowhere in the table."""
    chain, holders = bank
    calls = []
    for number in range(TRANSFERS):
        payer, payee = holders[number * 7 % ROWS], holders[(number * 13 + 1) % ROWS]
        arguments = {"payer": payer, "payee": payee, "amount": 5}
        calls.append(Call(payer, "money", "transfer", arguments))
    rehearsal = chain.rehearsal(calls, BLOCK)
    steps = benchmark.pedantic(rehearsal.run, rounds=ROUNDS, warmup_rounds=1)
    _note(benchmark, TRANSFERS, "transfer", rows_in_ledger=ROWS, block=BLOCK, steps=steps)


def test_instruction(benchmark: Any, bank: tuple[Chain, list[Party]]) -> None:
    """`total += turn` over a range."""
    chain, holders = bank
    rehearsal = chain.rehearsal([Call(holders[0], "money", "count", {"turns": TURNS})], 1)
    steps = benchmark.pedantic(rehearsal.run, rounds=ROUNDS, warmup_rounds=1)
    assert steps > TURNS
    _note(benchmark, steps, "instruction")


def _note(benchmark: Any, units: int, unit: str, **conditions: object) -> None:
    each = benchmark.stats.stats.median * 1e9 / units if benchmark.stats else None
    benchmark.extra_info.update(
        one_figure_is=f"{units} times one {unit}",
        ns_each=each and round(each, 1),
        ledger="in memory, without trees, sealing and disk",
        **conditions,
    )
