"""What a bank learns of another's clients: nothing, whichever way it asks."""

from __future__ import annotations

from typing import Any

import pytest

from daicho.testing import Aborted, Call, Chain, Party, account

RETAIL = "RETAIL"


class Banks:
    """Two banks with clients, and the times and heights at which they had them."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.admin = chain.party("CSD", "ADMINISTRATOR")
        self.a, self.b = chain.party("bankA", "MEMBER"), chain.party("bankB", "MEMBER")
        self.issuer = chain.party("issX", "ISSUER")
        for bank, client in ((self.a, "P"), (self.a, "R"), (self.b, "Q")):
            entered = {"client": account(client), "grade": RETAIL, "name": client}
            chain.call(bank, "records", "enter", **entered)
        self.then = (chain.time_us, chain.height)
        chain.block([])
        chain.call(self.a, "records", "regrade", client=account("R"), grade="PROFESSIONAL")
        chain.call(self.a, "records", "close", client=account("P"))
        chain.call(self.b, "records", "close", client=account("Q"))
        new = {"client": account("N"), "grade": RETAIL, "name": "N"}
        chain.call(self.a, "records", "enter", **new)

    def answer(self, caller: Party, query: str, **asked: Any) -> tuple[Any, ...]:
        """Everything that shows: code, value, details, place, gas, steps."""
        try:
            value = self.chain.query(caller, "records", query, **asked)
        except Aborted as failure:
            told = failure.outcome
            return told.code, told.value, tuple(told.details), told.place, told.gas, told.steps
        return "OK", value

    def names(self, caller: Party, query: str, **asked: Any) -> list[str]:
        found = self.chain.query(caller, "records", query, banks=[self.a, self.b], **asked)
        return sorted(row["name"] for row in found)


@pytest.fixture
def banks(chain: Chain) -> Banks:
    return Banks(chain)


def single(banks: Banks) -> list[tuple[str, dict[str, Any], str]]:
    """Each way to ask for one client of bank A, and one that is there."""
    time, height = banks.then
    return [
        ("find", {}, "N"),
        ("find_then", {"time": time}, "P"),
        ("find_at", {"height": height}, "P"),
    ]


def test_another_banks_client_looks_like_nobody(banks: Banks) -> None:
    """R100: "bankB queries bankA client -> refused, and identical error for existing and
    non-existing id", by row, by time and by height: code, details, place, gas and steps.
    """
    for query, more, name in single(banks):
        existing, absent = (
            banks.answer(banks.b, query, bank=banks.a, client=account(who), **more)
            for who in (name, "nobody at all")
        )
        own = banks.answer(banks.a, query, bank=banks.a, client=account("nobody at all"), **more)
        assert existing[0] == "ACCESS", query
        assert existing == absent == own, query
        there = banks.answer(banks.a, query, bank=banks.a, client=account(name), **more)
        assert there[0] == "OK"
        assert there[1]["name"] == name


def test_nor_does_an_attempt_tell_more(banks: Banks) -> None:
    """R100: "identical error for existing and non-existing id" inside a query, too."""
    existing, absent, own = (
        banks.answer(who, "code_of_finding", bank=banks.a, client=account(client))
        for who, client in ((banks.b, "N"), (banks.b, "nobody"), (banks.a, "nobody"))
    )
    assert existing == absent == own
    assert existing[1] != 0
    found = banks.answer(banks.a, "code_of_finding", bank=banks.a, client=account("N"))
    assert found == ("OK", 0)


def test_being_there_does_not_show_in_what_an_answer_costs(banks: Banks) -> None:
    """R100: an answer that is no failure is the same as well, down to the gas it needs."""
    asked = [
        ("is_client", [{"bank": banks.a, "client": account(who)} for who in ("N", "nobody")]),
        ("code_of_finding", [{"bank": banks.a, "client": account(w)} for w in ("N", "nobody")]),
        ("all_of", [{"banks": [who]} for who in (banks.a, banks.issuer)]),
        ("graded", [{"banks": [who], "grade": RETAIL} for who in (banks.a, banks.issuer)]),
    ]
    for query, (existing, absent) in asked:
        needed = [least_gas(banks, query, arguments) for arguments in (existing, absent)]
        assert needed[0] == needed[1], query
        answers = [banks.answer(banks.b, query, **item) for item in (existing, absent)]
        assert answers[0] == answers[1], query


def least_gas(banks: Banks, query: str, arguments: dict[str, Any]) -> int:
    """The least gas with which bank B is answered; 0 where nothing is metered."""
    low, high = 0, 100_000
    while low < high:
        middle = (low + high) // 2
        code = banks.answer(banks.b, query, gas=middle, **arguments)[0]
        assert code in ("OK", "GAS")
        low, high = (low, middle) if code == "OK" else (middle + 1, high)
    return low


def test_three_callers_get_three_subsets(banks: Banks) -> None:
    """R104: "Same query, three certs -> three different, correct subsets": scans, an index,
    the index of a past time and of a past height.
    """
    time, height = banks.then
    wanted: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
        ("all_of", {}, ["N", "R"], []),
        ("graded", {"grade": RETAIL}, ["N"], []),
        ("graded", {"grade": "PROFESSIONAL"}, ["R"], []),
        ("graded_then", {"grade": RETAIL, "time": time}, ["P", "R"], ["Q"]),
        ("graded_at", {"grade": RETAIL, "height": height}, ["P", "R"], ["Q"]),
        ("graded_at", {"grade": RETAIL, "height": banks.chain.height}, ["N"], []),
    ]
    for query, more, for_a, for_b in wanted:
        assert banks.names(banks.a, query, **more) == for_a, query
        assert banks.names(banks.b, query, **more) == for_b, query
        assert banks.names(banks.admin, query, **more) == sorted(for_a + for_b), query
        assert banks.names(banks.issuer, query, **more) == [], query
    then = [
        banks.names(who, "graded_at", grade=RETAIL, height=height)
        for who in (banks.a, banks.b, banks.admin)
    ]
    assert then == [["P", "R"], ["Q"], ["P", "Q", "R"]]


def test_a_future_is_refused_alike(banks: Banks) -> None:
    """R100: what has not happened yet is no way to learn of clients either."""
    ahead = banks.chain.height + 1
    for query, more in (
        ("find_at", {"height": ahead}),
        ("find_then", {"time": banks.chain.time_us + 1}),
    ):
        answers = {
            banks.answer(who, query, bank=banks.a, client=account(client), **more)
            for who, client in ((banks.a, "N"), (banks.b, "N"), (banks.b, "nobody"))
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "AS_OF"


def test_events_of_a_client_reach_its_bank_and_the_administrator(banks: Banks) -> None:
    opened = {"client": account("S"), "grade": RETAIL, "name": "S"}
    call = Call(banks.b, "records", "enter", opened)
    event = banks.chain.block([call])[0].events[0]
    readers = [event.reaches(who) for who in (banks.a, banks.b, banks.issuer)]
    assert readers == [False, True, False]
    assert b"\1" + bytes(16) in event.addressees
