"""At a limit a contract compiles and the ledger takes it; one over it, the compiler says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daicho.compiler import CompileError, Ids, compile_path, compile_source
from daicho.testing import Chain

HEAD = """from daicho.contract import (
    ANY_ROLE, PUBLIC, Annotated, Bool, Code, Event, Int, Key, Map, MaxLen, Party, Record, Row, Str,
    Table, Var, emit, entry, export, party, require, sender,
)

edition = 1


class Error(Code):
    BAD = 1001

"""
IDS = Ids({"case": 1, **{f"x{number}": number + 2 for number in range(70)}})


def body(text: str) -> str:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return f"{HEAD}\n@entry(roles=ANY_ROLE)\ndef go(c: Bool) -> Int:\n{lines}    return 1\n"


def elses(count: int) -> str:
    """Branches within the first arms of branches that have another arm each."""
    heads = "".join(f"{'    ' * level}if c:\n" for level in range(count))
    tails = "".join(
        f"{'    ' * level}elif not c:\n{'    ' * level}    pass\n"
        for level in reversed(range(count))
    )
    return body(f"{heads}{'    ' * count}pass\n{tails}")


def depth(open_: str, close: str) -> Callable[[int], str]:
    return lambda count: body(f"x = {open_ * (count - 1)}1{close * (count - 1)}")


def record(count: int) -> str:
    fields = "".join(f"    a{number}: Int\n" for number in range(count))
    used = "def f(r: R) -> R:\n    return r\n"
    return f"{body('pass')}\nclass R(Record):\n{fields or '    pass'}\n{used}"


def addressees(count: int) -> str:
    to = "party(E.a), " * count
    return f"{HEAD}\nclass E(Event):\n    a: Party\n" + (
        f"@entry(roles=ANY_ROLE)\ndef go() -> None:\n    emit(E(a=sender()), to=({to}))\n"
    )


def callers(count: int) -> str:
    names = "".join(f'"x{number}", ' for number in range(count))
    return f"{HEAD}\n@export(callers=({names}))\ndef go() -> None:\n    pass\n"


def keys(count: int) -> str:
    columns = "".join(f"    k{number}: Key[Int]\n" for number in range(count))
    return (
        f"{body('pass')}\nclass R(Row):\n{columns}    v: Int\nts = Table(R, compartment=PUBLIC)\n"
    )


def initial(count: int) -> str:
    text = f'v: Var[Annotated[Str, MaxLen(65536)]] = Var("{"a" * count}", compartment=PUBLIC)\n'
    return f"{HEAD}\n{text}\n@entry(roles=ANY_ROLE)\ndef go() -> Int:\n    return len(v.get())\n"


LIMITS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "blocks": (elses, 30, "DC0080"),
    "lists": (depth("[", "]"), 13, "DC0080"),
    "tuples": (depth("(", ",)"), 13, "DC0080"),
    "dicts": (depth("{1: ", "}"), 13, "DC0080"),
    "items": (lambda count: body(f"x = ({'1, ' * count})"), 255, "DC0080"),
    "items of a type": (
        lambda count: (
            f"{body('pass')}\nT = tuple[{'Int, ' * count}]\n\ndef f(x: T) -> None:\n    pass\n"
        ),
        255,
        "DC0080",
    ),
    "details": (lambda count: body(f"require(c, Error.BAD{', 1' * count})"), 16, "DC0080"),
    "text": (lambda count: body(f'x = "{"a" * count}"'), 65_532, "DC0044"),
    "bytes": (lambda count: body(f'x = b"{"a" * count}"'), 65_532, "DC0044"),
    "letters of three bytes": (lambda count: body(f'x = "{"円" * count}"'), 21_844, "DC0044"),
    "initial value": (initial, 65_532, "DC0044"),
    "fields": (record, 255, "DC0080"),
    "addressees": (addressees, 16, "DC0080"),
    "callers": (callers, 64, "DC0080"),
    "key columns": (keys, 16, "DC0080"),
}


def codes_of(text: str, name: str = "case.py", imports: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(CompileError) as failure:
        compile_source(text, name, imports, IDS)
    return [item.code for item in failure.value.diagnostics]


@pytest.mark.parametrize("name", LIMITS)
def test_at_a_limit_it_is_deployed_and_over_it_refused(name: str) -> None:
    make, most, code = LIMITS[name]
    Chain().deploy(compile_source(make(most), "case.py", ids=IDS), 1)
    assert codes_of(make(most + 1)) == [code]


def test_what_has_nothing_in_it_is_refused() -> None:
    assert codes_of(record(0)) == ["DC0026"]
    assert codes_of(record(0).replace("R(Record)", "R(Event)")) == ["DC0026"]
    assert codes_of(body("x = ()")) == ["DC0006"]
    assert codes_of(body("x: tuple[()] = c")) == ["DC0022"]


def test_a_constant_that_is_too_large_is_told_where_it_is_used() -> None:
    """Members of a tuple are asked for one after the other: as many as one likes."""
    items = f"{HEAD}\nXS = ({'1, ' * 256})\n"
    Chain().deploy(compile_source(items + body("c = 1 in XS")[len(HEAD) :], "case.py"), 1)
    user = f"from other import XS\n{body('x = XS')}"
    with pytest.raises(CompileError) as failure:
        compile_source(user, "case.py", {"other": items}, IDS)
    (found,) = failure.value.diagnostics
    assert (found.code, user.splitlines()[found.span.line - 1]) == ("DC0080", "    x = XS")


@pytest.mark.parametrize("levels", [3, 12])
def test_names_for_tuples_of_tuples_do_not_multiply(levels: int) -> None:
    """A few names could else stand for a type that nobody can walk through."""
    wide = ", ".join(["T{}"] * 200)
    names = [
        f"T{level} = tuple[{wide.replace('{}', str(level - 1))}]" for level in range(1, levels)
    ]
    text = "\n".join([HEAD, f"T0 = tuple[{', '.join(['Int'] * 200)}]", *names, "\n"])
    assert set(codes_of(text + body("pass")[len(HEAD) :])) == {"DC0080"}
    values = "".join(f"x{level} = ({f'x{level - 1}, ' * 200})\n" for level in range(1, levels))
    assert set(codes_of(body(f"x0 = ({'1, ' * 200})\n{values}"))) == {"DC0080"}


@pytest.mark.parametrize("name", ["a" * 65, "é", "1st", "a-b", ""])
def test_a_contract_has_a_name_that_the_ledger_takes(name: str, tmp_path: Path) -> None:
    assert codes_of(body("pass"), f"{name}.py") == ["DC0073"]
    path = tmp_path / f"{name}.py"
    path.write_text(body("pass"))
    with pytest.raises(CompileError, match="DC0073"):
        compile_path(path)
    Chain().deploy(compile_source(body("pass"), f"{'a' * 64}.py"), 1)


def test_so_has_one_that_is_imported() -> None:
    text = f"from é import f\n{body('f()')}"
    other = f"{HEAD}\ndef f() -> None:\n    pass\n"
    assert "DC0073" in codes_of(text, imports={"é": other})


def test_a_failure_code_has_one_name_in_all_that_is_compiled_in() -> None:
    one = body("require(c, Error.BAD)\nrequire(c, Other.WORSE)")
    assert codes_of(f"{one}\nclass Other(Code):\n    WORSE = 1001\n") == ["DC0028"]
    other = f"{HEAD}\ndef f(c: Bool) -> None:\n    require(c, Error.BAD)\n"
    text = "from other import f\n" + body("f(c)\nrequire(c, Error.BAD)")
    Chain().deploy(compile_source(text, "case.py", {"other": other}, IDS), 1)
    assert codes_of(text, imports={"other": other.replace("BAD", "WORSE")}) == ["DC0028"]
