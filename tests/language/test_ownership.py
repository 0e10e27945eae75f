"""Lists and maps are values: what Python would show under another name does not compile.

A piece that is refused says where by `# E`. A piece that compiles gives on both backends what
the same lines give in plain Python, where lists and maps are objects.
"""

from __future__ import annotations

from textwrap import indent
from types import SimpleNamespace

import pytest

from daicho.compiler import Artefact, CompileError, compile_source
from daicho.testing import Chain

HEAD = """from daicho.contract import (
    ANY_ROLE, PUBLIC, Annotated, Code, Int, Map, MaxLen, Record, attempt, entry, expect, require,
)

edition = 1
Few = Annotated[list[Int], MaxLen(9)]
XS: list[Int] = [1]
stored: Map[Int, Few] = Map(compartment=PUBLIC)


class Error(Code):
    BAD = 1001


class Box(Record):
    x: list[Int]


"""
HELPERS = """def doubled(xs: list[Int]) -> list[Int]:
    made: list[Int] = []
    for x in xs:
        made.append(x * 2)
    return made

def same(xs: list[Int]) -> list[Int]:
    return xs

def sometimes(xs: list[Int]) -> list[Int]:
    if len(xs) > 9:
        return xs
    return [1]

def put_in(xs: list[Int]) -> list[list[Int]]:
    return [xs]

def boxed(xs: list[Int]) -> Box:
    return Box(x=xs)

def own_or_new(n: Int) -> list[Int]:
    mine = [n]
    mine.append(n)
    return mine if n > 0 else list(mine)

def above(xs: list[Int]) -> list[Int]:
    return below(xs)

def below(xs: list[Int]) -> list[Int]:
    return [len(xs)]

def around(n: Int) -> list[Int]:
    return [n] if n < 1 else around(n - 1)

def size(xs: list[Int]) -> Int:
    return len(xs)

"""
REFUSED = {
    # --- a second name ---
    "a name": "xs = [1]\nys = xs\nys.append(2)  # E",
    "the first of two names": "xs = [1]\nys = xs\nxs.append(2)  # E",
    "a constant": "ys = XS\nys.append(2)  # E",
    "an item": "m = [[1]]\ny = m[0]\ny.append(2)  # E",
    "an item that is sorted": "m = [[2, 1]]\ny = m[0]\ny.sort()  # E",
    "an item whose item is set": "m = [[1]]\ny = m[0]\ny[0] = 2  # E",
    "an item whose item is deleted": "m = [[1]]\ny = m[0]\ndel y[0]  # E",
    "an item that gives its last": "m = [[1]]\ny = m[0]\nn = y.pop()  # E",
    "an item of a map": "m = {1: [1]}\ny = m[1]\ny.insert(0, 2)  # E",
    "an item of a map, a map": "m = {1: {1: 1}}\ny = m[1]\ny[2] = 2  # E",
    "an item of a map, deleted from": "m = {1: {1: 1}}\ny = m[1]\ndel y[1]  # E",
    "what get gives": "m = {1: [1]}\ny = expect(m.get(1), Error.BAD)\ny.append(2)  # E",
    "what pop gives": "xs = [1]\nm = [xs, xs]\ny = m.pop()\ny.append(2)  # E",
    "a target of a loop": "m = [[1]]\nfor y in m:\n    y.append(2)  # E",
    "a target that grows": "m = [[1]]\nfor y in m:\n    y += [2]  # E",
    "a target over a display": "xs = [1]\nfor y in [xs]:\n    xs.append(len(y))  # E",
    "a target over a map": "m = {1: [1]}\nfor k, y in m.items():\n    y.append(k)  # E",
    "unpacked": "xs = [1]\na, b = xs, 1\na.append(2)  # E",
    "unpacked, the first": "xs = [1]\na, b = xs, 1\nxs.append(2)  # E",
    "a field": "r = Box(x=[1])\ny = r.x\ny.append(2)  # E",
    "a choice": "xs = [1]\nys = xs if len(xs) > 0 else [1]\nys.append(2)  # E",
    "a choice, the first": "xs = [1]\nys = xs if len(xs) > 0 else [1]\nxs.append(2)  # E",
    "keys": "m = {1: 1}\nks = m.keys()\nm[2] = 2  # E",
    "values": "m = {1: 1}\nvs = m.values()\ndel m[1]  # E",
    # --- calls ---
    "a parameter given back": "xs = [1]\nys = same(xs)\nys.append(2)  # E",
    "a parameter given back, the first": "xs = [1]\nys = same(xs)\nxs.append(2)  # E",
    "given back on one path": "xs = [1]\nys = sometimes(xs)\nys.append(2)  # E",
    "a parameter put into a list": "xs = [1]\nys = put_in(xs)\nxs.append(2)  # E",
    "a parameter put into a record": "xs = [1]\nr = boxed(xs)\nxs.append(2)  # E",
    "a recursion": "ys = around(3)\nys.append(2)  # E",
    # --- put into another value ---
    "appended": "xs = [1]\nm: list[list[Int]] = []\nm.append(xs)\nxs.append(2)  # E",
    "inserted": "xs = [1]\nm: list[list[Int]] = []\nm.insert(0, xs)\nxs += [2]  # E",
    "extended by": "xs = [1]\nm: list[list[Int]] = []\nm.extend([xs])\nxs.append(2)  # E",
    "added": "xs = [1]\nm: list[list[Int]] = []\nm += [xs]\nxs.append(2)  # E",
    "joined": "xs = [1]\nm = [[2]] + [xs]\nxs.append(2)  # E",
    "a copy of a list of it": "xs = [1]\nm = list([xs])\nxs.append(2)  # E",
    "an item set": "xs = [1]\nm = [[2]]\nm[0] = xs\nxs.reverse()  # E",
    "an item of a map set": "xs = [1]\nm = {1: [2]}\nm[1] = xs\nxs.append(2)  # E",
    "in a list": "xs = [1]\nm = [xs]\nxs.append(2)  # E",
    "in a map": "xs = [1]\nm = {1: xs}\nxs.append(2)  # E",
    "in a tuple": "xs = [1]\nt = (xs, 1)\nxs.append(2)  # E",
    "in a record": "xs = [1]\nr = Box(x=xs)\nxs.append(2)  # E",
    "in a changed record": "xs = [1]\nr = Box(x=[2]).replace(x=xs)\nxs.append(2)  # E",
    # --- what a loop runs over ---
    "run over": "xs = [1]\nfor x in xs:\n    xs.append(x)  # E",
    "run over, set": "xs = [1]\nfor x in xs:\n    xs[0] = 3  # E",
    "run over, popped": "xs = [1]\nfor x in xs:\n    n = xs.pop()  # E",
    "keys run over": "m = {1: 1}\nfor k in m:\n    del m[k]  # E",
    "keys named run over": "m = {1: 1}\nfor k in m.keys():\n    del m[k]  # E",
    "items run over": "m = {1: 1}\nfor k, v in m.items():\n    m[k] = v + 1  # E",
    "run over two loops out": (
        "xs = [1]\nfor x in xs:\n    for y in [1]:\n        xs.append(y)  # E"
    ),
    # --- paths ---
    "on one path": "xs = [1]\nm = [[2]]\nif len(m) > 0:\n    m.append(xs)\nxs.append(2)  # E",
    "in the turn before": (
        "xs = [1]\nm: list[list[Int]] = []\nfor i in range(2):\n    xs.append(i)  # E\n"
        "    m.append(xs)"
    ),
    "in the turn before, a while": (
        "xs = [1]\nm: list[list[Int]] = []\nwhile len(m) < 2:\n    xs += [1]  # E\n    m.append(xs)"
    ),
    "before the next turn": (
        "xs = [1]\nm: list[list[Int]] = []\nfor i in range(3):\n    xs.append(i)  # E\n"
        "    if i == 1:\n        m.append(xs)\n        continue\n    xs = []"
    ),
    "before a break": (
        "xs = [1]\nm: list[list[Int]] = []\nwhile True:\n    if len(xs) > 0:\n"
        "        m.append(xs)\n        break\nxs.append(2)  # E"
    ),
    "in an attempt": "xs = [1]\nys = [2]\nwith attempt() as t:\n    ys = xs\nxs.append(2)  # E",
    "in a group": (
        "groups: dict[Int, list[Int]] = {}\nfor n in [1, 2, 3, 4]:\n    if n % 2 not in groups:\n"
        "        groups[n % 2] = []\n    group = groups[n % 2]\n    group.append(n)  # E"
    ),
}
IDIOMS = {
    "built in a loop": "xs: list[Int] = []\nfor i in range(3):\n    xs.append(i)\nreturn len(xs)",
    "built and stored at its end": (
        "xs: list[Int] = []\nm: list[list[Int]] = []\nfor i in range(3):\n    xs.append(i)\n"
        "m.append(xs)\nreturn len(m[0])"
    ),
    "built for each round": (
        "m: list[list[Int]] = []\nfor i in range(3):\n    xs = [i]\n    xs.append(i)\n"
        "    m.append(xs)\nreturn len(m) * 10 + len(m[2])"
    ),
    "begun again when full": (
        "m: list[list[Int]] = []\nxs: list[Int] = []\nfor i in range(5):\n    xs.append(i)\n"
        "    if len(xs) == 2:\n        m.append(xs)\n        xs = []\nm.append(xs)\n"
        "return len(m) * 10 + len(m[2])"
    ),
    "groups": (
        "groups: dict[Int, list[Int]] = {}\nfor n in [1, 2, 3, 4, 6]:\n"
        "    if n % 2 not in groups:\n        groups[n % 2] = []\n"
        "    group = list(groups[n % 2])\n    group.append(n)\n    groups[n % 2] = group\n"
        "return len(groups[0]) * 10 + len(groups[1])"
    ),
    "groups found": (
        "groups: dict[Int, list[Int]] = {}\nfor n in [1, 2, 3, 4, 6]:\n"
        "    found = groups.get(n % 2)\n"
        "    group: list[Int] = [] if found is None else list(found)\n"
        "    group.append(n)\n    groups[n % 2] = group\n"
        "return len(groups[0]) * 10 + len(groups[1])"
    ),
    "counts": (
        "counts: dict[Int, Int] = {}\nfor n in [1, 2, 3]:\n    found = counts.get(n % 2)\n"
        "    counts[n % 2] = 1 if found is None else found + 1\nreturn counts[0] * 10 + counts[1]"
    ),
    "a copy": "xs = [1]\nys = list(xs)\nys.append(2)\nxs.append(3)\nreturn len(xs) * 10 + ys[1]",
    "a second name that rests": "xs = [1, 2]\nys = xs\nreturn len(xs) + len(ys)",
    "one name after the other": "xs = [1]\nys = xs\nxs = [5]\nxs.append(2)\nreturn len(ys) + xs[0]",
    "a copy of a map": "m = {1: 1}\nd = dict(m)\nd[2] = 2\ndel m[1]\nreturn len(m) * 10 + len(d)",
    "a slice": "xs = [1, 2, 3]\nys = xs[1:]\nys.append(2)\nxs.pop()\nreturn len(xs) * 10 + len(ys)",
    "sorted": "xs = [2, 1]\nys = sorted(xs)\nys.append(3)\nxs[0] = 9\nreturn ys[0] * 10 + xs[0]",
    "joined lists": "xs = [1]\nys = xs + xs\nys.append(3)\nxs.append(2)\nreturn len(ys) + xs[1]",
    "grows by another": "xs = [1]\nys = [2]\nxs += ys\nys.append(3)\nxs.extend(ys)\nreturn len(xs)",
    "keys copied": "m = {1: 1, 2: 2}\nfor k in list(m):\n    del m[k]\nreturn len(m)",
    "items of a copy": "m = {1: 1}\nfor k, v in dict(m).items():\n    m[k] = v + 4\nreturn m[1]",
    "run over a copy": "xs = [1, 2]\nfor x in list(xs):\n    xs.append(x)\nreturn len(xs)",
    "changed after the loop": (
        "xs = [1, 2]\nfor x in xs:\n    if x == 1:\n        break\nxs.append(3)\nreturn len(xs)"
    ),
    "bound in the loop that runs over it": (
        "xs = [1, 2]\nfor x in xs:\n    xs = list(xs)\n    xs.append(x)\nreturn len(xs)"
    ),
    "another one changes": "xs = [1]\nys = [2]\nfor x in xs:\n    ys.append(x)\nreturn len(ys)",
    "given to a function": "xs = [1]\nn = size(xs)\nxs.append(2)\nreturn size(xs) * 10 + n",
    "what a function makes": (
        "xs = [1]\nys = doubled(xs)\nys.append(2)\nxs.append(2)\nreturn len(ys) * 10 + ys[0]"
    ),
    "a local given back": "ys = own_or_new(1)\nys.append(2)\nreturn len(ys)",
    "what a later function makes": "ys = above([3, 4])\nys.append(2)\nreturn ys[0]",
    "a choice of new ones": "xs = [1] if size([1]) > 0 else [2, 3]\nxs.append(2)\nreturn len(xs)",
    "new on both paths": (
        "xs = [1]\nys = xs\nif len(ys) > 0:\n    xs = [2, 3]\nelse:\n    xs = []\nxs.append(4)\n"
        "return len(xs) * 10 + len(ys)"
    ),
    "left on one path": (
        "xs = [1]\nm = [[2]]\nif len(m) > 9:\n    m.append(xs)\n    return len(m)\n"
        "xs.append(2)\nreturn len(xs)"
    ),
    "the outer list": "xs = [1]\nm = [xs]\nm.append([2])\nm.reverse()\nm.pop()\nreturn len(m)",
    "a row of lists": "m = [[1], [2]]\nm[0] = [3, 4]\ndel m[1]\nreturn len(m) * 10 + len(m[0])",
    "a queue": (
        "todo = [3]\nseen = 0\nwhile len(todo) > 0:\n    n = todo.pop()\n    seen += 1\n"
        "    if n > 0:\n        todo.append(n - 1)\nreturn seen"
    ),
}
LEDGER = {
    "what is stored is another one": (
        "xs: list[Int] = [1]\nstored[1] = xs\nxs.append(2)\nstored[2] = xs\nxs.append(3)\n"
        "return len(stored[1]) * 100 + len(stored[2]) * 10 + len(xs)",
        123,
    ),
    "what is read is a new one": (
        "stored[1] = [1]\nxs = stored[1]\nxs.append(2)\nys = expect(stored.get(1), Error.BAD)\n"
        "ys.append(3)\nstored[2] = ys\nys.append(4)\n"
        "return len(stored[1]) * 100 + len(ys) * 10 + len(stored[2])",
        132,
    ),
    "an attempt that fails": (
        "xs = [1]\nwith attempt() as t:\n    xs.append(2)\n    require(False, Error.BAD)\n"
        "xs.append(3)\nreturn len(xs) * 10 + xs[1]",
        23,
    ),
}


def contract(body: str) -> str:
    marked = indent(body, "    ")
    tail = "" if "return " in body else "    return 1\n"
    return f"{HEAD}{HELPERS}@entry(roles=ANY_ROLE)\ndef go() -> Int:\n{marked}\n{tail}"


def result_of(artefact: Artefact, backend: str) -> object:
    chain = Chain(backend_name=backend)
    chain.deploy(artefact, 1)
    return chain.call(chain.party("a member", "MEMBER"), "case", "go")


def plain(body: str) -> object:
    """What the lines give in Python."""
    text = f"from __future__ import annotations\n{HELPERS}def go():\n{indent(body, '    ')}\n"
    names: dict[str, object] = {"Box": SimpleNamespace}
    exec(text, names)  # the lines above
    go = names["go"]
    assert callable(go)
    return go()


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_another_name_would_show_does_not_compile(name: str) -> None:
    text = contract(REFUSED[name])
    with pytest.raises(CompileError) as caught:
        compile_source(text, "case.py")
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# E")]
    found = [(item.here.line, item.code) for item in caught.value.diagnostics]
    assert found == [(number, "DC0065") for number in marked], str(caught.value)
    assert all("list(" in item.hint for item in caught.value.diagnostics)


@pytest.mark.parametrize("name", IDIOMS)
def test_a_change_of_what_has_one_name_is_what_it_is_in_python(name: str) -> None:
    artefact = compile_source(contract(IDIOMS[name]), "case.py")
    expected = plain(IDIOMS[name])
    assert [result_of(artefact, backend) for backend in ("vm", "python")] == [expected] * 2


@pytest.mark.parametrize("name", LEDGER)
def test_a_change_of_what_is_stored_or_read(name: str) -> None:
    body, expected = LEDGER[name]
    artefact = compile_source(contract(body), "case.py")
    assert [result_of(artefact, backend) for backend in ("vm", "python")] == [expected] * 2
