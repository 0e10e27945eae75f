"""Collateral: given, released in parts, enforced when it is due, and nobody else's to touch."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from contracts.examples.conftest import NewChain
from daicho.testing import Chain, Party, aborts

ISIN = "JP3633400001"
LIFE_US = timedelta(days=30) // timedelta(microseconds=1)


class Market:
    """A chain, and three banks with a hundred each."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        administrator = chain.party("CSD", "ADMINISTRATOR")
        self.banks = [chain.party(f"bank {name}", "MEMBER") for name in "ABC"]
        for bank in self.banks:
            arguments = {"holder": bank, "isin": ISIN, "quantity": 100}
            chain.call(administrator, "pledges", "bring_in", **arguments)

    def give(self, pledgor: Party, lender: Party, quantity: int) -> bytes:
        due = self.chain.time_us + LIFE_US
        arguments = {"lender": lender, "isin": ISIN, "quantity": quantity, "due": due}
        name: bytes = self.chain.call(pledgor, "pledges", "give", **arguments)
        return name

    def release(self, lender: Party, pledge: bytes, quantity: int) -> None:
        self.chain.call(lender, "pledges", "release", pledge=pledge, quantity=quantity)

    def amounts(self, bank: Party) -> tuple[int, int]:
        """What it owns, and what is pledged to it."""
        row = self.chain.query(bank, "pledges", "position", holder=bank, isin=ISIN)
        return int(row["available"]), int(row["pledged"])

    def find(self, bank: Party, pledge: bytes) -> dict[str, Any]:
        found: dict[str, Any] = self.chain.query(
            bank, "pledges", "find_pledge", holder=bank, pledge=pledge
        )
        return found

    def holds(self, lender: Party, pledge: bytes, asking: Party | None = None) -> int | None:
        arguments = {"lender": lender, "isin": ISIN, "pledge": pledge}
        return self.chain.query(asking or lender, "pledges", "holds", **arguments)


@pytest.fixture
def market(chain: Chain) -> Market:
    return Market(chain)


def test_given_and_given_back(market: Market) -> None:
    pledgor, lender, _ = market.banks
    pledge = market.give(pledgor, lender, 60)
    assert (market.amounts(pledgor), market.amounts(lender)) == ((40, 0), (100, 60))
    market.release(lender, pledge, 25)
    assert market.find(pledgor, pledge)["status"] == "ACTIVE"
    assert (market.amounts(pledgor), market.amounts(lender)) == ((65, 0), (100, 35))
    market.release(lender, pledge, 35)
    assert market.find(pledgor, pledge)["status"] == "RELEASED"
    assert (market.amounts(pledgor), market.amounts(lender)) == ((100, 0), (100, 0))
    with aborts("STATUS"):
        market.release(lender, pledge, 1)


def test_on_default_it_is_the_lender_s(market: Market) -> None:
    """Not before it is due, and only what was not released."""
    pledgor, lender, _ = market.banks
    pledge = market.give(pledgor, lender, 60)
    market.release(lender, pledge, 10)
    with aborts("DATES"):
        market.chain.call(lender, "pledges", "enforce", pledge=pledge)
    market.chain.clock.advance(days=31)
    assert market.chain.call(lender, "pledges", "enforce", pledge=pledge) == 50
    assert (market.amounts(pledgor), market.amounts(lender)) == ((50, 0), (150, 0))
    assert market.find(pledgor, pledge)["status"] == "ENFORCED"
    with aborts("STATUS"):
        market.chain.call(lender, "pledges", "enforce", pledge=pledge)


def test_what_is_pledged_is_nobody_s_to_sell(market: Market) -> None:
    pledgor, lender, other = market.banks
    market.give(pledgor, lender, 60)
    for owner, quantity in ((pledgor, 41), (lender, 101)):
        arguments = {"isin": ISIN, "quantity": quantity, "receiver": other}
        with aborts("INSUFFICIENT"):
            market.chain.call(owner, "pledges", "transfer", **arguments)
    with aborts("INSUFFICIENT"):
        market.give(pledgor, other, 41)
    with aborts("DOMAIN"):
        market.give(pledgor, other, 0)


def test_one_pledge_is_not_released_from_another(market: Market) -> None:
    """Plenty stands in the lender's column, but not under this name."""
    first, lender, second = market.banks
    small, large = market.give(first, lender, 10), market.give(second, lender, 90)
    with aborts("INSUFFICIENT"):
        market.release(lender, small, 11)
    market.release(lender, small, 10)
    assert (market.amounts(lender), market.holds(lender, large)) == ((100, 90), 90)


def test_the_lender_alone_releases_and_enforces(market: Market) -> None:
    pledgor, lender, other = market.banks
    pledge = market.give(pledgor, lender, 60)
    for party, code in ((pledgor, "PARTIES"), (other, "UNKNOWN")):
        with aborts(code):
            market.release(party, pledge, 60)
        with aborts(code):
            market.chain.call(party, "pledges", "enforce", pledge=pledge)
    with aborts("PARTIES"):
        market.give(pledgor, pledgor, 1)


def test_both_parties_see_it_and_nobody_else(market: Market) -> None:
    pledgor, lender, other = market.banks
    pledge = market.give(pledgor, lender, 60)
    assert market.find(pledgor, pledge)["quantity"] == market.find(lender, pledge)["quantity"]
    assert market.holds(lender, pledge) == 60
    assert market.holds(lender, pledge, other) is None
    with aborts("ACCESS"):
        market.find(other, pledge)
    event = market.chain.events[-1]
    assert event.name == "Changed"
    assert len(event.addressees) == 2


def test_whatever_is_given_and_released_adds_up(new_chain: NewChain) -> None:
    """Copies, locks and columns say the same after every step."""
    market, chance = Market(new_chain("both")), random.Random(7)
    known: dict[bytes, tuple[Party, Party, int]] = {}
    for _ in range(40):
        if known and chance.random() < 0.5:
            pledge = chance.choice(list(known))
            pledgor, lender, quantity = known[pledge]
            part = chance.randint(1, quantity)
            market.release(lender, pledge, part)
            known[pledge] = (pledgor, lender, quantity - part)
            known = {name: item for name, item in known.items() if item[2]}
        else:
            pledgor, lender = chance.sample(market.banks, 2)
            quantity = chance.randint(1, 30)
            if quantity <= market.amounts(pledgor)[0]:
                known[market.give(pledgor, lender, quantity)] = (pledgor, lender, quantity)
        for bank in market.banks:
            mine = {name: item[2] for name, item in known.items() if item[1] == bank}
            assert {name: market.holds(bank, name) for name in mine} == mine
            assert market.amounts(bank)[1] == sum(mine.values())
    assert sum(sum(market.amounts(bank)) for bank in market.banks) == 300
