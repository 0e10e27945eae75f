"""The summary of what each callable may touch: what is exact, a prefix, dynamic."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from daicho.compiler import CompileError, compile_path, compile_source, driver
from daicho.compiler.access import FORMS, KINDS, MODES, WAYS_MAX, AccessSet, access_sets
from daicho.compiler.artefact import Reader, read_sections
from daicho.compiler.diagnostics import Reporter
from daicho.compiler.step2_check.effects import check_effects
from daicho.compiler.step2_check.scope import Module

SAMPLES = Path(__file__).parent / "samples"
HEAD = """from daicho.contract import (
    ANY_ROLE, PUBLIC, Annotated, Bool, Feed, Holdings, Int, Key, Map, MaxLen, Money, Party, Row,
    Table, Timestamp, U32, Var, attempt, days, entry, height, now, oracle, party, query, random,
    sender,
)

edition = 1


class JPY(Money, scale=0): ...


class Item(Row):
    owner: Key[Party]
    number: Key[Int]
    next: Int


class Purse(Row):
    owner: Key[Party]
    group: Key[Int]
    amount: JPY


items = Table(Item, compartment=party(Item.owner))
purses = Holdings(Purse, per=Purse.group, compartment=party(Purse.owner))
counts: Map[Int, Int] = Map(compartment=PUBLIC)
last: Var[Int] = Var(0, compartment=PUBLIC)
rate: Feed[Int] = Feed(1)


def following(n: Int) -> Int:
    return n + 1


def stored(n: Int) -> Int:
    return counts[n]


"""
Lines = list[str]


def touched(body: str, parameters: str = "who: Party, n: Int, flag: Bool") -> Lines:
    """The accesses of an entry with this body."""
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"{HEAD}@entry(roles=ANY_ROLE)\ndef f({parameters}) -> None:\n{indented}"
    (made,) = compile_source(text, "a.py").accesses
    return [f"{item.table} {item.mode} {item.form}" for item in made.accesses]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        # made of arguments, context and constants
        ("x = items.get(who, n)", ["items read exact"]),
        ("x = items.get(sender(), height() + 3)", ["items read exact"]),
        ("x = (who, following(n)) in items", ["items read exact"]),
        ("m = n * 2\nif flag:\n    m = 7\nx = counts.get(m)", ["counts read exact"]),
        ("for i in range(n):\n    counts[i] = 1", ["counts write exact"]),
        ("for p in (who, sender()):\n    items.delete(p, 1)", ["items write exact"]),
        ("xs = [n, 2]\nx = counts.get(xs.pop())", ["counts read exact"]),
        ("last.set(last.get() + 1)", ["last read exact", "last write exact"]),
        (
            "items.put(Item(owner=who, number=n, next=last.get()))",
            ["items write exact", "last read exact"],
        ),
        ("x = items.as_of(now() - days(1)).get(who, n)", ["items as-of exact"]),
        # balances
        (
            "purses.move(JPY(1), source=purses.at(who, n).amount,"
            " target=purses.at(who, stored(n)).amount)",
            ["counts read exact", "purses delta exact", "purses delta dynamic"],
        ),
        # scans
        ("x = items.scan(who)", ["items read prefix"]),
        ("x = items.scan(who, lo=last.get(), limit=3)", ["items read prefix", "last read exact"]),
        ("x = items.as_of(3).scan(who, stored(n))", ["counts read exact", "items as-of dynamic"]),
        # what follows from stored state, readings, chance, attempts
        ("x = counts.get(last.get())", ["counts read dynamic", "last read exact"]),
        ("x = counts.get(stored(n))", ["counts read exact", "counts read dynamic"]),
        ("x = counts.get(random('x').below(3))", ["counts read dynamic"]),
        ("x = counts.get(oracle.read(rate, max_age=days(1)))", ["counts read dynamic"]),
        ("with attempt() as t:\n    n = 1\nx = counts.get(t.code)", ["counts read dynamic"]),
        ("with attempt() as t:\n    n = 1\nx = counts.get(n)", ["counts read dynamic"]),
        ("k = n\nwith attempt() as t:\n    k, j = 1, n\ncounts[k] = 1", ["counts write dynamic"]),
        (
            "xs = [n]\nwith attempt() as t:\n    xs.append(1)\ncounts[len(xs)] = 1",
            ["counts write dynamic"],
        ),
        (
            "xs = [n]\nwith attempt() as t:\n    j = xs.pop()\ncounts[len(xs)] = 1",
            ["counts write dynamic"],
        ),
        ("with attempt() as t:\n    k = n\n    counts[k] = 1", ["counts write exact"]),
        (
            "m = 1\nif last.get() > 0:\n    m = 2\nx = counts.get(m)",
            ["counts read dynamic", "last read exact"],
        ),
        (
            "m = 0\nwhile m < n:\n    m = m + 1\n    if last.get() == m:\n        break\n"
            "x = counts.get(m)",
            ["counts read dynamic", "last read exact"],
        ),
        (
            "a = n\nfor i in range(3):\n    x = counts.get(a)\n    a = last.get()",
            ["counts read dynamic", "last read exact"],
        ),
    ],
)
def test_forms(body: str, wanted: Lines) -> None:
    assert sorted(touched(body)) == sorted(wanted)


def test_functions_that_call_each_other_settle() -> None:
    """Odd and even, with a key that becomes dynamic on the way round."""
    text = (
        HEAD
        + """def even(n: Int, key: Int) -> Bool:
    x = counts.get(key)
    return True if n == 0 else odd(n - 1, last.get())


def odd(n: Int, key: Int) -> Bool:
    return False if n == 0 else even(n - 1, key)


@entry(roles=ANY_ROLE)
def f(n: Int) -> Bool:
    return even(n, n)
"""
    )
    (made,) = compile_source(text, "a.py").accesses
    assert list(map(str, made.accesses)) == [
        "a.counts read dynamic",
        "a.counts read exact",
        "a.last read exact",
    ]


def test_beyond_some_ways_of_knowing_nothing_is_known() -> None:
    names = [f"a{i}" for i in range(6)]
    helper = f"def g({', '.join(f'{name}: Int' for name in names)}) -> None:\n"
    helper += "    x = counts.get(a0)\n\n\n"
    calls = [
        "    g(" + ", ".join("n" if bits >> i & 1 else "last.get()" for i in range(6)) + ")\n"
        for bits in range(1, 64, 2)
    ]
    assert len(calls) > WAYS_MAX
    text = f"{HEAD}{helper}@entry(roles=ANY_ROLE)\ndef f(n: Int) -> None:\n{''.join(calls)}"
    (made,) = compile_source(text, "a.py").accesses
    assert "a.counts read dynamic" in map(str, made.accesses)


def test_the_artefact_says_what_is_printed() -> None:
    """Section 16, decoded by hand, is the printed summary by numbers."""
    artefact = compile_path(SAMPLES / "lending.py")
    reader = Reader(read_sections(artefact.data)[16])
    tables = artefact.ids.number("lending", "tables", artefact.module.stored)
    names = {(0, number): f"lending.{name}" for name, number in tables.items()}
    names[2, 1] = "cash.tokens"
    numbers = {
        kind: artefact.ids.number(
            "lending",
            {"entry": "entries", "query": "queries", "export": "exports"}.get(kind, kind),
            [item.name for item in artefact.module.functions if item.kind == kind],
        )
        for kind in KINDS
    }
    called = {
        (KINDS.index(kind), number): f"{kind} {name}"
        for kind, found in numbers.items()
        for name, number in found.items()
    }
    printed: dict[str, list[str]] = {}
    for _ in range(reader.number(4)):
        lines = printed[called[reader.number(1), reader.number(4)]] = []
        for _ in range(reader.number(4)):
            table = names[reader.number(4), reader.number(2)]
            mode, form = reader.number(1), reader.number(1)
            lines.append(f"{table} {MODES[mode]} {FORMS[form]}")
    reader.end()
    wanted = {
        f"{item.kind} {item.name}": sorted(map(str, item.accesses)) for item in artefact.accesses
    }
    assert {name: sorted(lines) for name, lines in printed.items()} == wanted


# --- the work of it ---


def calls_of(made: Callable[[], object]) -> int:
    """How many functions are called while something is made."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        made()
    finally:
        sys.setprofile(None)
    return count


def chained(count: int) -> Module:
    """Each local is what the next one was a turn before, followed in every way of knowing."""
    params = [f"p{number}" for number in range(WAYS_MAX)]
    lines = [f"    v{number} = 1" for number in range(count)]
    lines.append("    for k in range(3):")
    lines += [f"        v{number} = v{number + 1}" for number in range(count - 1)]
    lines.append(f"        v{count - 1} = stored(1)")
    calls = [
        f"    h({', '.join('stored(1)' if at == way else name for at, name in enumerate(params))})"
        for way in range(WAYS_MAX)
    ]
    typed = ", ".join(f"{name}: Int" for name in params)
    text = [f"def h({typed}) -> None:", *lines, "@entry(roles=ANY_ROLE)"]
    text += [f"def f({typed}) -> None:", *calls]
    return compile_source(HEAD + "\n".join(text) + "\n", "a.py").module


def helpers(count: int) -> Module:
    """Each helper calls the next, and a query each of them."""
    lines = ["def h0() -> Int:\n    return stored(1)"]
    lines += [f"def h{at}() -> Int:\n    return h{at - 1}()" for at in range(1, count)]
    lines += ["@query(roles=ANY_ROLE)\ndef f() -> Int:"]
    lines += [f"    h{at}()" for at in range(count)]
    return compile_source(HEAD + "\n".join(lines) + "\n    return 1\n", "a.py").module


def test_a_local_that_falls_is_asked_for_by_those_who_read_it() -> None:
    few, many = (calls_of(partial(access_sets, chained(count))) for count in (40, 160))
    assert many < 5 * few


def test_effects_are_worked_out_once_for_all_callers() -> None:
    steps: list[int] = []
    for count in (50, 200):
        module = helpers(count)
        reporter = Reporter(module.parsed.source)
        steps.append(calls_of(partial(check_effects, module, reporter)))
        assert not reporter.diagnostics
    assert steps[1] < 5 * steps[0]


def test_size_is_asked_before_access(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_module: Module) -> list[AccessSet]:
        raise AssertionError("a function that is too large was followed")

    monkeypatch.setattr(driver, "access_sets", never)
    body = f"x = {' + '.join(['n'] * 50)}\n" * 600
    with pytest.raises(CompileError, match="bytes of code"):
        touched(body)
