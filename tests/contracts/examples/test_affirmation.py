"""Three steps to an agreement, and the ways in which it does not come about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daicho.testing import Chain, Party, aborts

HOUR_US = 3_600_000_000
TERMS: dict[str, Any] = {"isin": "JP1234567890", "nominal": 1_000, "price": "990"}


class Desk:
    """Two sides, a confirmer and a stranger."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.seller, self.buyer, self.broker, self.stranger = (
            chain.party(name, "MEMBER") for name in ("seller", "buyer", "broker", "stranger")
        )

    def propose(self, **changes: object) -> bytes:
        asked = {
            "counterparty": self.buyer,
            "confirmer": self.broker,
            "terms": TERMS,
            "lapses_at": self.chain.time_us + HOUR_US,
            **changes,
        }
        made: bytes = self.chain.call(self.seller, "affirmation", "propose", **asked)
        return made

    def act(self, who: Party, what: str, agreement: bytes, **more: object) -> Any:
        return self.chain.call(who, "affirmation", what, agreement=agreement, **more)

    def seen_by(self, who: Party) -> list[tuple[str, int]]:
        found = self.chain.query(who, "affirmation", "agreements_of", holder=who, after=None)
        return [(row["status"], row["version"]) for row in found]

    def everybody(self) -> list[list[tuple[str, int]]]:
        parties = (self.seller, self.buyer, self.broker, self.stranger)
        return [self.seen_by(who) for who in parties]

    def told(self) -> list[tuple[str, str]]:
        """Each event and the first letters of who received it."""
        parties = (self.seller, self.buyer, self.broker, self.stranger)
        return [
            (event.name, " ".join(who.name for who in parties if event.reaches(who)))
            for event in self.chain.events
        ]


@pytest.fixture
def desk(chain: Chain) -> Desk:
    return Desk(chain)


def test_three_steps(desk: Desk) -> None:
    """R26: "3-step affirm contract plus coupon bond with stub runs through lifecycle"."""
    made = desk.propose()
    assert desk.everybody() == [[("PROPOSED", 1)], [("PROPOSED", 1)], [], []]
    assert desk.act(desk.buyer, "affirm", made, version=1) == "AFFIRMED"
    assert desk.everybody() == [[("AFFIRMED", 1)]] * 3 + [[]]
    assert desk.act(desk.broker, "confirm", made) == "CONFIRMED"
    assert desk.everybody() == [[("CONFIRMED", 1)]] * 3 + [[]]
    assert desk.told() == [
        ("Proposed", "seller buyer"),
        ("Affirmed", "seller buyer broker"),
        ("Ended", "seller buyer broker"),
    ]
    desk.chain.clock.advance(hours=2)
    desk.chain.block([])
    assert desk.chain.timers == [], "its timer was called off"


def test_only_the_version_that_was_read_is_affirmed(desk: Desk) -> None:
    made = desk.propose()
    amended = {**TERMS, "price": "985"}
    assert desk.act(desk.seller, "amend", made, terms=amended) == 2
    with aborts("MISMATCH", 2):
        desk.act(desk.buyer, "affirm", made, version=1)
    desk.act(desk.buyer, "affirm", made, version=2)
    with aborts("STATUS"):
        desk.act(desk.seller, "amend", made, terms=TERMS)
    assert desk.everybody() == [[("AFFIRMED", 2)]] * 3 + [[]]


def test_either_may_reject_when_it_is_their_turn(desk: Desk) -> None:
    first, second = desk.propose(), desk.propose()
    with aborts("PARTIES"):
        desk.act(desk.seller, "reject", first)
    assert desk.act(desk.buyer, "reject", first) == "REJECTED"
    desk.act(desk.buyer, "affirm", second, version=1)
    with aborts("PARTIES"):
        desk.act(desk.buyer, "reject", second)
    assert desk.act(desk.broker, "reject", second) == "REJECTED"
    assert desk.seen_by(desk.broker) == [("REJECTED", 1)], "of the first it knows nothing"
    assert desk.told() == [
        *[("Proposed", "seller buyer")] * 2,
        ("Dropped", "seller buyer"),
        ("Affirmed", "seller buyer broker"),
        ("Ended", "seller buyer broker"),
    ]
    for who in (desk.buyer, desk.broker):
        with aborts("STATUS"):
            desk.act(who, "reject", second)


@pytest.mark.parametrize("is_affirmed", [False, True])
def test_what_is_not_confirmed_in_time_lapses(desk: Desk, is_affirmed: bool) -> None:
    made = desk.propose()
    if is_affirmed:
        desk.act(desk.buyer, "affirm", made, version=1)
    desk.chain.clock.advance(hours=1)
    desk.chain.block([])
    assert [(run.name, run.outcome.code) for run in desk.chain.timers] == [("lapse", "OK")]
    lapsed = [("LAPSED", 1)]
    assert desk.everybody() == [lapsed, lapsed, lapsed if is_affirmed else [], []]
    assert desk.told()[-1] == (
        ("Ended", "seller buyer broker") if is_affirmed else ("Dropped", "seller buyer")
    )
    with aborts("STATUS"):
        desk.act(desk.buyer, "affirm", made, version=1)


def test_steps_are_taken_in_order_and_by_the_right_party(desk: Desk) -> None:
    made = desk.propose()
    with aborts("UNKNOWN"):
        desk.act(desk.broker, "confirm", made)
    with aborts("PARTIES"):
        desk.act(desk.seller, "affirm", made, version=1)
    with aborts("STATUS"):
        desk.act(desk.buyer, "confirm", made)
    desk.act(desk.buyer, "affirm", made, version=1)
    for who in (desk.seller, desk.buyer):
        with aborts("PARTIES"):
            desk.act(who, "confirm", made)
    with aborts("UNKNOWN"):
        desk.act(desk.stranger, "confirm", made)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PARTIES", lambda desk: {"counterparty": desk.seller}),
        ("PARTIES", lambda desk: {"confirmer": desk.seller}),
        ("PARTIES", lambda desk: {"confirmer": desk.buyer}),
        ("LAPSE_TIME", lambda desk: {"lapses_at": desk.chain.time_us}),
        ("AMOUNT", lambda desk: {"terms": {**TERMS, "nominal": 0}}),
    ],
)
def test_what_is_not_proposed(
    desk: Desk, code: str, change: Callable[[Desk], dict[str, Any]]
) -> None:
    with aborts(code):
        desk.propose(**change(desk))
    assert desk.chain.events == []
