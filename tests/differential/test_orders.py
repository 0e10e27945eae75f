"""In what order the parts of an expression are worked out: as they are written."""

from __future__ import annotations

import pytest

from daicho.compiler import compile_source
from differential.compare import machine, python, shown
from differential.literals import GENESIS_US

HEAD = '''"""Two functions that fail, each with a code of its own."""

from daicho.contract import ANY_ROLE, PUBLIC, Code, Int, Key, Row, Table, abort, entry

edition = 1


class Failure(Code):
    ONE = 1001
    TWO = 1002


class Thing(Row):
    id: Key[Int]
    value: Int


things = Table(Thing, compartment=PUBLIC)


def one(n: Int) -> Int:
    if n > 0:
        abort(Failure.ONE)
    return n


def two(n: Int) -> Int:
    if n > 0:
        abort(Failure.TWO)
    return n


def twice(a: Int, b: Int) -> Int:
    return a + b


@entry(roles=ANY_ROLE)
def run(n: Int) -> None:
    row = Thing(id=1, value=2)
    xs: list[Int] = [1, 2]
'''
FIRST = {
    "row = row.replace(value=one(n), id=two(n))": "ONE",
    "row = row.replace(id=two(n), value=one(n))": "TWO",
    "row = Thing(value=one(n), id=two(n))": "ONE",
    "things.put(Thing(value=one(n), id=two(n)))": "ONE",
    "xs[one(n)] = two(n)": "TWO",
    "xs.insert(one(n), two(n))": "ONE",
    "ys: dict[Int, Int] = {1: one(n), two(n): 3}": "ONE",
    "xs.append(twice(b=one(n), a=two(n)))": "ONE",
    "xs.append(one(n) - two(n))": "ONE",
    "ok = one(n) in [two(n)]": "ONE",
    "ok = one(n) in (two(n), 3)": "ONE",
    "row = Thing(value=1 // (n - n), id=things[9].id)": "DIVIDE_BY_ZERO",
    "row = Thing(value=things[9].id, id=1 // (n - n))": "MISSING",
    "xs.append(twice(b=xs[n + 9], a=1 // (n - n)))": "INDEX",
}
"""A statement, and which of its two failures comes first."""


@pytest.mark.parametrize("statement", list(FIRST))
def test_what_is_written_first_fails_first(statement: str) -> None:
    """Python's own order, on both backends; in an assignment what is assigned comes first."""
    artefact = compile_source(f"{HEAD}    {statement}\n", "program.py")
    call = {
        "contract": 5,
        "entry": 1,
        "arguments": (1).to_bytes(16, "little"),
        "sender": (bytes(16), 2),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": 500_000,
    }
    one, two = (
        backend(artefact).block(GENESIS_US + 1, [call], [], 0, bytes(32))[0]
        for backend in (machine, python)
    )
    assert shown(one) == shown(two)
    assert one["name"] == FIRST[statement]
