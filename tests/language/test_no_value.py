"""What gives no value goes nowhere, and a None has a type: the compiler says so, and never stops.

Both backends run what remains.
"""

from __future__ import annotations

from typing import Literal

import pytest

from daicho.compiler import CompileError, compile_source
from daicho.compiler.diagnostics import START, Reporter, Source
from daicho.compiler.step2_check.values import check_values
from daicho.compiler.tree import Assign, Expr, Function
from daicho.compiler.types import INT, NONE, NOTHING, UNKNOWN, ListType, Type
from daicho.testing import Chain

HEAD = """from daicho.contract import (
    ANY_ROLE, PUBLIC, Bool, Code, Int, Key, Map, Record, Row, Table, Var, abort, entry, expect,
    require,
)

edition = 1


class Error(Code):
    BAD = 1001


class W(Row):
    k: Key[Int]
    v: Int


ws = Table(W, compartment=PUBLIC)


def f() -> None:
    pass

"""


def source(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{HEAD}\n@entry(roles=ANY_ROLE)\ndef go(c: Bool) -> Int:\n{lines}"


FAULTS = {
    "f() if c else f()\nreturn 1": "DC0040",
    "f() if c else abort(Error.BAD)\nreturn 1": "DC0040",
    "abort(Error.BAD) if c else abort(Error.BAD)": "DC0040",
    "abort(Error.BAD) if c else f()\nreturn 1": "DC0040",
    "require(c, Error.BAD) if c else require(c, Error.BAD)\nreturn 1": "DC0040",
    "ws.put(W(k=1, v=1)) if c else ws.delete(1)\nreturn 1": "DC0040",
    "x = abort(Error.BAD) if c else 1\nreturn x": "DC0040",
    "x = [f()]\nreturn 1": "DC0040",
    "return len([abort(Error.BAD)])": "DC0040",
    "for x in [f()]:\n    pass\nreturn 1": "DC0040",
    "x = {1: f()}\nreturn 1": "DC0040",
    "x = (f(), 1)\nreturn 1": "DC0040",
    "require(c, Error.BAD, f())\nreturn 1": "DC0040",
    "require(c, Error.BAD, abort(Error.BAD))\nreturn 1": "DC0040",
    "require(c, Error.BAD, None)\nreturn 1": "DC0051",
    "abort(Error.BAD, None)": "DC0051",
    "x = [None]\nreturn 1": "DC0051",
    "x = (None, 1)\nreturn 1": "DC0051",
    "x = {1: None}\nreturn 1": "DC0051",
    "y = None if c else None\nreturn 1": "DC0051",
    "return 1 if None is None else 2": "DC0051",
    "return expect(None, Error.BAD)": "DC0051",
    "return 1 if None in [None] else 2": "DC0051",
    "return None.x": "DC0047",
    "x: None = None\nreturn 1": "DC0022",
    "x: None = f()\nreturn 1": "DC0022",
    "x: list[None] = []\nreturn 1": "DC0022",
    "x: dict[Int, None] = {}\nreturn 1": "DC0022",
    "x: tuple[Int, None] = (1, None)\nreturn 1": "DC0022",
}


@pytest.mark.parametrize("body", FAULTS)
def test_what_has_no_value_is_refused_once(body: str) -> None:
    with pytest.raises(CompileError) as failure:
        compile_source(source(body), "case.py")
    assert [item.code for item in failure.value.diagnostics] == [FAULTS[body]], failure.value


@pytest.mark.parametrize(
    "line",
    [
        "class R(Record):\n    x: None",
        "v: Var[None] = Var(None, compartment=PUBLIC)",
        "m: Map[Int, None] = Map(compartment=PUBLIC)",
        "def g(x: None) -> None:\n    pass",
        "def g() -> list[None]:\n    return []",
    ],
)
def test_none_alone_is_no_type_of_a_value(line: str) -> None:
    with pytest.raises(CompileError) as failure:
        compile_source(f"{HEAD}\n{line}\n", "case.py")
    assert "DC0022" in {item.code for item in failure.value.diagnostics}


@pytest.mark.parametrize("backend", ["vm", "python"])
def test_a_none_takes_its_type_from_its_place(backend: Literal["vm", "python"]) -> None:
    body = """x: list[Int | None] = [None, 1]
y: tuple[Int | None, Int] = (None, 2)
d: dict[Int, Int | None] = {1: None}
n: Int | None = None if c else None
m: Int | None = None if c else 5
f()
return len(x) + len(d) + y[1] + (0 if n is None else 10) + (0 if m is None else m)"""
    chain = Chain(backend_name=backend)
    chain.deploy(compile_source(source(body), "case.py"), 1)
    bank = chain.party("bank", "MEMBER")
    assert [chain.call(bank, "case", "go", c=c) for c in (True, False)] == [5, 10]


@pytest.mark.parametrize("type_", [NONE, NOTHING, UNKNOWN, ListType(NONE), ListType(UNKNOWN)])
def test_what_slips_through_is_told_and_goes_no_further(type_: Type) -> None:
    function = Function("case", "go", (), INT, "helper", START)
    function.body = (Assign(START, "x", Expr("list", type_, START)),)
    reporter = Reporter(Source("case.py", ""))
    check_values(function, reporter)
    assert [item.code for item in reporter.diagnostics] == ["DC0051"]
    function.body = ()
    function.locals["x"] = type_
    check_values(function, reporter := Reporter(Source("case.py", "")))
    assert [item.code for item in reporter.diagnostics] == ["DC0051"]
