"""The ledger of a test: time, feeds, timers, authority, values, versions."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from conftest import ROOT
from daicho.compiler import Artefact, compile_source, load_ids
from daicho.testing import (
    BLOCK_US,
    GENESIS_US,
    Aborted,
    Chain,
    Party,
    aborts,
    account,
)

SAMPLES = Path(__file__).parent / "samples"
TEXT = (SAMPLES / "deposits.py").read_text()
MINUTE_US = 60_000_000


@pytest.fixture
def chain() -> Chain:
    return Chain.of_folder(SAMPLES)


@pytest.fixture
def bank(chain: Chain) -> Party:
    return chain.party("bank", "MEMBER")


@pytest.fixture
def holder(chain: Chain) -> Party:
    return chain.party("holder", "MEMBER", "ISSUER")


# --- time ---


def test_the_clock_moves_as_the_test_says(chain: Chain, bank: Party) -> None:
    chain.clock.advance(days=1, hours=2, minutes=3, seconds=4.5)
    wanted = GENESIS_US + ((26 * 60 + 3) * 60 + 4) * 1_000_000 + 500_000
    assert chain.clock.now_us == wanted
    chain.clock.set(datetime.date(2027, 3, 1))
    assert chain.clock.today == datetime.date(2027, 3, 1)
    assert chain.clock.now == datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)
    chain.block([])
    said = chain.query(bank, "deposits", "time_now")
    assert said == chain.clock.now_us == chain.time_us
    assert chain.clock.now.microsecond == BLOCK_US


def test_time_does_not_go_back(chain: Chain) -> None:
    for wrong in (GENESIS_US - 1, datetime.date(2020, 1, 1)):
        with pytest.raises(ValueError, match="does not go back"):
            chain.clock.set(wrong)
    with pytest.raises(ValueError, match="does not go back"):
        chain.clock.advance(days=-1)
    with pytest.raises(ValueError, match="time zone"):
        chain.clock.set(datetime.datetime(2027, 1, 1))
    assert chain.clock.now_us == GENESIS_US


# --- feeds ---


def test_a_reading_is_there_from_the_next_block_and_grows_old(chain: Chain, bank: Party) -> None:
    with aborts("FEED"):
        chain.call(bank, "deposits", "fix", rate=1)
    chain.oracle.set("usd_jpy", "151.25")
    assert chain.call(bank, "deposits", "fix", rate="0.5") == 151.75
    chain.clock.advance(minutes=5)
    with aborts("FEED"):
        chain.call(bank, "deposits", "fix", rate=1)
    chain.oracle.set("usd_jpy", 150, at=chain.clock.now_us - 6 * MINUTE_US)
    with aborts("FEED"):
        chain.call(bank, "deposits", "fix", rate=1)


def test_a_feed_that_nobody_reads(chain: Chain) -> None:
    with pytest.raises(KeyError, match="usd_jpy"):
        chain.oracle.set("eur_jpy", 1)
    with pytest.raises(ValueError, match="usd_jpy"):
        chain.oracle.set("usd_jpy", "0.00001")


# --- timers ---


def place(chain: Chain, holder: Party, bank: Party, due_us: int) -> None:
    chain.call(
        holder, "deposits", "place", signed_by=[bank], bank=bank, amount="100.00", due=due_us
    )


def test_a_timer_runs_when_it_is_due(chain: Chain, holder: Party, bank: Party) -> None:
    due = chain.clock.now_us + 10 * MINUTE_US
    place(chain, holder, bank, due)
    chain.oracle.set("usd_jpy", "150", at=due)
    chain.block([])
    assert chain.timers == []
    chain.clock.set(due)
    chain.block([])
    [ran] = chain.timers
    assert (ran.contract, ran.name, ran.again, ran.outcome.code) == ("deposits", "pay", False, "OK")
    assert chain.query(holder, "deposits", "paid_to", holder=holder) == 15_000
    assert [(event.name, event.fields["amount"]) for event in chain.events] == [("Paid", 15_000)]
    assert chain.events[0].reaches(holder)
    assert not chain.events[0].reaches(bank)
    chain.block([])
    assert chain.timers == []


def test_a_timer_that_fails_says_so(chain: Chain, holder: Party, bank: Party) -> None:
    place(chain, holder, bank, chain.clock.now_us)
    chain.block([])
    [ran] = chain.timers
    assert ran.outcome.code == "FEED"
    file, line = ran.outcome.place.split(":")
    assert (ROOT / file).resolve() == SAMPLES / "deposits.py"
    assert "usd_jpy" in TEXT.splitlines()[int(line) - 1]


# --- authority and failures ---

BY_HOLDER = """
from daicho.contract import (
    Holdings, Key, Money, Party, Role, Row, entry, party, sender
)
edition = 1
class EUR(Money, scale=2): ...
class Purse(Row):
    bank: Key[Party]
    free: EUR
purses = Holdings(Purse, per=Purse.bank, compartment=party(Purse.bank))
@entry(roles=(Role.MEMBER,))
def pay(other: Party, amount: EUR) -> None:
    purses.issue(amount, target=purses.at(sender()).free)
    purses.move(amount, source=purses.at(sender()).free, target=purses.at(other).free)
"""


def test_conservation_names_the_group_and_the_sums() -> None:
    """Here `per` is the holder, so that no amount may pass from one to another."""
    chain = Chain()
    chain.deploy(compile_source(BY_HOLDER, "purses.py"), 4)
    one, two = chain.party("bank A", "MEMBER"), chain.party("bank B", "MEMBER")
    first = min(one, two, key=lambda item: item.id)
    with pytest.raises(Aborted) as caught:
        chain.call(one, "purses", "pay", other=two, amount="1.50")
    sums = "moved 0.00, issued 1.50" if first is one else "moved 1.50, issued 0.00"
    assert str(caught.value) == f"CONSERVATION (purses: of bank = {first.name} {sums})"


def test_role_names_what_was_needed_and_given(chain: Chain) -> None:
    auditor = chain.party("auditor", "AUDITOR", "READER")
    with pytest.raises(Aborted) as caught:
        chain.call(auditor, "deposits", "fix", rate=1)
    lack = caught.value.outcome.lack
    assert lack is not None
    assert (lack.required, lack.given) == (("MEMBER",), ("AUDITOR", "READER"))
    assert str(caught.value) == "ROLE (needs MEMBER, was given AUDITOR, READER)"


@pytest.mark.parametrize("as_id", [False, True])
def test_authority_names_who_must_sign_and_who_did(
    chain: Chain, holder: Party, bank: Party, as_id: bool
) -> None:
    given = bank.id if as_id else bank
    other = chain.party("other", "MEMBER")
    with pytest.raises(Aborted) as caught:
        chain.call(
            holder, "deposits", "place", signed_by=[other], bank=given, amount=1, due=GENESIS_US
        )
    lack = caught.value.outcome.lack
    assert lack is not None
    who = bank.id.hex() if as_id else "bank"
    assert lack.required == (f"the signature of {who} (bank)",)
    assert lack.given == ("holder", "other")


def test_details_of_a_failure(chain: Chain, holder: Party, bank: Party) -> None:
    arguments = {"bank": bank, "amount": 0, "due": GENESIS_US}
    with aborts("AMOUNT", 0, bank.id):
        chain.call(holder, "deposits", "place", signed_by=[bank], **arguments)
    with pytest.raises(Aborted, match="AMOUNT"), aborts("AMOUNT", 1, bank.id):
        chain.call(holder, "deposits", "place", signed_by=[bank], **arguments)
    with pytest.raises(Aborted), aborts("UNKNOWN"):
        chain.call(holder, "deposits", "place", signed_by=[bank], **arguments)
    with pytest.raises(AssertionError, match="nothing failed"), aborts("AMOUNT"):
        chain.query(bank, "deposits", "time_now")


def test_a_name_that_there_is_not_is_told_with_those_that_there_are(
    chain: Chain, bank: Party
) -> None:
    wrong = {
        "no contract 'deposit' is deployed: deposits": lambda: chain.call(bank, "deposit", "fix"),
        "deposits has no entry point 'fxi'; it has fix, place": (
            lambda: chain.call(bank, "deposits", "fxi", rate=1)
        ),
        "time_now is a query: chain.query asks it": (
            lambda: chain.call(bank, "deposits", "time_now")
        ),
        "deposits has no query 'fix'.* fix is an entry point: chain.call calls it": (
            lambda: chain.query(bank, "deposits", "fix", rate=1)
        ),
        "no contract 'deposit' is deployed": lambda: chain.query(bank, "deposit", "time_now"),
    }
    for message, ask in wrong.items():
        with pytest.raises(LookupError, match=message):
            ask()
    with pytest.raises(ValueError, match=r"signed_by=\[bank\]"):
        chain.call(bank, "deposits", "fix", signed_by=bank, rate=1)  # type: ignore[arg-type]
    assert chain.height == 0, "nothing was called"


def test_a_role_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="BANKER"):
        Chain().party("x", "BANKER")


def test_parties_stand_for_their_ids_wherever_a_value_has_one(chain: Chain, bank: Party) -> None:
    terms = {
        "kind": "CALL", "amount": "1.50", "rate": "0.0001", "small": 255, "name": "名",
        "data": b"\0", "flags": [True, False], "counts": {2: 1, -1: 0}, "bank": bank,
        "account": account("a"), "digest": bytes(32), "day": datetime.date(2026, 2, 28),
        "time": 1, "length": -1, "maybe": None,
    }  # fmt: skip
    said = chain.query(bank, "deposits", "same", terms=terms)
    assert said["bank"] == bank.id
    assert list(said["counts"]) == [-1, 2]


REGISTER = """
from daicho.contract import ANY_ROLE, Int, Key, Party, Role, Row, Table, entry, query, register
edition = 1
class Line(Row):
    owner: Key[Party]
    amount: Int
lines = Table(Line, compartment=register(Line.owner))
@entry(roles=(Role.MEMBER,))
def write(owner: Party, amount: Int) -> None:
    lines.put(Line(owner=owner, amount=amount))
@query(roles=ANY_ROLE)
def read(owner: Party) -> Int:
    return lines[owner].amount
"""


@pytest.mark.parametrize("backend", ["vm", "python"])
def test_every_party_reads_its_own_register(backend: str) -> None:
    """As on the ledger: roles say who may call, compartments who may read."""
    chain = Chain(backend_name=backend)
    chain.deploy(compile_source(REGISTER, "lines.py"), 4)
    owner, other = chain.party("owner", "MEMBER"), chain.party("other", "MEMBER", "ISSUER")
    chain.call(other, "lines", "write", owner=owner, amount=7)
    assert chain.query(owner, "lines", "read", owner=owner) == 7
    with aborts("ACCESS"):
        chain.query(other, "lines", "read", owner=owner)


# --- versions ---


def version(migration: str) -> Artefact:
    """The next version: older readings will do, and it migrates."""
    text = TEXT.replace("minutes(5)", "minutes(9)").replace("import (", "import (\n    migrate,", 1)
    text += f"\n\n@migrate\ndef upgrade() -> None:\n    {migration}\n"
    return compile_source(text, "deposits.py", ids=load_ids(SAMPLES / "ids.toml"))


def test_a_version_takes_over_when_its_migration_does(chain: Chain, bank: Party) -> None:
    chain.oracle.set("usd_jpy", 150)
    chain.block([])
    chain.clock.advance(minutes=7)
    failed = chain.upgrade(version("require(seen.get(1) is not None, Error.UNKNOWN)"))
    assert failed is not None
    assert failed.code == "UNKNOWN"
    with aborts("FEED"):
        chain.call(bank, "deposits", "fix", rate=1)
    migrated = chain.upgrade(version("seen[1] = 7"))
    assert migrated is not None
    assert migrated.ok
    assert len(chain.rows()) == 2, "the reading, and what the migration wrote"
    assert chain.call(bank, "deposits", "fix", rate=1) == 151


def test_a_version_that_cannot_take_over(chain: Chain, bank: Party) -> None:
    text = TEXT.replace("amount: USD\n    paid", "amount: JPY\n    paid").replace(
        "USD(0)", "JPY(0)"
    )
    text = text.replace("bank: Party, amount: USD", "bank: Party, amount: JPY")
    new = compile_source(text, "deposits.py", ids=load_ids(SAMPLES / "ids.toml"))
    with pytest.raises(ValueError, match="deposits"):
        chain.upgrade(new)
    assert chain.query(bank, "deposits", "time_now") == GENESIS_US
