"""The parts of a statement are worked out in Python's order: held against CPython itself.

Each statement calls functions that write their mark down. The same text runs on the
machine, rewritten to Python, and as it stands in CPython, where everything else that
it names is a mock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from unittest.mock import MagicMock

import pytest

from daicho.compiler import Artefact, compile_source
from differential.compare import Backend, machine, python
from differential.literals import GENESIS_US

HEAD = '''"""Functions that write down that they were called, and in what order."""

from daicho.contract import (
    ACT_360, ANY_ROLE, DOWN, EXACT, LARGEST_REMAINDER, PUBLIC, Annotated, Bool, Code, Date,
    Decimal, Digits, Duration, Event, Feed, Hash, Holdings, Index, Int, Key, Map, MaxLen, Money,
    Party, Row, Str, Table, Timestamp, Var, abort, allocate, attempt, days, digest, emit, entry,
    expect, muldiv, now, oracle, party, random, require, scheduled, seconds, sender, year_fraction,
)

edition = 1


class Failure(Code):
    MARKED = 1001


class JPY(Money, scale=0): ...


class Thing(Row):
    id: Key[Int]
    part: Key[Int]
    value: Int
    other: Int


class Balance(Row):
    bank: Key[Party]
    place: Key[Int]
    free: JPY


class Said(Event):
    what: Int
    why: Int


Marks = Annotated[list[Int], MaxLen(99)]
things = Table(Thing, compartment=PUBLIC)
by_value = Index(things, Thing.value, Thing.other)
balances = Holdings(Balance, per=Balance.bank, compartment=PUBLIC)
kept: Map[Int, Int] = Map(compartment=PUBLIC)
single: Var[Int] = Var(0, compartment=PUBLIC)
marks: Map[Int, Int] = Map(compartment=PUBLIC)
count: Var[Int] = Var(0, compartment=PUBLIC)


def mark(n: Int) -> None:
    marks[count.get()] = n
    count.set(count.get() + 1)


def i(n: Int) -> Int:
    mark(n)
    return n


def no(n: Int) -> Bool:
    mark(n)
    return False


def yes(n: Int) -> Bool:
    mark(n)
    return True


def x(n: Int) -> Annotated[Decimal, Digits(20, 2)]:
    mark(n)
    return Decimal("0.50") * n


def y(n: Int) -> JPY:
    mark(n)
    return JPY(1) * n


def s(n: Int) -> Str:
    mark(n)
    return "abcdefgh"[n - 1]


def d(n: Int) -> Date:
    mark(n)
    return Date.of(2026, 1, 1).plus(n)


def t(n: Int) -> Timestamp:
    mark(n)
    return now() - seconds(1)


def u(n: Int) -> Duration:
    mark(n)
    return days(n)


def p(n: Int) -> Party:
    mark(n)
    return sender()


def l(n: Int) -> Marks:
    mark(n)
    return [1, 2, 3, 4]


def m(n: Int) -> dict[Int, Int]:
    mark(n)
    return {1: 2, 2: 3}


def row(n: Int) -> Thing:
    mark(n)
    return Thing(id=n, part=n, value=n, other=n)


def maybe(n: Int) -> Int | None:
    mark(n)
    return n


def three(a: Int, b: Int, c: Int) -> Int:
    mark(9)
    return a + b + c


@scheduled()
def later(a: Int, b: Int) -> None:
    mark(a + b)


def seen() -> Marks:
    found: Marks = []
    for at in range(count.get()):
        found.append(marks[at])
    return found
'''
BEFORE = """\
count.set(0)
xs: Marks = [1, 2, 3]
ks: dict[Int, Int] = {1: 2, 2: 3}
total = 5
spot = Thing(id=7, part=7, value=7, other=7)
for at in range(1, 5):
    kept[at] = at
    things.put(Thing(id=at, part=at, value=at, other=at))
    balances.issue(JPY(9), target=balances.at(sender(), at).free)
"""
STATEMENTS = """\
total = i(1) + i(2) * i(3) - i(4)
total = i(1) // i(2) % i(3)
total = i(3) ** i(2)
total = i(1) << i(2) | i(3) & i(4) ^ i(5)
total = -i(1) + abs(i(2))
total = min(i(2), i(1)) + max(i(3), i(4))
total += i(1) + i(2)
total -= i(2) * i(1)
total = total + i(1) + xs.pop()
ok = i(1) < i(2)
ok = i(2) == i(1)
ok = x(2) >= x(1)
ok = not yes(1)
ok = no(1) and yes(2)
ok = yes(1) and no(2) and yes(3)
ok = yes(1) or no(2)
ok = no(1) or no(2) or yes(3)
ok = no(1) or yes(2) and no(3) or yes(4)
total = i(1) if yes(2) else i(3)
total = i(1) if no(2) else i(3)
total = i(1) if i(2) < i(3) else i(4)
ok = i(1) in l(2)
ok = i(1) not in l(2)
ok = i(1) in [i(2), i(3)]
ok = i(1) in (i(1), i(2), i(3))
ok = i(1) not in (i(2), i(1), i(3))
ok = total in (i(5), i(2))
ok = i(1) in (1, 2)
ok = i(1) in m(2)
ok = i(1) not in m(2)
ok = s(1) in s(2) + s(3)
ok = i(1) in kept
ok = (i(1), i(2)) in things
ok = (i(1), i(2)) in things.as_of(t(3))
ok = maybe(1) is not None
total = expect(maybe(1), Failure.MARKED) + i(2)
total = three(i(1), i(2), i(3))
total = three(c=i(1), a=i(2), b=i(3))
total = three(i(1), c=i(2), b=i(3))
total = three(i(1), three(i(2), i(3), i(4)), i(5))
total = three(b=i(1), a=three(c=i(2), b=i(3), a=i(4)), c=i(5))
total = muldiv(i(1), i(2), i(3), DOWN)
total = muldiv(c=i(1), a=i(2), b=i(3), rounding=DOWN)
total = muldiv(i(1), rounding=DOWN, c=i(2), b=i(3))
part = year_fraction(d(1), d(2), ACT_360, scale=9, rounding=DOWN)
part = year_fraction(end=d(1), start=d(2), basis=ACT_360, scale=9, rounding=DOWN)
part = x(1).div(x(2), scale=3, rounding=DOWN)
part = x(1).div(rounding=DOWN, scale=3, divisor=i(2))
part = x(1) * i(2) + x(3)
total = (x(1) * i(2)).to_int(DOWN) + i(3)
fee = y(1) + y(2) * i(3)
fee = JPY.of(x(2) * i(1), DOWN) + y(3)
day = d(1).plus(i(2)).plus_months(i(3))
total = d(1).days_since(d(2))
day = Date.of(i(1) + 2000, i(2), i(3))
when = t(1) + u(2) - u(3)
gap = t(1) - t(2)
gap = u(1) * i(2)
text = s(1) + s(2) + str(i(3))
text = (s(1) + s(2) + s(3))[i(1):i(2)]
total = (s(1) + s(2)).find(s(3))
ok = (s(1) + s(2)).startswith(s(3))
total = l(1)[i(2)]
total = l(1)[-1] + l(2)[-4] * i(3)
xs[-1] = i(1) + xs[-3]
total = m(1)[i(2)]
found = m(1).get(i(2))
cut = l(1)[i(2) - 2 : i(3)]
both = l(1) + l(2)
made: list[Int] = [i(1), i(2), i(3)]
pairs: dict[Int, Int] = {i(1): i(2), i(3): i(4)}
a, b = i(1), i(2)
b, a = i(1), i(2)
xs[i(1)] = i(2)
xs[i(1) - i(1)] = xs[i(2)]
ks[i(1)] = i(2)
kept[i(1)] = i(2)
kept[i(1)] = kept[i(2)] + i(3)
del xs[i(1)]
del ks[i(1)]
del kept[i(1)]
xs.append(i(1))
xs.extend(l(1))
xs.insert(i(1), i(2))
spot = Thing(id=i(1), part=i(2), value=i(3), other=i(4))
spot = Thing(other=i(1), value=i(2), part=i(3), id=i(4))
spot = row(1).replace(other=i(2), id=i(3), value=i(4))
spot = row(1).replace(id=i(2), part=i(3), other=i(4))
things.put(Thing(other=i(1), value=i(2), part=i(3), id=i(4)))
things.insert(Thing(part=i(11), id=i(12), other=i(13), value=i(14)))
things.update(Thing(value=i(1), part=i(2), id=i(2), other=i(3)))
things.put(row(1).replace(value=i(2)))
spot = things[i(1), i(1)]
spot = things.as_of(t(1))[i(2), i(2)]
gone = things.get(i(1), i(2))
gone = things.as_of(t(1)).get(i(2), i(3))
before = things.as_of(t(1)).scan(i(2))
rows = things.scan(i(1), lo=i(2), hi=i(3), limit=i(4))
rows = things.scan(i(1), limit=i(2), hi=i(3), lo=i(4))
rows = things.as_of(t(1)).scan(i(2), limit=i(3), lo=i(4))
rows = things.scan(i(1), limit=i(2), after=row(1))
rows = things.scan(after=row(1), limit=i(2))
rows = by_value.scan(i(1), limit=i(2), hi=i(3), lo=i(4))
rows = by_value.as_of(t(1)).scan(i(2), hi=i(3), lo=i(4))
things.delete(i(1), i(1))
single.set(i(1) + i(2))
balances.issue(y(1), target=balances.at(p(2), i(3)).free)
balances.redeem(y(1), source=balances.at(p(2), i(3)).free)
balances.move(y(1), source=balances.at(p(2), i(3)).free, target=balances.at(p(4), i(5)).free)
balances.move(y(1), target=balances.at(p(2), i(3)).free, source=balances.at(p(5), i(4)).free)
emit(Said(why=i(1), what=i(2)), to=(PUBLIC,))
require(yes(1), Failure.MARKED, i(2), i(3))
timer = later.at(t(1), i(2), i(3))
timer = later.at(t(1), b=i(2), a=i(3))
total = digest(s(1).encode()).below(i(2))
total = random(s(1)).below(i(2))
shares = allocate(y(4), [i(1), i(2)], LARGEST_REMAINDER)
three(kept[i(1)], kept[i(2)], c=things[i(3), i(3)].value)
for at in range(i(1), i(3)): three(at, i(2), i(4))
for at in (i(3), i(1), i(2)): mark(at)
while i(1) < total and no(2): pass
""".splitlines()


class Names(dict[str, object]):
    """The names that CPython finds: marks are written down, the rest is mocked."""

    def __init__(self, marks: list[int]) -> None:
        super().__init__(range=range, abs=abs, min=min, max=max, str=str)
        self.marks = marks
        for name, make in VALUES.items():
            self[name] = self._marking(make)
        self["mark"] = self._marking(lambda _: None)
        self["three"] = self._three

    def __missing__(self, name: str) -> object:
        self[name] = MagicMock(name=name)
        return self[name]

    def _marking(self, make: Callable[[int], object]) -> Callable[[int], object]:
        def marked(n: int) -> object:
            self.marks.append(n)
            return make(n)

        return marked

    def _three(self, a: int, b: int, c: int) -> int:
        self.marks.append(9)
        return 6


def _anything(_: int = 0) -> MagicMock:
    """A value that can be reckoned with and compared."""
    made = MagicMock()
    for name in ("add", "sub", "mul"):
        getattr(made, f"__{name}__").side_effect = lambda _: _anything()
    made.__ge__.return_value = True
    return made


VALUES: dict[str, Callable[[int], object]] = {
    "i": lambda n: n,
    "maybe": lambda n: n,
    "no": lambda _: False,
    "yes": lambda _: True,
    "s": lambda n: "abcdefgh"[n - 1],
    "l": lambda _: [1, 2, 3, 4],
    "m": lambda _: {1: 2, 2: 3},
    **dict.fromkeys(("x", "y", "d", "t", "u", "p", "row"), _anything),
}


def in_cpython(statement: str) -> list[int]:
    """The marks that CPython leaves."""
    marks: list[int] = []
    names = Names(marks)
    names |= {"xs": [1, 2, 3], "ks": {1: 2, 2: 3}, "total": 5}
    exec(statement, {"__builtins__": {}}, names)
    return marks


def compiled() -> Artefact:
    """Every statement in an entry of its own."""
    text = [HEAD]
    for number, statement in enumerate(STATEMENTS):
        body = "".join(f"    {line}\n" for line in (*BEFORE.splitlines(), statement))
        head = f"@entry(roles=ANY_ROLE)\ndef run{number}() -> Marks:\n"
        text.append(f"\n\n{head}{body}    return seen()\n")
    return compile_source("".join(text), "orders.py")


def outcomes(backend: Backend, artefact: Artefact) -> list[object]:
    """The marks of each entry, or the code of its failure."""
    found: list[object] = []
    for number, statement in enumerate(STATEMENTS):
        call = {
            "contract": 5,
            "entry": number + 1,
            "arguments": b"",
            "sender": (bytes(16), 2),
            "cosigners": [],
            "tx_id": number.to_bytes(32, "big"),
            "gas_limit": 5_000_000,
        }
        time = GENESIS_US + (number + 1) * 1_000_000
        outcome = backend.block(time, [call], [], 0, bytes(32))[0]
        assert outcome["code"] == 0, (statement, outcome)
        found.append(artefact.abi.decode_result(f"run{number}", outcome["result"]))
    return found


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    return compiled()


@pytest.mark.parametrize("backend", [machine, python], ids=["machine", "rewritten"])
def test_the_order_is_cpythons(artefact: Artefact, backend: Callable[[Artefact], Backend]) -> None:
    """Operators, comparisons, calls, keywords, records, assignments, storage, movements."""
    wrong = [
        f"{statement}: {list(found)}, CPython {marks}"
        for statement, found in zip(STATEMENTS, outcomes(backend(artefact), artefact), strict=True)
        if list(found) != (marks := in_cpython(statement))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_marks_of_cpython_are_those_of_a_known_statement() -> None:
    """What is held against is not empty: most statements leave several marks, not in order."""
    assert in_cpython("xs[i(1)] = i(2)") == [2, 1]
    assert in_cpython("total = three(c=i(1), a=i(2), b=i(3))") == [1, 2, 3, 9]
    assert all(in_cpython(statement) for statement in STATEMENTS)
    pairs = [itertools.pairwise(in_cpython(statement)) for statement in STATEMENTS]
    assert sum(any(first > second for first, second in pair) for pair in pairs) >= 10


FROM_THE_END = """\
xs = [5, 6, 7, 8]
text = "abcd" + "e"
xs[-1] = 9
del xs[-3]
found = [xs[-1], xs[-2], xs[-3], [1, 2, 3][-2], ord(text[-1]), ord((text + "f")[-6]), b"xyz"[-2]]
"""


@pytest.mark.parametrize("backend", [machine, python], ids=["machine", "rewritten"])
def test_an_index_below_0_counts_from_the_end_as_in_cpython(
    backend: Callable[[Artefact], Backend],
) -> None:
    body = "".join(f"    {line}\n" for line in FROM_THE_END.splitlines())
    head = "@entry(roles=ANY_ROLE)\ndef run() -> Annotated[list[Int], MaxLen(9)]:\n"
    past = "@entry(roles=ANY_ROLE)\ndef past(xs: Annotated[list[Int], MaxLen(2)]) -> Int:\n"
    text = f"{HEAD}\n\n{head}{body}    return found\n\n\n{past}    return xs[-2]\n"
    made = compile_source(text, "ends.py")
    names: dict[str, object] = {}
    exec(FROM_THE_END, names)
    call = {
        "contract": 5,
        "entry": 1,
        "arguments": b"",
        "sender": (bytes(16), 2),
        "cosigners": [],
        "tx_id": bytes(32),
        "gas_limit": 5_000_000,
    }
    chain = backend(made)
    outcome = chain.block(GENESIS_US + 1, [call], [], 0, bytes(32))[0]
    assert made.abi.decode_result("run", outcome["result"]) == names["found"]
    short = call | {"entry": 2, "arguments": made.abi.encode_arguments("past", {"xs": [1]})}
    assert chain.block(GENESIS_US + 2, [short], [], 0, bytes(32))[0]["name"] == "INDEX"


def test_a_choice_among_a_thousand_computed_values_compiles() -> None:
    members = ", ".join(f"i({n})" for n in range(1_000))
    text = f"{HEAD}\n\ndef many() -> Bool:\n    return i(1) in ({members})\n"
    assert compile_source(text, "many.py").data
