"""What an author writes without thinking means what it says, on both backends."""

from __future__ import annotations

from daicho.compiler import compile_source
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
