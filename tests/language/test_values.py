"""What becomes of a value where types of several sizes meet: the same on both backends.

Each body stands in one query. Beside it stands what Python gives for the same text, or
the name of the trap where a value does not fit its place or is not there.
"""

from __future__ import annotations

import pytest

from daicho.compiler import Artefact, CompileError, compile_source
from daicho.testing import Aborted, Chain

HEAD = """from daicho.contract import (
    ANY_ROLE, EXACT, I8, PUBLIC, U8, U64, U128, Annotated, Code, Decimal, Digits, Int, Key, Map,
    MaxLen, Row, Str, Table, attempt, entry, expect, random, require,
)
edition = 1


class Error(Code):
    BAD = 1001


Short = Annotated[Str, MaxLen(3)]


class Point(Row):
    id: Key[Int]
    value: Int


class Spot(Row):
    id: Key[U8]
    name: Key[Short]
    value: Int


spots = Table(Spot, compartment=PUBLIC)
points = Table(Point, compartment=PUBLIC)
stored: Map[U8, Int] = Map(compartment=PUBLIC)


"""


def compiled(body: str) -> Artefact:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{HEAD}@entry(roles=ANY_ROLE)\ndef run() -> Int:\n{lines}"
    return compile_source(text, "values.py")


def outcomes(body: str) -> list[object]:
    """What the body gives on each backend; a trap is its name."""
    artefact, found = compiled(body), list[object]()
    for backend in ("vm", "python"):
        chain = Chain(backend_name=backend)
        chain.deploy(artefact, 1)
        try:
            found.append(chain.call(chain.party("bank", "MEMBER"), "values", "run"))
        except Aborted as failure:
            found.append(failure.code)
    return found


def told(body: str) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as caught:
        compiled(body)
    return [(item.code, item.hint) for item in caught.value.diagnostics]


TARGETS = {
    "i: U8 = 7\nfor i in range(3):\n    pass\nreturn i": 2,
    "i: U8 = 7\nfor i in range(300):\n    pass\nreturn i": "OVERFLOW",
    "i: Int | None = None\ns = 0\nfor i in range(3):\n    s += i\nreturn s": 3,
    "i: Int = 7\nxs: list[U8] = [1, 2]\nfor i in xs:\n    pass\nreturn i": 2,
    "i: Int | None = None\nxs: list[U8] = [1, 2]\ns = 0\nfor i in xs:\n    s += i\nreturn s": 3,
    "k: U8 = 7\nv = 9\nd: dict[Int, U8] = {1: 2, 3: 4}\nfor k, v in d.items():\n    pass\n"
    "return k * 10 + v": 34,
    "s = 'a'\nxs: list[Short] = ['b']\nfor s in xs:\n    s = s + 'longer'\nreturn len(s)": 7,
    "s: Short = 'a'\nfor s in ['b', 'longer']:\n    pass\nreturn len(s)": "LENGTH",
    "i: U8 = 7\nwith attempt() as tried:\n    for i in range(3):\n"
    "        require(i < 1, Error.BAD)\nreturn i": 7,
}


@pytest.mark.parametrize("body", TARGETS)
def test_a_target_of_a_loop_is_assigned_as_any_local_is(body: str) -> None:
    assert outcomes(body) == [TARGETS[body]] * 2


def test_a_target_of_a_loop_keeps_its_kind() -> None:
    body = "name = 'a'\nfor name in range(3):\n    pass\nreturn 1"
    assert told(body) == [("DC0040", "choose another name: `name` has a type already")]


@pytest.mark.parametrize("step", [1 << 63, -(1 << 63) - 1, 10**20, -(10**20)])
def test_a_step_of_a_range_may_be_wider_than_64_bits(step: int) -> None:
    start, stop = (0, 10) if step > 0 else (10, 0)
    body = f"n = 0\nfor i in range({start}, {stop}, {step}):\n    n += i + 1\nreturn n"
    assert outcomes(body) == [start + 1] * 2


@pytest.mark.parametrize("form", ["len({{{}: 1}})", "len({{1: {}}})"])
def test_maps_within_maps_are_checked_once(form: str) -> None:
    """Thirty levels: checked twice each, they would take hours."""
    text = "1"
    for _ in range(30):
        text = form.format(text)
    assert outcomes(f"return {text}") == [1, 1]


def test_a_tag_is_checked_once() -> None:
    text = "random('a')"
    for _ in range(18):
        text = f"random('a' if {text} == random('b') else 'b')"
    assert outcomes(f"return len([{text}])") == [1, 1]


NONE_IN_A_MAP = "d: dict[Int, Int | None] = {1: None, 2: 7}\n"
OPTIONALS = {
    "return 1 if d.get(1) is None else 2": 1,
    "return 1 if d.get(3) is None else 2": 1,
    "found = d.get(2)\nreturn 0 if found is None else found": 7,
    "return expect(d.get(2), Error.BAD)": 7,
    "return expect(d.get(1), Error.BAD)": "BAD",
    "return expect(d.get(3), Error.BAD)": "BAD",
    "found: Int | None = d.get(1)\nreturn 1 if found == d.get(3) else 2": 1,
    "return 1 if 1 in d and d[1] is None else 2": 1,
}


@pytest.mark.parametrize("body", OPTIONALS)
def test_none_in_a_map_is_none(body: str) -> None:
    assert outcomes(NONE_IN_A_MAP + body) == [OPTIONALS[body]] * 2


NARROW = (
    "x, big, huge = 300, 400, U128(1 << 126) * 3\n"
    "u, small, wide = U8(4), I8(-128), U64(5)\n"
    "xs: list[U8] = [1, 44]\nd: dict[U8, Int] = {1: 2, 44: 3}\n"
    "names: list[Short] = ['abc']\nlong = 'abcd'\nhere: list[U8 | None] = [44, None]\n"
    "n: Annotated[Decimal, Digits(38, 0)] = Decimal('99999999999999999999999999999999999999')\n"
    "half = Decimal('0.5')\n"
)
TESTS = {
    "x in stored": False,
    "stored.get(x) is None": True,
    "(x, long) in spots": False,
    "(x - 256, long) in spots": False,
    "(x - 256, long[0:3]) in spots": True,
    "spots.get(x, 'abc') is None": True,
    "x in xs": False,
    "x not in xs": True,
    "x - 256 in xs": True,
    "1 - 2 in xs": False,
    "x in d": False,
    "x - 256 in d": True,
    "d.get(x) is None": True,
    "d.get(-x) is None": True,
    "expect(d.get(x - 256), Error.BAD) == 3": True,
    "x in (u, u)": False,
    "x in (u, 300)": True,
    "4 in (u, big)": True,
    "u in (1, 2, 300)": False,
    "u in (x, x - 296)": True,
    "here[0] == x": False,
    "x != here[0]": True,
    "here[0] == x - 256": True,
    "here[1] == x": False,
    "long in names": False,
    "long[0:3] in names": True,
    "huge > -1": True,
    "-1 < huge": True,
    "huge == -1": False,
    "huge < -1": False,
    "huge > wide": True,
    "wide >= huge": False,
    "min(huge, wide) == 5": True,
    "max(wide, huge) == huge": True,
    "huge in (wide, huge)": True,
    "n == half": False,
    "half != n": True,
    "n > half": True,
    "half > n": False,
    "-n < half": True,
    "half <= -n": False,
    "abs(small) == 128": True,
    "abs(small) == -small": True,
}


@pytest.mark.parametrize("test", TESTS)
def test_a_comparison_says_what_python_says(test: str) -> None:
    body = f"{NARROW}spots.put(Spot(id=44, name='abc', value=9))\nreturn 1 if {test} else 0"
    assert outcomes(body) == [int(TESTS[test])] * 2


PARTED = ("u128 < n", "n == u128", "u128 in (n, n)", "n in (u128, u128)", "min(u128, n) == u128")


@pytest.mark.parametrize("test", PARTED)
def test_u128_is_not_compared_with_what_has_a_sign(test: str) -> None:
    found = told(f"u128, n = U128(1), 2\nreturn 1 if {test} else 0")
    assert [code for code, _ in found] == ["DC0110"]
    assert "Int(" in found[0][1]


DELETED = {
    "d = {1: 2, 3: 4}\ndel d[3]\nreturn len(d)": 1,
    "d = {1: 2, 3: 4}\ndel d[2]\nreturn len(d)": "KEY",
    "d = {1: 2}\ndel d[1]\ndel d[1]\nreturn len(d)": "KEY",
    "stored[1] = 2\ndel stored[1]\nreturn 1 if 1 in stored else 0": 0,
    "del stored[1]\nreturn 0": "MISSING",
    "stored[1] = 2\ndel stored[1]\ndel stored[1]\nreturn 0": "MISSING",
    "with attempt() as tried:\n    del stored[1]\nreturn 1 if tried.ok else 0": 0,
    "points.delete(1)\nreturn 0": 0,
}


@pytest.mark.parametrize("body", DELETED)
def test_del_is_of_what_is_there(body: str) -> None:
    assert outcomes(body) == [DELETED[body]] * 2
