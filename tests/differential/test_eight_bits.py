"""Every operator at eight bits, every pair of values, against Python's whole numbers.

The operators run where an author's would: compiled, verified and on the machine. What
is expected is written here and owes nothing to the backends.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest

from daicho._native import TestChain
from daicho.compiler import compile_source

GENESIS_US = 1_767_603_600_000_000
OVERFLOW, DIVIDE_BY_ZERO, DOMAIN = 2, 3, 5
NO_RESULT = 0x7FFF
RANGES = {"U8": (0, 255), "I8": (-128, 127)}


def _power(left: int, right: int) -> int:
    if right < 0:
        raise ValueError
    return 256 if abs(left) > 1 and right > 8 else left ** min(right, 8 + right % 2)


def _left(left: int, right: int) -> int:
    if right < 0:
        raise ValueError
    return 0 if left == 0 else left << min(right, 9)


def _right(left: int, right: int) -> int:
    if right < 0:
        raise ValueError
    return left >> right


BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
    "<<": _left,
    ">>": _right,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "min": min,
    "max": max,
}
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
UNARY: dict[str, Callable[[int], int]] = {"-": operator.neg, "~": operator.invert, "abs": abs}

HEAD = '''"""One operator at eight bits."""

from daicho.contract import ANY_ROLE, I8, I16, U8, Annotated, MaxLen, attempt, query

edition = 1


@query(roles=ANY_ROLE)
def row(left: {type}) -> Annotated[list[I16], MaxLen(256)]:
    """The operator on `left` and every right value; a mark and the code where it fails."""
    results: list[I16] = []
    got: {type} = 0
'''
PAIR = """    with attempt() as tried:
        got = {expression}
    results.append(I16(got) if tried.ok else I16({none} - tried.code))
"""


def _source(type_: str, name: str) -> str:
    """Reckoned in `Int` and stored in eight bits: the place is what a result must fit."""
    low, high = RANGES[type_]
    pairs = (
        PAIR.format(expression=_expression(name, f"({right})"), none=NO_RESULT)
        for right in range(low, high + 1)
    )
    return HEAD.format(type=type_) + "".join(pairs) + "    return results\n"


def _expected(name: str, left: int, right: int, low: int, high: int) -> int:
    try:
        if name in COMPARISONS:
            return int(COMPARISONS[name](left, right))
        value = BINARY[name](left, right) if name in BINARY else UNARY[name[1:]](left)
    except ZeroDivisionError:
        return NO_RESULT - DIVIDE_BY_ZERO
    except ValueError:
        return NO_RESULT - DOMAIN
    return value if low <= value <= high else NO_RESULT - OVERFLOW


def _expression(name: str, right: str) -> str:
    if name in COMPARISONS:
        return f"1 if left {name} {right} else 0"
    if name in ("min", "max"):
        return f"{name}(left, {right})"
    if name in BINARY:
        return f"left {name} {right}"
    return f"{name[1:]}(left)"


@pytest.mark.parametrize("type_", ["U8", "I8"])
@pytest.mark.parametrize("name", [*BINARY, *COMPARISONS, *(f"u{item}" for item in UNARY)])
def test_every_pair_of_values(type_: str, name: str) -> None:
    """Every integer operator exhaustively at 8 bits against Python."""
    low, high = RANGES[type_]
    artefact = compile_source(_source(type_, name), "eight.py")
    assert f":{type_}" in artefact.texts["check"].split("attempt tried", 1)[1].splitlines()[1]
    chain = TestChain(GENESIS_US)
    chain.deploy(5, artefact.data)
    for left in range(low, high + 1):
        outcome = chain.query(_call(left.to_bytes(1, "little", signed=low < 0)), None)
        assert outcome["code"] == 0, outcome
        data = bytes(outcome["result"])
        found = [
            int.from_bytes(data[at : at + 2], "little", signed=True)
            for at in range(4, len(data), 2)
        ]
        wanted = [_expected(name, left, right, low, high) for right in range(low, high + 1)]
        assert found == wanted, (type_, name, left)


def _call(arguments: bytes) -> dict[str, object]:
    return {
        "contract": 5,
        "entry": 1,
        "arguments": arguments,
        "sender": (bytes(16), 2),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": 50_000_000,
    }
