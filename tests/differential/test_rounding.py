"""The eight rounding modes on the machine, against `decimal`."""

from __future__ import annotations

import decimal
import random

import pytest

from daicho import contract
from daicho._native import TestChain
from daicho.compiler import compile_source

GENESIS_US = 1_767_603_600_000_000
INEXACT = 4
WIDE = decimal.Context(prec=200)
MODES = {
    "EXACT": None,
    "DOWN": decimal.ROUND_DOWN,
    "UP": decimal.ROUND_UP,
    "FLOOR": decimal.ROUND_FLOOR,
    "CEILING": decimal.ROUND_CEILING,
    "HALF_UP": decimal.ROUND_HALF_UP,
    "HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "HALF_EVEN": decimal.ROUND_HALF_EVEN,
}
SOURCE = '''"""One rounding mode."""

from daicho.contract import {mode}, ANY_ROLE, Annotated, Decimal, Digits, Int, query

edition = 1


@query(roles=ANY_ROLE)
def cut(value: Annotated[Decimal, Digits(38, 6)]) -> Annotated[Decimal, Digits(38, 3)]:
    return value.round(3, {mode})


@query(roles=ANY_ROLE)
def share(
    value: Annotated[Decimal, Digits(38, 6)], by: Annotated[Decimal, Digits(38, 2)]
) -> Annotated[Decimal, Digits(38, 3)]:
    return value.div(by, scale=3, rounding={mode})


@query(roles=ANY_ROLE)
def whole(value: Annotated[Decimal, Digits(38, 3)]) -> Int:
    return value.to_int({mode})
'''


def _rounded(value: decimal.Decimal, mode: str) -> int | None:
    """Thousandths; None where EXACT would lose something."""
    shifted = value.scaleb(3, WIDE)
    if mode == "EXACT":
        whole = shifted.to_integral_value(decimal.ROUND_DOWN, WIDE)
        return int(whole) if whole == shifted else None
    return int(shifted.quantize(decimal.Decimal(1), MODES[mode], WIDE))


@pytest.mark.parametrize("mode", list(MODES))
def test_a_decimal_loses_places_as_in_decimal(mode: str) -> None:
    """All rounding modes against `decimal`."""
    chain = _chain(mode)
    for raw in range(-12_500, 12_501, 25):
        for near in (raw - 1, raw, raw + 1):
            exact = decimal.Decimal(near).scaleb(-6, WIDE)
            assert _ask(chain, 1, near) == _rounded(exact, mode), (mode, near)


@pytest.mark.parametrize("mode", list(MODES))
def test_a_decimal_becomes_a_whole_number_as_in_decimal(mode: str) -> None:
    """As above, to no places at all; and the same of an author's Python."""
    chain, rounding = _chain(mode), contract.Rounding[mode]
    for raw in range(-2_500, 2_501, 50):
        for near in (raw - 1, raw, raw + 1):
            exact = decimal.Decimal(near).scaleb(-3, WIDE)
            expected = _rounded(exact.scaleb(-3, WIDE), mode)
            assert _ask(chain, 3, near) == expected, (mode, near)
            if expected is None:
                with pytest.raises(ArithmeticError):
                    contract.Decimal(str(exact)).to_int(rounding)
            else:
                assert contract.Decimal(str(exact)).to_int(rounding) == expected


@pytest.mark.parametrize("mode", list(MODES))
def test_a_quotient_is_rounded_once_as_in_decimal(mode: str) -> None:
    """As above, of a division: the digits of a quotient do not end, the rounding sees all."""
    chain, rng = _chain(mode), random.Random(mode)
    for _ in range(1_500):
        value = rng.randrange(-(10**9), 10**9) * 10 ** rng.randrange(4)
        by = rng.choice((1, -1)) * rng.choice((1, 3, 7, 8, 200, 1_600, rng.randrange(1, 10**6)))
        exact = WIDE.divide(decimal.Decimal(value).scaleb(-6), decimal.Decimal(by).scaleb(-2))
        assert _ask(chain, 2, value, by) == _rounded(exact, mode), (mode, value, by)


def _chain(mode: str) -> TestChain:
    chain = TestChain(GENESIS_US)
    chain.deploy(5, compile_source(SOURCE.format(mode=mode), "rounding.py").data)
    return chain


def _ask(chain: TestChain, number: int, *values: int) -> int | None:
    call = {
        "contract": 5,
        "entry": number,
        "arguments": b"".join(item.to_bytes(16, "little", signed=True) for item in values),
        "sender": (bytes(16), 2),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": 500_000,
    }
    outcome = chain.query(call, None)
    if outcome["code"] == INEXACT:
        return None
    assert outcome["code"] == 0, outcome
    return int.from_bytes(outcome["result"], "little", signed=True)
