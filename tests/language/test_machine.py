"""What contracts do on the real machine: every construct of the language, run.

`samples/features.py` has each construct once; here its results are compared
with what Python and `decimal` say.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daicho.compiler import AbiError, compile_source
from daicho.testing import GAS_S, Aborted, Call, Chain, Party, aborts

SAMPLES = Path(__file__).parent / "samples"
DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain.of_folder(SAMPLES)


@pytest.fixture(scope="module")
def bank(chain: Chain) -> Party:
    return chain.party("bank", "MEMBER")


Ask = Callable[..., Any]


@pytest.fixture
def ask(chain: Chain, bank: Party) -> Ask:
    return lambda name, **arguments: chain.query(bank, "features", name, **arguments)


@pytest.mark.parametrize(("a", "b"), [(7, 2), (-7, 2), (7, -2), (-7, -2), (10**18, 3), (0, 5)])
def test_integers_are_pythons(ask: Ask, a: int, b: int) -> None:
    wanted = [a + b, a - b, a * b, a // b, a % b, -a, abs(a), min(a, b), max(a, b), a**2]
    wanted += [a & b, a | b, a ^ b, ~a, a << 3, a >> 1]
    assert ask("arithmetic", a=a, b=b) == wanted


@pytest.mark.parametrize(
    ("a", "b"), [(1 << 126, 1 << 126), ((1 << 127) - 1, 1), (1 << 100, 1 << 100)]
)
def test_integers_abort_at_128_bits(ask: Ask, a: int, b: int) -> None:
    with aborts("OVERFLOW"):
        ask("arithmetic", a=a, b=b)


def test_division_by_zero_aborts(ask: Ask) -> None:
    with aborts("DIVIDE_BY_ZERO"):
        ask("arithmetic", a=1, b=0)


def test_small_integers_keep_their_range(ask: Ask) -> None:
    assert ask("small", a=200, b=55) == 255
    with aborts("OVERFLOW"):
        ask("small", a=200, b=56)
    assert ask("narrow", a=255) == 255
    for wrong in (256, -1):
        with aborts("OVERFLOW"):
            ask("narrow", a=wrong)


def test_decimals(ask: Ask) -> None:
    value = ask("decimals", price="12.3456", count=7)
    third = Decimal("1.7637")
    assert value == {
        "item_0": third,
        "item_1": Decimal("12.3456") - third,
        "item_2": Decimal("152.41"),
        "item_3": Decimal("86.42"),
    }


def test_money(ask: Ask) -> None:
    assert ask("money", amount="10.25") == {
        "item_0": Decimal("29.25"),
        "item_1": 1025,
        "item_2": Decimal("10.26"),
    }


@pytest.mark.parametrize("amount", ["100.00", "0.01", "0.07", "99.99", "0.00"])
def test_allocated_parts_sum_to_the_total(ask: Ask, amount: str) -> None:
    """R46: "three positions sum to issue, rounding rule stated, remainder to lead"."""
    first, largest = ask("shares", amount=amount).values()
    assert sum(first) == sum(largest) == Decimal(amount)
    down = [int(Decimal(amount) * weight) * Decimal("0.01") for weight in (60, 30, 10)]
    assert first[1:] == down[1:]


def test_comparisons(ask: Ask) -> None:
    assert ask("compare", a="1.00", b="2.00") == [False, True, True, True, False, False]
    assert ask("compare", a="2.00", b="2.00") == [True, False, False, True, False, True]


def test_loops_and_branches(ask: Ask) -> None:
    assert ask("collatz", n=27) == 111
    wanted = sum(i * j for i in range(7) if i != 3 for j in (10, 7, 4)) + 2 + 4 + 6
    assert ask("loops", n=7) == wanted
    assert ask("forever", n=0) == 101
    assert ask("forever", n=60) == 101
    assert ask("name_of", colour="RED") == "red"
    assert ask("name_of", colour="BLUE") == "other"
    assert ask("is_red", colour="RED") is True
    assert ask("is_red", colour="GREEN") is False


@pytest.mark.parametrize("colour", ["RED", "GREEN", "BLUE"])
@pytest.mark.parametrize("flag", [True, False])
def test_conditions(ask: Ask, colour: str, flag: bool) -> None:
    wanted = (colour in ("RED", "BLUE") and not flag) or colour == "GREEN"
    assert ask("is_primary", colour=colour, flag=flag) is wanted


def test_optionals(ask: Ask) -> None:
    assert ask("plus_one", n=4) == 5
    assert ask("plus_one", n=None) is None
    assert ask("or_zero", n=4, m=5) == 9
    assert ask("or_zero", n=4, m=None) == 4
    assert ask("or_zero", n=None, m=5) == 0


def test_texts(ask: Ask) -> None:
    a, b = "台帳 daicho", "帳"
    assert ask("texts", a=a, b=b) == [a + b, a[1:3], a[0], str(len(a)), str(12 + ord(a[0]))]
    found = ask("searches", a=a, b=b)
    assert [found["item_0"], found["item_1"], found["item_2"]] == [True, False, 1]
    assert len(found["item_3"]) == 32
    assert ask("digits_sum", a=b"123") == 6 + 49
    with aborts("LENGTH"):
        ask("texts", a="x" * 40, b="y")
    with aborts("INDEX"):
        ask("texts", a="", b="y")


def python_lists(given: list[int]) -> list[int]:
    mine = list(given)
    mine.append(9)
    mine.insert(0, -1)
    mine[1] = mine[1] * 2
    mine.extend([5, 6])
    mine.reverse()
    mine.sort()
    del mine[0]
    if 9 in mine:
        mine = [*mine, len(mine)]
    for item in mine[1:3]:
        mine.append(item)
    return sorted(mine)


@pytest.mark.parametrize("given", [[3, 1, 2], [], [100, -5, 9, 9]])
def test_lists(ask: Ask, given: list[int]) -> None:
    assert ask("lists", given=given) == python_lists(given)


def test_maps(ask: Ask) -> None:
    words = ["b", "a", "drop", "b", "c", "drop"]
    assert ask("count_words", words=words) == {"a": 1, "b": 2, "c": 1}
    assert ask("sum_items", counts={"z": 3, "a": 4}) == {"item_0": 21, "item_1": "az"}


def test_records(ask: Ask) -> None:
    assert ask("move_point", point={"x": 3, "y": 4}) == {"x": 4, "y": 1}


def test_times(ask: Ask) -> None:
    start, span = 5 * DAY_US, 3_000_000
    later = start + 2 * span
    wanted = [later, later - span, later - start, True]
    assert list(ask("times", start=start, span=span).values()) == wanted
    day = datetime.date(2026, 1, 31)
    found = list(ask("dates", day=day).values())
    assert found == [
        day + datetime.timedelta(days=30),
        (day - datetime.date(1970, 1, 1)).days,
        datetime.date(2026, 2, 28),
        20260131,
    ]


def test_days(ask: Ask) -> None:
    found = list(ask("day_of", time=5 * DAY_US + 7, year=2026).values())
    assert found == [datetime.date(1970, 1, 6), 5 * DAY_US, datetime.date(2026, 12, 31)]


def test_context(chain: Chain, bank: Party, ask: Ask) -> None:
    assert list(ask("context").values()) == [bank.id, chain.time_us, chain.height, True]


# --- state ---


@pytest.fixture
def fresh() -> Chain:
    return Chain.of_folder(SAMPLES)


def test_rows_events_and_counters(fresh: Chain) -> None:
    bank, other = fresh.party("bank", "MEMBER"), fresh.party("other", "MEMBER")
    name = fresh.call(bank, "features", "write", number=3, text="three", colour="RED")
    assert len(name) == 32
    fresh.call(bank, "features", "write", number=1, text="three", colour="BLUE")
    note = {
        "owner": bank.id,
        "number": 1,
        "text": "three",
        "colour": "BLUE",
        "at": {"x": 0, "y": 0},
    }
    assert fresh.query(bank, "features", "notes_of", owner=bank.id) == [
        note,
        {**note, "number": 3, "colour": "RED"},
    ]
    assert fresh.query(bank, "features", "counted", text="three") == 2
    assert fresh.query(bank, "features", "counted", text="four") is None
    assert fresh.query(bank, "features", "grand_total") == 9
    event = fresh.events[0]
    assert (event.name, event.fields) == ("Written", {"owner": bank.id, "number": 3})
    assert event.reaches(bank)
    assert not event.reaches(other)


def test_a_query_sees_only_its_callers_compartments(fresh: Chain) -> None:
    """R100: "bankB queries bankA client"; what is not visible is as if absent."""
    bank, other = fresh.party("bank", "MEMBER"), fresh.party("other", "MEMBER")
    fresh.call(bank, "features", "write", number=3, text="three", colour="RED")
    assert fresh.query(other, "features", "notes_of", owner=bank.id) == []


def test_failures_change_nothing_and_say_where(fresh: Chain) -> None:
    bank = fresh.party("bank", "MEMBER")
    before = fresh.rows()
    with pytest.raises(Aborted) as failure:
        fresh.call(bank, "features", "write", number=3, text="no", colour="RED")
    assert (failure.value.code, failure.value.details) == ("TOO_SMALL", ["no", 3])
    lines = (SAMPLES / "features.py").read_text().splitlines()
    file, _, line = failure.value.outcome.place.partition(":")
    assert Path(file).name == "features.py"
    assert "Error.TOO_SMALL" in lines[int(line) - 1]
    assert fresh.rows() == before
    fresh.call(bank, "features", "write", number=3, text="three", colour="RED")
    with aborts("EXISTS"):
        fresh.call(bank, "features", "write", number=3, text="three", colour="RED")
    with aborts("ABSENT"):
        fresh.call(bank, "features", "erase", number=4)
    fresh.call(bank, "features", "erase", number=3)
    assert fresh.query(bank, "features", "notes_of", owner=bank.id) == []
    assert fresh.query(bank, "features", "counted", text="three") is None


def test_authority(fresh: Chain) -> None:
    """R6: "same call from bankA → refused(ROLE)"."""
    bank, friend = fresh.party("bank", "MEMBER"), fresh.party("friend", "MEMBER")
    issuer = fresh.party("issuer", "ISSUER")
    fresh.call(bank, "features", "write", number=3, text="three", colour="RED")
    change = {"friend": friend.id, "number": 3, "colour": "GREEN"}
    with aborts("ROLE"):
        fresh.call(issuer, "features", "repaint", signed_by=[friend], **change)
    with aborts("AUTHORITY"):
        fresh.call(bank, "features", "repaint", **change)
    assert fresh.call(bank, "features", "repaint", signed_by=[friend], **change) is True
    row = fresh.query(bank, "features", "notes_of", owner=bank.id)[0]
    assert (row["colour"], row["at"], row["number"]) == ("GREEN", {"x": 5, "y": 0}, 3)


def test_scans_by_range_and_by_page(fresh: Chain) -> None:
    bank = fresh.party("bank", "MEMBER")
    for number in (5, 1, 3, 9, 7):
        fresh.call(bank, "features", "write", number=number, text="text", colour="RED")
    assert fresh.query(bank, "features", "page", owner=bank.id, after=None, size=2) == [1, 3]
    assert fresh.query(bank, "features", "page", owner=bank.id, after=3, size=2) == [5, 7]
    assert fresh.query(bank, "features", "page", owner=bank.id, after=9, size=2) == []
    assert fresh.query(bank, "features", "between", owner=bank.id, lo=3, hi=9) == 3


def test_the_past_is_readable(fresh: Chain) -> None:
    """R53: "snapshot at any past date/time readable without prior snapshot job"."""
    bank = fresh.party("bank", "MEMBER")
    fresh.call(bank, "features", "write", number=1, text="first", colour="RED")
    then = fresh.time_us
    fresh.call(bank, "features", "write", number=2, text="second", colour="RED")
    fresh.call(bank, "features", "erase", number=1)
    past = fresh.query(bank, "features", "texts_then", owner=bank.id, time=then)
    now = fresh.query(bank, "features", "texts_then", owner=bank.id, time=fresh.time_us)
    assert (past, now) == (["first"], ["second"])


def test_several_contracts_in_one_transaction(fresh: Chain) -> None:
    """R71: "cash and securities together or not at all": buyer short → neither."""
    trust, buyer = fresh.party("trust", "TRUST_BANK"), fresh.party("buyer", "MEMBER")
    fresh.call(trust, "cash", "mint", bank=buyer.id, amount="100.00")
    terms = {"isin": "JP0000000001", "quantity": "1.00", "price": "2", "consideration": "2.00"}
    with aborts("UNKNOWN_TRADE"):
        fresh.call(
            buyer,
            "trades",
            "confirm",
            enterer=trust.id,
            trade=b"\1" * 32,
            terms=terms,
            account=trust.id,
        )


# --- endless, deep, wrong ---


def test_endless_loops_stop_at_the_gas_limit(fresh: Chain) -> None:
    """R27: "`while True` contract → refused(GAS) at same step count on all nodes"."""
    bank = fresh.party("bank", "MEMBER")
    steps = set()
    for _ in range(2):
        with pytest.raises(Aborted) as failure:
            fresh.query(bank, "features", "endless", gas=GAS_S)
        assert failure.value.code == "GAS"
        steps.add(failure.value.outcome.steps)
    assert len(steps) == 1
    with aborts("DEPTH"):
        fresh.query(bank, "features", "recurse", n=0)


def test_calls_of_one_block_run_in_order(fresh: Chain) -> None:
    bank = fresh.party("bank", "MEMBER")
    write = Call(bank, "features", "write", {"number": 1, "text": "text", "colour": "RED"})
    first, second = fresh.block([write, write])
    assert (first.code, second.code) == ("OK", "EXISTS")


@pytest.mark.parametrize(
    "arguments",
    [
        {"number": -1, "text": "abc", "colour": "RED"},
        {"number": 1, "text": "x" * 41, "colour": "RED"},
        {"number": 1, "text": "abc", "colour": "PINK"},
        {"number": 1, "text": "abc"},
        {"number": 1.5, "text": "abc", "colour": "RED"},
        {"number": True, "text": "abc", "colour": "RED"},
    ],
)
def test_values_that_do_not_fit_are_refused_before_they_are_sent(
    chain: Chain, bank: Party, arguments: dict[str, object]
) -> None:
    with pytest.raises(AbiError):
        chain.call(bank, "features", "write", **arguments)


def test_editing_one_line_changes_the_outcome() -> None:
    text = (SAMPLES / "features.py").read_text()
    edited = text.replace("return a + b\n", "return a - b\n")
    assert edited != text
    results = []
    for source in (text, edited):
        chain = Chain()
        chain.deploy(compile_source(source, "features.py"), 9)
        bank = chain.party("bank", "MEMBER")
        results.append(chain.query(bank, "features", "small", a=5, b=3))
    assert results == [8, 2]
