"""What an author writes without thinking means what it says, on both backends."""

from __future__ import annotations

import pytest

from daicho.compiler import CompileError, compile_source
from daicho.testing import Call, Chain

HEAD = """
from daicho.contract import ANY_ROLE, Bool, Code, Int, abort, attempt, entry

edition = 1


class Error(Code):
    BAD = 1001


def both(a: Int) -> tuple[Int, Int]:
    if a > 100:
        abort(Error.BAD)
    return a, a + 1


@entry(roles=ANY_ROLE)
"""


def run(body: str, argument: int | None) -> object:
    """The result of `body`, or the code it ended with, the same on both backends."""
    chain = Chain(backend_name="both")
    chain.deploy(compile_source(f"{HEAD}def go({body}", "idiom.py"))
    call = Call(chain.party("a", "MEMBER"), "idiom", "go", {"argument": argument})
    (outcome,) = chain.block([call])
    return outcome.value if outcome.ok else outcome.code


def test_a_list_of_names_takes_a_tuple_apart() -> None:
    body = "argument: Int) -> Int:\n    [x, y] = both(argument)\n    return x * 10 + y\n"
    assert run(body, 4) == 45
    assert run(body, 101) == "BAD"


def test_what_counts_down_stays_a_number_in_a_loop() -> None:
    body = """argument: Int | None) -> Int:
    if argument is None:
        return -1
    left, total = argument, 0
    while argument > 0:
        total += argument
        argument -= 1
    return left * 100 + total
"""
    assert run(body, 4) == 410
    assert run(body, None) == -1


def test_an_attempt_says_which_failure_it_was() -> None:
    body = """argument: Int) -> Bool:
    with attempt() as tried:
        both(argument)
    return tried.code == Error.BAD.value
"""
    assert run(body, 101) is True
    assert run(body, 1) is False


def test_what_gives_nothing_may_return_none() -> None:
    body = """argument: Int) -> None:
    if argument > 0:
        return None
    abort(Error.BAD)
"""
    assert run(body, 1) is None
    assert run(body, 0) == "BAD"


OTHERS = {
    "other": """
from daicho.contract import Code, Int, require

edition = 1


class OtherError(Code):
    NOT_POSITIVE = 1001


def positive(n: Int) -> Int:
    require(n > 0, OtherError.NOT_POSITIVE)
    return n
"""
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("class Second(Code):\n    WORSE = 1001\n\n\ndef go(n: Int) -> None:\n"
         "    if n > 0:\n        abort(Error.BAD)\n    abort(Second.WORSE)\n",
         "1001 is BAD in case and WORSE in case"),
        ("from other import positive\n\n\ndef go(n: Int) -> None:\n    positive(n)\n"
         "    abort(Error.BAD)\n",
         "1001 is BAD in case and NOT_POSITIVE in other"),
    ],
)  # fmt: skip
def test_a_failure_code_has_one_name_in_a_contract(text: str, told: str) -> None:
    """The verifier refuses it, so the compiler says where."""
    head, _, entry = (HEAD + text).partition("@entry(roles=ANY_ROLE)\n")
    rest = entry.replace("def go", "@entry(roles=ANY_ROLE)\ndef go")
    with pytest.raises(CompileError) as caught:
        compile_source(head + rest, "case.py", imports=OTHERS)
    found = caught.value.diagnostics
    assert [(item.code, item.message) for item in found] == [("DC0028", told)]
    assert caught.value.source.line(found[0].span.line).startswith("def ")
