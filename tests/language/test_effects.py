"""What contracts do beyond computing, on the real machine: `samples/lending.py`, run."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from daicho.compiler import compile_source, load_ids
from daicho.testing import Chain, Party, aborts

SAMPLES = Path(__file__).parent / "samples"
DIVIDE_BY_ZERO, EMPTY, REFUSED, INSUFFICIENT = 3, 1001, 1002, 14


@pytest.fixture
def chain() -> Chain:
    return Chain.of_folder(SAMPLES)


@pytest.fixture
def bank(chain: Chain) -> Party:
    return chain.party("bank", "MEMBER")


def counted(chain: Chain, tag: str) -> list[bytes]:
    return [value for _, key, value in chain.rows() if tag.encode() in key]


# --- savepoints ---


def test_a_failed_attempt_leaves_nothing_behind(chain: Chain, bank: Party) -> None:
    """Rows, events and locals are as before; the code says what happened."""
    seen = chain.call(bank, "lending", "try_all", numbers=[10, 1, 2, 20, 3])
    assert seen == [0, EMPTY, DIVIDE_BY_ZERO, 0, DIVIDE_BY_ZERO, 30]
    assert len([event for event in chain.events if event.name == "Paid"]) == 2
    (tried,), (kept,) = counted(chain, "tried"), counted(chain, "kept")
    assert tried == kept


@pytest.mark.parametrize(
    ("inside", "outside", "wanted"),
    [
        (False, False, (0, 0, 2)),
        (True, False, (0, REFUSED, 1)),
        (False, True, (EMPTY, 0, 0)),
        (True, True, (EMPTY, 0, 0)),
    ],
)
def test_attempts_nest(
    chain: Chain, bank: Party, inside: bool, outside: bool, wanted: tuple[int, ...]
) -> None:
    found = chain.call(bank, "lending", "nested", fail_inside=inside, fail_outside=outside)
    assert tuple(found.values()) == wanted
    assert bool(counted(chain, "outside")) is not outside
    assert bool(counted(chain, "inside")) is not (inside or outside)


def test_a_call_of_another_contract_is_attempted(chain: Chain, bank: Party) -> None:
    trust, other = chain.party("trust", "TRUST_BANK"), chain.party("other", "MEMBER")
    chain.call(trust, "cash", "mint", bank=bank.id, amount="7.00")
    pay = {"payee": other.id, "amount": "5.00"}
    assert chain.call(bank, "lending", "try_to_pay", **pay) == 0
    before = chain.rows()
    assert chain.call(bank, "lending", "try_to_pay", **pay) == INSUFFICIENT
    assert chain.rows() == before


# --- chance ---


def test_chance_is_the_same_for_one_tag(chain: Chain, bank: Party) -> None:
    drawn = []
    for tag in ("lots", "order"):
        arguments = {"tag": tag, "data": b"lots", "bound": 6}
        first, second, below, same = chain.call(bank, "lending", "draw", **arguments).values()
        assert below == int.from_bytes(first, "big") % 6
        assert same is True
        assert (first == second) is (tag == "lots")
        drawn.append(first)
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("bound", [1, 2, 7, 10**30])
def test_below_is_the_remainder(chain: Chain, bank: Party, bound: int) -> None:
    digest = bytes(range(200, 232))
    found = chain.query(bank, "lending", "below", hash=digest, bound=bound)
    assert found == int.from_bytes(digest, "big") % bound
    with aborts("DOMAIN"):
        chain.query(bank, "lending", "below", hash=digest, bound=-bound)


# --- readings ---


def test_without_a_reading_there_is_none(chain: Chain, bank: Party) -> None:
    with aborts("FEED"):
        chain.query(bank, "lending", "price")
    found = chain.query(bank, "lending", "price_or_none", age=5)
    assert list(found.values()) == [None, None]
    with aborts("DOMAIN"):
        chain.query(bank, "lending", "price_or_none", age=-5)


def test_a_reading_is_good_for_its_age(chain: Chain, bank: Party) -> None:
    """R133: "Scheduler, oracle, random available to any contract by declared import"."""
    taken = chain.time_us
    chain.oracle.set("usd_jpy", "151.250000", at=taken)
    chain.block([])
    assert chain.query(bank, "lending", "price") == Decimal("151.25")
    chain.clock.advance(minutes=6)
    chain.block([])
    with aborts("FEED"):
        chain.query(bank, "lending", "price")
    for age, wanted in ((5, None), (7, Decimal("151.25"))):
        found = chain.query(bank, "lending", "price_or_none", age=age)
        assert list(found.values()) == [wanted, taken]


# --- indexes and the past ---


def lend(chain: Chain, bank: Party, borrower: Party, day: int) -> int:
    due = datetime.date(2026, 3, day)
    return int(chain.call(bank, "lending", "lend", borrower=borrower.id, due=due))


def test_an_index_is_another_order_of_the_rows(chain: Chain, bank: Party) -> None:
    one, two = chain.party("one", "MEMBER"), chain.party("two", "MEMBER")
    days = [(one, 9), (two, 5), (one, 3), (one, 7), (two, 1)]
    numbers = [lend(chain, bank, borrower, day) for borrower, day in days]
    assert numbers == [1, 2, 3, 4, 5]
    owed = chain.query(bank, "lending", "owed_by", holder=bank.id, borrower=one.id)
    assert [row["number"] for row in owed] == [3, 4, 1]
    span = {"start": datetime.date(2026, 3, 3), "end": datetime.date(2026, 3, 9)}
    between = {"holder": bank.id, "borrower": one.id, **span}
    assert chain.query(bank, "lending", "due_between", **between) == [3, 4]
    page = {"holder": bank.id, "size": 2}
    assert chain.query(bank, "lending", "open_page", after=None, **page) == [1, 2]
    assert chain.query(bank, "lending", "open_page", after=2, **page) == [3, 4]
    assert chain.query(bank, "lending", "open_page", after=5, **page) == []
    other = chain.party("other", "MEMBER")
    assert chain.query(other, "lending", "owed_by", holder=bank.id, borrower=one.id) == []


def test_the_past_by_height(chain: Chain, bank: Party) -> None:
    """R53: "snapshot at any past date/time readable without prior snapshot job"."""
    one = chain.party("one", "MEMBER")
    heights = []
    for day in (1, 2, 3):
        lend(chain, bank, one, day)
        heights.append(chain.height)
    for count, at in enumerate(heights, 1):
        found = chain.query(bank, "lending", "owed_at", holder=bank.id, borrower=one.id, at=at)
        assert list(found.values()) == [count, count, chain.height]
    with aborts("AS_OF"):
        chain.query(
            bank, "lending", "owed_at", holder=bank.id, borrower=one.id, at=chain.height + 1
        )


def test_holdings_are_ordered_by_their_key_columns(chain: Chain, bank: Party) -> None:
    for name in ("b", "a", "b"):
        chain.call(bank, "lending", "fill", name=name, amount=5)
    assert chain.query(bank, "lending", "purse_count", owner=bank.id) == 2


# --- timers ---


def test_timers_are_set_and_called_off(chain: Chain, bank: Party) -> None:
    number = lend(chain, bank, chain.party("one", "MEMBER"), 1)
    later = {"number": number, "when": chain.time_us + 10**9}
    timer = chain.call(bank, "lending", "pay_later", **later)
    assert int.from_bytes(timer[:8], "big") == later["when"]
    assert timer[8] == 10
    assert chain.call(bank, "lending", "call_off", timer=timer) is True
    assert chain.call(bank, "lending", "call_off", timer=timer) is False


def test_a_timer_runs_when_it_is_due_and_once(chain: Chain, bank: Party) -> None:
    number = lend(chain, bank, chain.party("one", "MEMBER"), 1)
    when = chain.time_us + 10_000_000
    chain.call(bank, "lending", "pay_later", number=number, when=when)
    chain.block([])
    assert chain.timers == []
    chain.clock.advance(seconds=20)
    chain.block([])
    (ran,) = chain.timers
    assert (ran.name, ran.outcome.code, ran.again) == ("pay", "OK", False)
    assert [event.name for event in ran.outcome.events] == ["Paid"]
    chain.block([])
    assert chain.timers == []
    found = {"holder": bank.id, "after": None, "size": 9}
    assert chain.query(bank, "lending", "open_page", **found) == []


def test_a_cursor_goes_on_in_the_next_block(chain: Chain, bank: Party) -> None:
    one = chain.party("one", "MEMBER")
    for day in (1, 2, 3):
        lend(chain, bank, one, day)
    chain.call(bank, "lending", "sweep_later", when=chain.time_us)
    again = []
    for _ in range(5):
        chain.block([])
        again.append([ran.again for ran in chain.timers])
    assert again == [[True], [True], [True], [False], []]
    owed = chain.query(bank, "lending", "owed_by", holder=bank.id, borrower=one.id)
    assert [row["note"] for row in owed] == ["swept"] * 3


def test_a_timer_that_fails_is_undone_and_gone(chain: Chain, bank: Party) -> None:
    chain.call(bank, "lending", "fail_later")
    chain.block([])
    assert [ran.outcome.code for ran in chain.timers] == ["REFUSED"]
    assert counted(chain, "fails") == []
    chain.block([])
    assert chain.timers == []


# --- a new version ---


def test_a_new_version_migrates_once(chain: Chain, bank: Party) -> None:
    text = (SAMPLES / "lending.py").read_text()
    newer = text.replace("version.get() + 1)", "version.get() + 2)")
    assert newer != text
    ids = load_ids(SAMPLES / "ids.toml")
    done = chain.upgrade(compile_source(newer, "lending.py", ids=ids, folder=SAMPLES))
    assert done is not None
    assert done.code == "OK"
    assert chain.query(bank, "lending", "version_seen") == 3


def test_a_version_whose_migration_fails_does_not_take_over(chain: Chain, bank: Party) -> None:
    text = (SAMPLES / "lending.py").read_text()
    newer = text.replace("    version.set(version.get() + 1)\n", "    abort(Error.REFUSED)\n")
    newer = newer.replace("return muldiv(a, b, c, HALF_EVEN)", "return 0")
    ids = load_ids(SAMPLES / "ids.toml")
    done = chain.upgrade(compile_source(newer, "lending.py", ids=ids, folder=SAMPLES))
    assert done is not None
    assert done.code == "REFUSED"
    assert chain.query(bank, "lending", "scaled", a=6, b=2, c=3) == 4


# --- numbers, days, lists ---


@pytest.mark.parametrize(("a", "b", "c"), [(10**37, 10**37, 10**37), (7, 3, 2), (-7, 3, 2)])
def test_a_product_may_be_larger_than_any_integer(
    chain: Chain, bank: Party, a: int, b: int, c: int
) -> None:
    assert chain.query(bank, "lending", "scaled", a=a, b=b, c=c) == round(Fraction(a * b, c))


def test_day_counts(chain: Chain, bank: Party) -> None:
    start, end = datetime.date(2023, 8, 31), datetime.date(2024, 2, 29)
    days = (end - start).days
    in_2023 = (datetime.date(2024, 1, 1) - start).days
    wanted = [
        Fraction(days, 360),
        Fraction(days, 365),
        Fraction(in_2023, 365) + Fraction(days - in_2023, 366),
        Fraction(360 * 1 + 30 * (2 - 8) + 29 - 30, 360),
        Fraction(360 * 1 + 30 * (2 - 8) + 29 - 30, 360),
    ]
    found = chain.query(bank, "lending", "fractions", start=start, end=end)
    assert [Fraction(item) for item in found] == [round(item, 9) for item in wanted]
    back = chain.query(bank, "lending", "fractions", start=end, end=start)
    assert back == [-item for item in found]


@pytest.mark.parametrize("day", [datetime.date(2024, 2, 29), datetime.date(2026, 12, 31)])
def test_parts_of_a_day(chain: Chain, bank: Party, day: datetime.date) -> None:
    weekday, of_year, in_month = chain.query(bank, "lending", "calendar", day=day).values()
    assert (weekday, of_year) == (day.weekday(), day.timetuple().tm_yday)
    assert in_month == {2: 29, 12: 31}[day.month]


def test_pop(chain: Chain, bank: Party) -> None:
    found = chain.query(bank, "lending", "popped", numbers=[1, 2, 3, 4, 5, 6])
    assert list(found.values()) == [5 + 4 + 3, [1, 2]]
    with aborts("INDEX"):
        chain.query(bank, "lending", "popped", numbers=[1])


def test_values_are_worked_out_in_the_order_they_are_written(chain: Chain, bank: Party) -> None:
    found = chain.call(bank, "lending", "written_order")
    assert list(found.values()) == [123, 1234, 123]


def test_a_signer_in_a_role(chain: Chain, bank: Party) -> None:
    issuer = chain.party("issuer", "ISSUER")
    ask = {"who": issuer.id, "signed_by": [issuer]}
    assert list(chain.call(bank, "lending", "signed_as", **ask).values()) == [True, True]
    ask = {"who": bank.id, "signed_by": [issuer]}
    assert list(chain.call(bank, "lending", "signed_as", **ask).values()) == [True, False]
