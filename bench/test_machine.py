"""Contracts of the set on the real machine, in this process and over a ledger in memory."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from daicho.bench.market import isin
from daicho.identity.lei import lei_with_check_digits
from daicho.resources import contract_set
from daicho.testing import Call, Chain, account

BATCH = 64
ROUNDS = 20
LAPSE_US = 10**12
ISIN = isin(1)


class Market:
    """Two banks with an account each, shares and money."""

    def __init__(self) -> None:
        self.chain = Chain.of_folder(contract_set())
        self.adm = self.chain.party("adm", "ADMINISTRATOR")
        self.trust = self.chain.party("trust", "TRUST_BANK")
        self.banks = [self.chain.party(name, "MEMBER") for name in ("bank A", "bank B")]
        self.accounts = [account(f"investor of {bank.name}") for bank in self.banks]
        self._register()

    def _register(self) -> None:
        call, adm = self.chain.call, self.adm
        issuer = account("issuer")
        for number, bank in enumerate(self.banks):
            lei = lei_with_check_digits(f"9999000000000000{number:02}")
            call(
                adm,
                "reference",
                "register_institution",
                institution=bank.id,
                lei=lei,
                name=bank.name,
            )
            holder = self.accounts[number]
            call(bank, "securities", "open_account", account=holder, name="Investor")
        call(
            adm,
            "reference",
            "register_issuer",
            issuer=issuer,
            lei=lei_with_check_digits("999900000000000099"),
            name="Issuer",
            account=account("own"),
        )
        call(adm, "reference", "register_instrument", isin=ISIN, issuer=issuer, name="Share")
        shares = Decimal(10**9)
        call(adm, "securities", "issue", isin=ISIN, quantity=shares, request=bytes(32))
        takers = [{"bank": self.banks[0].id, "account": self.accounts[0], "weight": 1}]
        call(adm, "securities", "allot", isin=ISIN, quantity=shares, underwriters=takers)
        for bank in self.banks:
            call(
                self.trust,
                "cash",
                "confirm_deposit",
                holder=bank.id,
                amount=Decimal(10**12),
                reference=f"deposit of {bank.name}",
            )

    def transfer(self) -> Call:
        """Shares from A's account to B's."""
        arguments = {
            "isin": ISIN,
            "quantity": Decimal(1),
            "account": self.accounts[0],
            "to_bank": self.banks[1].id,
            "to_account": self.accounts[1],
        }
        return Call(self.banks[0], "securities", "transfer", arguments)

    def confirmations(self, number: int) -> list[Call]:
        """A enters so many sales, in one block; B's confirmations of them."""
        terms: dict[str, object] = {
            "isin": ISIN,
            "quantity": Decimal(1),
            "price": Decimal(100),
            "consideration": Decimal(100),
            "signoff": "NONE",
        }
        entry = {
            "counterparty": self.banks[1].id,
            "side": "SELL",
            "terms": terms,
            "account": self.accounts[0],
            "lapses_at": self.chain.time_us + LAPSE_US,
        }
        calls = [Call(self.banks[0], "trades", "enter", entry) for _ in range(number)]
        return [self._confirmation(outcome.value, terms) for outcome in self.chain.block(calls)]

    def _confirmation(self, trade: object, terms: dict[str, object]) -> Call:
        arguments = {
            "trade": trade,
            "side": "BUY",
            "terms": terms,
            "account": self.accounts[1],
        }
        return Call(self.banks[1], "trades", "confirm", arguments)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market()


def _measure(benchmark: Any, market: Market, calls: Callable[[], list[Call]]) -> None:
    def fresh() -> tuple[tuple[Callable[[], list[dict[str, Any]]]], dict[str, Any]]:
        return (market.chain.prepared(calls()),), {}

    def run(block: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        return block()

    outcomes = benchmark.pedantic(run, setup=fresh, rounds=ROUNDS)
    assert {outcome["name"] for outcome in outcomes} == {"OK"}
    benchmark.extra_info.update(
        batch=BATCH,
        one_figure_is=f"one block of {BATCH} calls",
        gas_each=outcomes[0]["gas_used"],
        steps_each=outcomes[0]["steps"],
        rows_in_ledger=len(market.chain.rows()),
        ledger="in memory, without trees, sealing and disk",
    )


def test_transfer(benchmark: Any, market: Market) -> None:
    """`securities.transfer`: positions, totals, register and an event."""
    _measure(benchmark, market, lambda: [market.transfer()] * BATCH)


def test_confirm(benchmark: Any, market: Market) -> None:
    """R113: "Run contract code efficiently": `trades.confirm`, both legs of a DVP."""
    _measure(benchmark, market, lambda: market.confirmations(BATCH))
