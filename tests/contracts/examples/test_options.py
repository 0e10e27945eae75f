"""A valuation by chance: right, the same everywhere, and nobody's to choose."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from decimal import Decimal
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

import pytest

from daicho.compiler import Artefact, CompileError, compile_source
from daicho.contract import random
from daicho.testing import GAS_L, Chain, aborts

CALL: dict[str, Any] = {
    "kind": "CALL",
    "strike": "105",
    "volatility": "0.25",
    "interest": "0.02",
    "days": 365,
}
PUT = {**CALL, "kind": "PUT"}
SPOT = "100"
PATHS = 1_000
ERRORS_MAX = 4
"""The value may differ from the formula's by so many standard errors."""

NewChain = Callable[..., Chain]


def closed_formula(option: dict[str, Any], spot: float) -> float:
    """Black, Scholes and Merton's price, in floating point."""
    strike, volatility, interest = (
        float(option[name]) for name in ("strike", "volatility", "interest")
    )
    years = option["days"] / 365
    spread = volatility * sqrt(years)
    upper = (log(spot / strike) + interest * years) / spread + spread / 2
    sign = 1 if option["kind"] == "CALL" else -1
    share, money = (NormalDist().cdf(sign * z) for z in (upper, upper - spread))
    return sign * (spot * share - strike * exp(-interest * years) * money)


def valued(
    chain: Chain, option: dict[str, Any], paths: int = PATHS, *, seed: bytes = b""
) -> dict[str, Any]:
    """The valuation made in the next block."""
    chain.seed = seed
    bank = chain.party("bank", "MEMBER")
    chain.oracle.set("share_price", SPOT)
    chain.call(bank, "options", "value", option=option, paths=paths, gas=GAS_L)
    found = chain.query(bank, "options", "valuations_of", holder=bank)
    last: dict[str, Any] = max(found, key=lambda row: row["time"])
    return last


@pytest.mark.parametrize("option", [CALL, PUT, {**CALL, "strike": "80", "days": 90}])
def test_it_is_near_the_closed_formula(new_chain: NewChain, option: dict[str, Any]) -> None:
    """Within four standard errors, and those are small."""
    made = valued(new_chain(), option)
    wanted, error = closed_formula(option, float(SPOT)), float(made["standard_error"])
    assert 0 < error < wanted / 10
    assert abs(float(made["value"]) - wanted) <= ERRORS_MAX * error, (made, wanted)


def test_without_volatility_it_is_exact(chain: Chain) -> None:
    """Every path is the same one: what is left is the arithmetic."""
    option = {**CALL, "volatility": "0", "strike": "90"}
    made = valued(chain, option, 2)
    assert abs(float(made["value"]) - (100 - 90 * exp(-0.02))) < 0.0001
    assert Decimal(made["standard_error"]) == 0


def test_the_same_seed_gives_the_same_bytes_everywhere(new_chain: NewChain) -> None:
    """R40: "Monte-Carlo option valuation, 4 nodes -> byte-equal; replay from block -> same",
    with machines in place of nodes, the replay on a fresh one, and CPython beside them.
    """
    stored = [stored_rows(new_chain(), b"seed") for _ in range(4)]
    assert all(rows == stored[0] for rows in stored)
    assert stored_rows(new_chain("python"), b"seed") == stored[0]
    assert stored_rows(new_chain("both"), b"seed") == stored[0]
    assert stored_rows(new_chain(), b"another seed") != stored[0]


def stored_rows(chain: Chain, seed: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Every byte that is stored after three valuations in three blocks."""
    for option in (CALL, PUT, CALL):
        valued(chain, option, 50, seed=seed)
    return chain.rows()


def test_another_seed_gives_another_value(chain: Chain) -> None:
    """R40: the seed alone makes the difference; so does the block it belongs to."""
    first, again = (valued(chain, CALL, 50, seed=b"one")["value"] for _ in range(2))
    assert first != again, "two blocks, the same arguments"
    seeds = [hashlib.sha256(bytes([i])).digest() for i in range(5)]
    assert len({valued(chain, CALL, 50, seed=seed)["value"] for seed in seeds}) == 5


def test_the_seed_is_out_of_reach_of_arguments(examples: dict[str, Artefact]) -> None:
    """R40: "leader cannot choose seed after seeing transactions", the contract's part: an
    entry takes an option and a count, neither of which is a seed; chance has a tag alone,
    and a query has none.
    """
    names = [name for name, _ in examples["options"].abi.entries["value"].params]
    assert names == ["option", "paths"]
    assert list(inspect.signature(random).parameters) == ["tag"]
    asking = """edition = 1
from daicho.contract import ANY_ROLE, Hash, query, random
@query(roles=ANY_ROLE)
def draw() -> Hash:
    return random("a tag")
"""
    with pytest.raises(CompileError) as refused:
        compile_source(asking, "asking.py")
    assert [item.code for item in refused.value.diagnostics] == ["DC0064"]


def test_other_arguments_meet_the_same_chance(new_chain: NewChain) -> None:
    """R40: chance is the block's and the transaction's: more paths begin with the same ones,
    and by parity a call and a put of one seed differ by the forward, nearly.
    """
    call = valued(new_chain(), CALL, seed=b"seed")
    put = valued(new_chain(), PUT, seed=b"seed")
    forward = 100 - 105 * exp(-0.02)
    difference = float(call["value"]) - float(put["value"])
    assert abs(difference - forward) <= ERRORS_MAX * float(call["standard_error"])


@pytest.mark.parametrize(
    ("code", "option", "paths"),
    [
        ("PATHS", CALL, 1),
        ("PATHS", CALL, 5_001),
        ("DATES", {**CALL, "days": 0}, 10),
        ("AMOUNT", {**CALL, "volatility": "9"}, 10),
    ],
)
def test_what_is_not_valued(chain: Chain, code: str, option: dict[str, Any], paths: int) -> None:
    with aborts(code):
        valued(chain, option, paths)


def test_a_price_that_is_too_old_values_nothing(chain: Chain) -> None:
    bank = chain.party("bank", "MEMBER")
    asked = {"option": CALL, "paths": 10}
    with aborts("FEED"):
        chain.call(bank, "options", "value", **asked)
    valued(chain, CALL, 10)
    chain.clock.advance(minutes=6)
    with aborts("FEED"):
        chain.call(bank, "options", "value", **asked)
