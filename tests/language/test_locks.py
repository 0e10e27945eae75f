"""What is locked moves under its lock's name alone: `samples/locks.py`, on both backends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from daicho.author.comparing import compare
from daicho.author.interface import Interface, interface_of
from daicho.compiler import Ids, compile_path, compile_source
from daicho.testing import Chain, Party, aborts

SAMPLE = Path(__file__).parent / "samples" / "locks.py"
MISSING, EXISTS, INSUFFICIENT, ENOUGH = 12, 13, 14, 1001
ISIN = "JP0000000001"
LOCK = bytes(range(32))
TABLE, EARMARKED, PLEDGED = 1, 7, 3
"""The numbers that `ids.toml` gives, and the lowest that is free."""


@pytest.fixture
def chain() -> Chain:
    """Both backends: an outcome or a row that differs fails the test."""
    chain = Chain(backend_name="both")
    chain.deploy(compile_path(SAMPLE), 12)
    return chain


@pytest.fixture
def bank(chain: Chain) -> Party:
    bank = chain.party("bank", "MEMBER")
    chain.call(bank, "locks", "bring_in", isin=ISIN, quantity="100")
    return bank


@pytest.fixture
def other(chain: Chain) -> Party:
    return chain.party("other", "MEMBER")


def amounts(chain: Chain, bank: Party) -> tuple[Decimal, Decimal, Decimal]:
    row, *more = chain.query(bank, "locks", "held", bank=bank.id)
    assert not more
    return row["available"], row["earmarked"], row["pledged"]


def lock_rows(chain: Chain, number: int) -> list[tuple[bytes, int]]:
    """Name and amount of each lock of a column."""
    head = (12).to_bytes(4, "big") + number.to_bytes(2, "big")
    found = [(key, row) for _, key, row in chain.rows() if key.startswith(head)]
    assert all(row[:2] == b"\1\0" and len(row) == 18 for _, row in found)
    return [(key[-32:], int.from_bytes(row[2:], "little", signed=True)) for key, row in found]


def test_what_is_locked_is_delivered_once_and_whole(
    chain: Chain, bank: Party, other: Party
) -> None:
    lock = chain.call(bank, "locks", "earmark", isin=ISIN, quantity="30")
    assert amounts(chain, bank) == (70, 30, 0)
    assert lock_rows(chain, EARMARKED) == [(lock, 30_00)]
    deliver = {"isin": ISIN, "buyer": other.id, "lock": lock}
    with aborts("MISSING"):
        chain.call(other, "locks", "deliver", **deliver)
    assert chain.call(bank, "locks", "deliver", **deliver) == 30
    assert amounts(chain, bank) == (70, 0, 0)
    assert amounts(chain, other) == (30, 0, 0)
    assert lock_rows(chain, EARMARKED) == []
    with aborts("MISSING"):
        chain.call(bank, "locks", "deliver", **deliver)


def test_what_is_locked_for_one_purpose_does_not_serve_another(
    chain: Chain, bank: Party, other: Party
) -> None:
    """Plenty is locked, but not under this name."""
    chain.call(bank, "locks", "earmark", isin=ISIN, quantity="99")
    with aborts("MISSING"):
        chain.call(bank, "locks", "deliver", isin=ISIN, buyer=other.id, lock=LOCK)
    with aborts("INSUFFICIENT"):
        chain.call(bank, "locks", "earmark", isin=ISIN, quantity="1.01")
    for quantity in ("0", "-1"):
        with aborts("DOMAIN"):
            chain.call(bank, "locks", "earmark", isin=ISIN, quantity=quantity)


def test_a_part_is_released_and_the_rest_stays_locked(
    chain: Chain, bank: Party, other: Party
) -> None:
    pledge = {"isin": ISIN, "lender": other.id, "lock": LOCK}
    chain.call(bank, "locks", "pledge", quantity="40", **pledge)
    with aborts("EXISTS"):
        chain.call(bank, "locks", "pledge", quantity="40", **pledge)
    assert (amounts(chain, bank), amounts(chain, other)) == ((60, 0, 0), (0, 0, 40))
    give_back = {"isin": ISIN, "owner": bank.id, "lock": LOCK}
    assert chain.call(other, "locks", "give_back", part="15.50", **give_back) == Decimal("15.5")
    assert lock_rows(chain, PLEDGED) == [(LOCK, 24_50)]
    with aborts("INSUFFICIENT"):
        chain.call(other, "locks", "give_back", part="24.51", **give_back)
    with aborts("DOMAIN"):
        chain.call(other, "locks", "give_back", part="0", **give_back)
    chain.call(other, "locks", "give_back", part="24.50", **give_back)
    assert (amounts(chain, bank), amounts(chain, other)) == ((100, 0, 0), (0, 0, 0))
    assert lock_rows(chain, PLEDGED) == []


def test_a_lock_is_seen_where_its_row_is(chain: Chain, bank: Party, other: Party) -> None:
    lock = chain.call(bank, "locks", "earmark", isin=ISIN, quantity="30")
    asked = {"bank": bank.id, "isin": ISIN, "lock": lock}
    assert chain.query(bank, "locks", "earmarked", **asked) == 30
    assert chain.query(bank, "locks", "pledged", **asked) is None
    assert chain.query(other, "locks", "earmarked", **asked) is None


def test_an_attempt_undoes_locks_like_everything(chain: Chain, bank: Party) -> None:
    tried = {"isin": ISIN, "lock": LOCK}
    assert chain.call(bank, "locks", "try_all", part="30", **tried) == [0, ENOUGH, MISSING]
    assert amounts(chain, bank) == (70, 30, 0)
    assert lock_rows(chain, EARMARKED) == [(LOCK, 30_00)]
    assert chain.call(bank, "locks", "try_all", part="30", **tried)[0] == EXISTS
    tried["lock"] = bytes(32)
    assert chain.call(bank, "locks", "try_all", part="71", **tried)[0] == INSUFFICIENT
    assert lock_rows(chain, EARMARKED) == [(LOCK, 30_00)]


def test_the_key_of_a_lock_has_a_bound(chain: Chain, bank: Party) -> None:
    """The row's key fits, with the lock's name behind it it does not."""
    for letters, fits in ((456, True), (457, False)):
        isin = "x" * letters
        chain.call(bank, "locks", "bring_in", isin=isin, quantity="1")
        if fits:
            chain.call(bank, "locks", "earmark", isin=isin, quantity="1")
        else:
            with aborts("LENGTH"):
                chain.call(bank, "locks", "earmark", isin=isin, quantity="1")


def test_the_access_set_names_the_locks() -> None:
    """Bytes on both sides: a lock is exact where its place and its name are given."""
    text = compile_path(SAMPLE).texts["access"]
    assert "entry deliver\n  locks.by_bank write dynamic\n  locks.positions delta exact\n" in text
    assert "  locks.positions.earmarked write exact\n" in text
    assert "query pledged\n  locks.positions.pledged read exact\n" in text
    touched = interface_of(compile_path(SAMPLE).data).touches["query pledged"]
    assert touched == "reads positions.pledged by key"


def version(table: int, earmarked: int) -> Interface:
    tables = {"positions": table, "positions.earmarked": earmarked}
    ids = Ids({"locks": 12}, {"locks": {"tables": tables}})
    return interface_of(compile_source(SAMPLE.read_text(), "locks.py", {}, ids).data)


def test_a_new_version_keeps_its_locks() -> None:
    """The comparison says what the ledger would (docs/bytecode.md, section 13)."""
    first = version(1, 7)
    assert first.of_kind("table")[1].text.endswith("per isin, locked earmarked, pledged")
    locks = {part.name for part in first.of_kind("lock").values()}
    assert locks == {"positions.earmarked", "positions.pledged"}
    assert compare(first, version(1, 7)).takes_over
    moved = compare(first, version(1, 8))
    assert not moved.takes_over
    assert [(part.kind, part.id) for part in moved.removed] == [("lock", EARMARKED)]
    swapped = compare(first, version(7, 1))
    assert "table 1 positions cannot become a lock's number" in swapped.problems
    assert "lock 7 positions.earmarked cannot become a table's number" in swapped.problems
