"""A cycle: what is queued is netted, owed, and paid."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from daicho.testing import Chain, Party, aborts

Owed = dict[tuple[str, str, str], Decimal]
"""Debtor, creditor, currency."""


class Market:
    """Members, by letter, and their operator."""

    def __init__(self, chain: Chain, members: str = "ABC", funds: str = "100.00") -> None:
        self.chain = chain
        self.operator = chain.party("operator", "ADMINISTRATOR")
        self.members = {name: chain.party(name, "MEMBER") for name in members}
        self.names = {party.id: name for name, party in self.members.items()}
        for member in self.members.values():
            if Decimal(funds) > 0:
                asked = {"member": member, "currency": "USD", "amount": funds}
                chain.call(self.operator, "netting", "fund", **asked)

    def __getitem__(self, name: str) -> Party:
        return self.members[name]

    def owe(self, payer: str, payee: str, amount: str, currency: str = "USD") -> int:
        asked = {"payee": self[payee], "currency": currency, "amount": amount}
        return int(self.chain.call(self[payer], "netting", "owe", **asked))

    def close(self) -> int:
        """Close the cycle and let its timers run."""
        ended = int(self.chain.call(self.operator, "netting", "close"))
        self.chain.block([])
        while self.chain.timers:
            assert {run.outcome.code for run in self.chain.timers} == {"OK"}
            self.chain.block([])
        return ended

    def seen_by(self, name: str, ended: int = 1) -> Owed:
        asked = {"holder": self[name], "ended": ended}
        return {
            (self._name(row["debtor"]), self._name(row["creditor"]), row["currency"]): row["amount"]
            for row in self.chain.query(self[name], "netting", "obligations_of", **asked)
        }

    def _name(self, party: object) -> str:
        return self.names[bytes.fromhex(party) if isinstance(party, str) else bytes(party)]  # type: ignore[call-overload]

    def pay(self, name: str, ended: int = 1) -> Decimal:
        asked = {"ended": ended, "currency": "USD"}
        found: Decimal = self.chain.call(self[name], "netting", "pay", **asked)
        return found

    def has(self, name: str) -> Decimal:
        asked = {"member": self[name], "currency": "USD"}
        found: Decimal = self.chain.query(self[name], "netting", "balance", **asked)
        return found


@pytest.fixture
def market(chain: Chain) -> Market:
    return Market(chain)


def test_what_is_owed_both_ways_is_set_off(market: Market) -> None:
    market.owe("A", "B", "30.00")
    market.owe("B", "A", "10.00")
    market.owe("B", "C", "5.00")
    market.owe("C", "B", "5.00")
    market.owe("C", "A", "7.00", "EUR")
    ended = market.close()
    assert ended == 1
    assert market.seen_by("B") == {("A", "B", "USD"): 20}
    assert market.seen_by("C") == {("C", "A", "EUR"): 7}
    assert market.seen_by("A") == market.seen_by("B") | market.seen_by("C")
    assert market.pay("A") == 20
    assert (market.has("A"), market.has("B")) == (80, 120)
    assert market.seen_by("B") == {}
    with aborts("UNKNOWN"):
        market.pay("A")


def test_who_is_short_pays_every_creditor_the_same_share(market: Market) -> None:
    """100.00 for 100.01 + 50.00: two thirds of each, to the cent; the rest stays owed."""
    market.owe("A", "B", "100.01")
    market.owe("A", "C", "50.00")
    market.close()
    assert market.pay("A") == 100
    assert (market.has("A"), market.has("B"), market.has("C")) == (
        0,
        Decimal("166.67"),
        Decimal("133.33"),
    )
    left = {("A", "B", "USD"): Decimal("33.34"), ("A", "C", "USD"): Decimal("16.67")}
    assert market.seen_by("A") == left
    with aborts("AMOUNT"):
        market.pay("A")
    market.chain.call(
        market.operator, "netting", "fund", member=market["A"], currency="USD", amount="60.00"
    )
    assert market.pay("A") == Decimal("50.01")
    assert market.seen_by("A") == {}


def test_what_comes_after_the_close_is_of_the_next_cycle(market: Market) -> None:
    market.owe("A", "B", "1.00")
    market.chain.call(market.operator, "netting", "close")
    assert market.owe("A", "B", "2.00") == 2
    assert market.close() == 2
    assert market.seen_by("A", 1) == {("A", "B", "USD"): 1}
    assert market.seen_by("A", 2) == {("A", "B", "USD"): 2}


def test_each_sees_its_own_and_the_operator_the_sums(market: Market) -> None:
    market.owe("A", "B", "3.00")
    queued = market.chain.events[-1]
    assert [name for name in "ABC" if queued.reaches(market[name])] == ["A", "B"]
    market.close()
    assert market.seen_by("C") == {}
    chain = market.chain
    stranger = {"holder": market["A"], "ended": 1}
    assert chain.query(market["C"], "netting", "obligations_of", **stranger) == []
    with aborts("ROLE"):
        chain.query(market["A"], "netting", "sums_of", ended=1)
    [pair] = chain.query(market.operator, "netting", "sums_of", ended=1)
    assert abs(pair["owes"]) == 3


def test_nobody_owes_itself_or_nothing(market: Market) -> None:
    with aborts("PARTIES"):
        market.owe("A", "A", "1.00")
    with aborts("AMOUNT"):
        market.owe("A", "B", "0.00")


@pytest.mark.parametrize("seed", range(3))
def test_many_payments_against_a_sum_in_python(new_chain: Callable[[], Chain], seed: int) -> None:
    """Pages of payments and of pairs: nothing is lost, and what is netted sums to nothing."""
    rng, chain = random.Random(seed), new_chain()
    market = Market(chain, "ABCDEFGHIJK", funds="0")
    sums: dict[tuple[str, str, str], Decimal] = {}
    for _ in range(rng.choice((40, 80, 170))):
        payer, payee = rng.sample("ABCDEFGHIJK", 2)
        currency, amount = rng.choice(("USD", "EUR")), Decimal(rng.randrange(1, 10_000)).scaleb(-2)
        market.owe(payer, payee, str(amount), currency)
        sign = 1 if payer < payee else -1
        key = (min(payer, payee), max(payer, payee), currency)
        sums[key] = sums.get(key, Decimal(0)) + sign * amount
    market.close()
    expected: Owed = {}
    for (first, second, currency), owes in sums.items():
        if owes:
            pair = (first, second) if owes > 0 else (second, first)
            expected[(*pair, currency)] = abs(owes)
    for name in market.members:
        own = {key: amount for key, amount in expected.items() if name in key[:2]}
        assert market.seen_by(name) == own
