"""A coupon bond from issue to redemption: stubs, holidays, pages of holders, missed coupons."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

import pytest

from daicho.testing import Chain, Party, aborts

ISIN = "JP1234567890"
DAY = datetime.date
RATE = Fraction(2, 100)
HOLDERS = 45
"""Three pages: twenty, twenty, five."""

SHORT_STUB: dict[str, Any] = {
    "rate": "0.02",
    "basis": "ACT_ACT_ICMA",
    "issue_date": DAY(2026, 2, 1),
    "first_coupon": DAY(2026, 5, 15),
    "maturity": DAY(2027, 5, 15),
    "months": 6,
    "end_of_month": False,
    "convention": "FOLLOWING",
    "centres": ["JPTO"],
    "record_days": 2,
}
LONG_STUB = {**SHORT_STUB, "first_coupon": DAY(2026, 11, 15)}
SHORT_PART = Fraction(103, 181) / 2
"""1 February to 15 May, in the half-year from 15 November."""
LONG_PART = (Fraction(103, 181) + 1) / 2


class Market:
    """An issuer, a first holder, and the day's routine."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.admin = chain.party("CSD", "ADMINISTRATOR")
        self.issuer = chain.party("issX", "ISSUER")
        self.first = chain.party("bank 0", "MEMBER")
        holidays = [DAY(2026, 5, 15), DAY(2026, 5, 14)]
        chain.call(self.admin, "calendars", "add_holidays", centre="JPTO", days=holidays)

    def issue(self, terms: dict[str, Any], nominal: int = 1_000_000, *, fund: str) -> None:
        self.fund(fund)
        who = {"issuer": self.issuer, "holder": self.first}
        self.chain.call(
            self.admin, "bonds", "issue", isin=ISIN, terms=terms, nominal=nominal, **who
        )

    def fund(self, amount: str) -> None:
        self.chain.call(self.admin, "purses", "bring_in", holder=self.issuer, amount=amount)

    def give(self, holder: Party, nominal: int) -> None:
        give = {"isin": ISIN, "holder": holder, "nominal": nominal}
        self.chain.call(self.first, "bonds", "transfer", **give)

    def until(self, day: datetime.date) -> list[str]:
        """The next block is at that day's beginning; the timers that it runs."""
        self.chain.clock.set(day)
        return self.tick()

    def tick(self) -> list[str]:
        self.chain.block([])
        assert all(run.outcome.ok for run in self.chain.timers), self.chain.timers
        return [run.name for run in self.chain.timers]

    def coupons(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.chain.query(self.first, "bonds", "coupons_of", isin=ISIN)
        return found

    def cash(self, holder: Party) -> Decimal:
        return Decimal(str(self.chain.query(holder, "purses", "balance", holder=holder)))

    def paid(self, holder: Party) -> list[tuple[int, Decimal, Decimal]]:
        asked = {"holder": holder, "isin": ISIN}
        found = self.chain.query(holder, "bonds", "payments_of", **asked)
        return [
            (row["number"], Decimal(row["interest"]), Decimal(row["redemption"])) for row in found
        ]


@pytest.fixture
def market(chain: Chain) -> Market:
    return Market(chain)


def interest(nominal: int, part: Fraction) -> Decimal:
    """Nominal x rate x part of the year, ten places of the part, rounded down to the sen."""
    rounded = Decimal(round(part * 10**10)).scaleb(-10)
    exact = Decimal(nominal) * Decimal("0.02") * rounded
    return exact.quantize(Decimal("0.01"), rounding=ROUND_DOWN)


def test_a_bond_with_a_short_first_period_runs_its_course(market: Market) -> None:
    """R26: "3-step affirm contract plus coupon bond with stub runs through lifecycle"."""
    market.issue(SHORT_STUB, fund="2000000")
    assert market.until(DAY(2026, 5, 15)) == [], "Friday is a holiday: paid on Monday"
    assert market.until(DAY(2026, 5, 18)) == ["pay_coupon"]
    assert market.paid(market.first) == [(1, interest(1_000_000, SHORT_PART), 0)]
    assert market.until(DAY(2026, 11, 16)) == ["pay_coupon"], "the 15th is a Sunday"
    assert market.until(DAY(2027, 5, 17)) == ["pay_coupon"], "the 15th is a Saturday"
    assert market.paid(market.first) == [
        (1, interest(1_000_000, SHORT_PART), 0),
        (2, Decimal(10_000), 0),
        (3, Decimal(10_000), 1_000_000),
    ]
    assert [
        (row["start"], row["end"], row["pays_on"], row["status"]) for row in market.coupons()
    ] == [
        (DAY(2026, 2, 1), DAY(2026, 5, 15), DAY(2026, 5, 18), "PAID"),
        (DAY(2026, 5, 15), DAY(2026, 11, 15), DAY(2026, 11, 16), "PAID"),
        (DAY(2026, 11, 15), DAY(2027, 5, 15), DAY(2027, 5, 17), "PAID"),
    ]
    paid = interest(1_000_000, SHORT_PART) + 20_000 + 1_000_000
    assert market.cash(market.first) == paid
    assert market.cash(market.issuer) == 2_000_000 - paid
    held = {"holder": market.first, "isin": ISIN}
    assert Decimal(market.chain.query(market.first, "bonds", "position", **held)) == 0
    listed = {"issuer": market.issuer, "isin": ISIN}
    assert market.chain.query(market.issuer, "bonds", "holders", **listed) == []
    assert market.until(DAY(2028, 1, 4)) == [], "nothing is left to do"


def test_a_long_first_period(market: Market) -> None:
    """R26: a "coupon bond with stub", this one longer than a period."""
    market.issue(LONG_STUB, fund="2000000")
    assert market.until(DAY(2026, 5, 18)) == []
    assert market.until(DAY(2026, 11, 16)) == ["pay_coupon"]
    assert market.paid(market.first) == [(1, interest(1_000_000, LONG_PART), 0)]


def test_holders_of_the_record_time_are_paid_page_by_page(market: Market) -> None:
    """Forty-five at the record time; who buys later is not paid, who sold later is."""
    market.issue(SHORT_STUB, fund="2000000")
    holders = [market.chain.party(f"bank {i}", "MEMBER") for i in range(1, HOLDERS)]
    for i, holder in enumerate(holders):
        market.give(holder, 1_000 + i)
    kept = 1_000_000 - sum(1_000 + i for i in range(len(holders)))
    first = market.coupons()[0]
    assert first["record_time"] == microseconds(DAY(2026, 5, 12)), "the 13th is one before the 18th"
    market.until(DAY(2026, 5, 12))
    late = market.chain.party("late", "MEMBER")
    market.give(late, kept)
    counts = []
    for run in (lambda: market.until(DAY(2026, 5, 18)), market.tick, market.tick, market.tick):
        run()
        counts.append(payments_in_block(market.chain))
    assert counts == [20, 20, 5, 0]
    assert market.paid(market.first)[0][1] == interest(kept, SHORT_PART)
    for i, holder in enumerate(holders):
        assert market.paid(holder) == [(1, interest(1_000 + i, SHORT_PART), 0)]
    assert market.paid(late) == []
    market.until(DAY(2026, 11, 16))
    market.tick()
    market.tick()
    assert market.paid(late) == [(2, interest(kept, Fraction(1, 2)), 0)]


def payments_in_block(chain: Chain) -> int:
    events = [event for run in chain.timers for event in run.outcome.events]
    return sum(event.name == "Paid" for event in events)


def microseconds(day: datetime.date) -> int:
    return (day - DAY(1970, 1, 1)).days * 86_400_000_000


def test_a_coupon_that_cannot_be_paid_is_missed_and_paid_later(market: Market) -> None:
    """Two pages are paid, the third cannot be: it goes on from there, nobody is paid twice."""
    holders = [market.chain.party(f"bank {i}", "MEMBER") for i in range(HOLDERS)]
    market.issue(SHORT_STUB, HOLDERS * 1_000, fund="1")
    for holder in holders[1:]:
        market.give(holder, 1_000)
    each = interest(1_000, SHORT_PART)
    market.fund(str(40 * each))
    market.until(DAY(2026, 5, 18))
    market.tick()
    market.tick()
    assert market.coupons()[0]["status"] == "MISSED"
    assert [row["number"] for row in market.coupons()] == [1, 2], "the next one waits for its day"
    paid = [holder for holder in holders if market.paid(holder)]
    assert len(paid) == 40
    assert [event.fields["status"] for event in market.chain.events if event.name == "Ended"] == [
        "MISSED"
    ]
    with aborts("STATUS"):
        market.chain.call(market.admin, "bonds", "pay_missed", isin=ISIN, number=2)
    market.fund("1000000")
    market.chain.call(market.admin, "bonds", "pay_missed", isin=ISIN, number=1)
    market.tick()
    assert market.coupons()[0]["status"] == "PAID"
    assert all(market.paid(holder) == [(1, each, 0)] for holder in holders)
    assert [row["number"] for row in market.coupons()] == [1, 2]


def test_nothing_is_transferred_from_the_last_record_time_on(market: Market) -> None:
    market.issue(SHORT_STUB, fund="2000000")
    other = market.chain.party("bank 1", "MEMBER")
    market.until(DAY(2027, 5, 12))
    market.give(other, 1)
    market.until(DAY(2027, 5, 13))
    with aborts("CLOSED"):
        market.give(other, 1)


CHANGES: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda terms: {**terms, "maturity": DAY(2027, 5, 16)},
    lambda terms: {**terms, "issue_date": DAY(2026, 5, 15)},
    lambda terms: {**terms, "months": 0},
    lambda terms: {**terms, "months": 1, "maturity": DAY(2199, 5, 15)},
]


@pytest.mark.parametrize("change", CHANGES)
def test_terms_that_make_no_schedule_are_refused(
    new_chain: Callable[..., Chain], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    market = Market(new_chain("both"))
    with aborts("DATES"):
        market.issue(change(SHORT_STUB), fund="1")
    assert market.coupons() == []


def test_an_issue_is_made_once_and_by_the_administrator(
    new_chain: Callable[..., Chain],
) -> None:
    market = Market(new_chain("both"))
    market.issue(SHORT_STUB, fund="1")
    with aborts("DUP"):
        market.issue(SHORT_STUB, fund="1")
    market.admin = market.first
    with aborts("ROLE"):
        market.issue(SHORT_STUB, fund="1")
