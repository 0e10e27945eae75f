"""The other contract, whose exports programs call like helpers."""

from __future__ import annotations

from daicho.compiler.types import INT
from differential.expressions import Helper

LIBRARY = '''"""What generated programs call."""

from daicho.contract import (
    ANY_CONTRACT, ANY_ROLE, PUBLIC, Code, Int, Map, Str, entry, export, require,
)

edition = 1


class Refusal(Code):
    REFUSED = 1001


kept: Map[Int, Int] = Map(compartment=PUBLIC)


@export(callers=ANY_CONTRACT)
def double(number: Int) -> Int:
    return number * 2


@export(callers=ANY_CONTRACT)
def keep(key: Int, value: Int) -> None:
    kept[key] = value


@export(callers=ANY_CONTRACT)
def fetch(key: Int) -> Int:
    return kept[key]


@export(callers=ANY_CONTRACT)
def refuse(number: Int) -> Int:
    require(number % 3 != 0, Refusal.REFUSED, number)
    return number


@entry(roles=ANY_ROLE)
def nothing() -> None:
    pass
'''
LIBRARY_HELPERS = [
    Helper("double", (INT,), INT, False),
    Helper("keep", (INT, INT), None, True),
    Helper("fetch", (INT,), INT, False),
    Helper("refuse", (INT,), INT, False),
]
