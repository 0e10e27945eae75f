"""Whatever happens, in whatever order: nothing appears, nothing vanishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.market_chain import X_ISIN, Market, party_id, request

BANKS = ("bankA", "bankB", "bankC")
ACCOUNTS = {"bankA": ("houseA", "P"), "bankB": ("houseB", "Q"), "bankC": ("houseC",)}
PLACES = [(bank, account) for bank, accounts in ACCOUNTS.items() for account in accounts]
HOUR_US = 3_600_000_000
ALLOWED = {"OK", "INSUFFICIENT", "STATUS", "UNKNOWN_TRADE", "MISMATCH"}

place = st.sampled_from(PLACES)
amount = st.integers(1, 60_000).map(lambda hundredths: str(Decimal(hundredths) / 100))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("transfer"), place, place, amount),
        st.tuples(
            st.just("trade"),
            place,
            place,
            amount,
            amount,
            st.sampled_from(["NONE", "SECURITIES", "CASH", "BOTH"]),
        ),
        st.tuples(st.just("approve"), st.integers(0, 9), st.sampled_from(["CASH", "SECURITIES"])),
        st.tuples(st.just("reject"), st.integers(0, 9)),
        st.tuples(st.just("deposit"), st.sampled_from([*BANKS, "issX"]), amount),
        st.tuples(st.just("redeem"), st.sampled_from(BANKS), amount),
        st.tuples(st.just("issue"), amount),
        st.tuples(st.just("dividend"), st.sampled_from(["0.01", "0.3333", "2"])),
        st.tuples(st.just("split"), st.sampled_from([(2, 1), (3, 2), (1, 3)])),
    ),
    min_size=5,
    max_size=25,
)


@dataclass
class Run:
    """Plays steps; each may be refused, none may break the books."""

    market: Market
    trades: list[bytes] = field(default_factory=list)

    def __call__(self, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        codes = getattr(self, kind)(*rest)
        assert set(codes) <= ALLOWED, (step, codes)

    def _call(self, who: str, contract: str, name: str, **arguments: Any) -> str:
        return self.market.call(who, contract, name, **arguments).code

    def transfer(
        self, source: tuple[str, str], target: tuple[str, str], quantity: str
    ) -> list[str]:
        arguments = {
            "account": party_id(source[1]),
            "to_bank": party_id(target[0]),
            "to_account": party_id(target[1]),
        }
        return [
            self._call(
                source[0], "securities", "transfer", isin=X_ISIN, quantity=quantity, **arguments
            )
        ]

    def trade(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        quantity: str,
        money: str,
        signoff: str,
    ) -> list[str]:
        terms = {
            "isin": X_ISIN,
            "quantity": quantity,
            "price": "1",
            "consideration": money,
            "signoff": signoff,
        }
        entered = self.market.call(
            source[0],
            "trades",
            "enter",
            counterparty=party_id(target[0]),
            side="SELL",
            terms=terms,
            account=party_id(source[1]),
            lapses_at=self.market.now + HOUR_US,
        )
        self.trades.append(entered.result)
        confirm = {
            "trade": entered.result,
            "side": "BUY",
            "terms": terms,
            "account": party_id(target[1]),
        }
        return [entered.code, self._call(target[0], "trades", "confirm", **confirm)]

    def approve(self, index: int, leg: str) -> list[str]:
        chosen = self.trades[index % len(self.trades)] if self.trades else request("none")
        return [self._call("adm", "trades", "approve", isin=X_ISIN, trade=chosen, leg=leg)]

    def reject(self, index: int) -> list[str]:
        chosen = self.trades[index % len(self.trades)] if self.trades else request("none")
        return [self._call("adm", "trades", "reject", isin=X_ISIN, trade=chosen)]

    def deposit(self, holder: str, money: str) -> list[str]:
        self.market.deposit(holder, money)
        return ["OK"]

    def redeem(self, bank: str, money: str) -> list[str]:
        reference = f"R{self.market.sent}"
        return [
            self._call(
                bank,
                "cash",
                "redeem",
                trust_bank=party_id("trust"),
                amount=money,
                reference=reference,
            )
        ]

    def issue(self, quantity: str) -> list[str]:
        name = request(f"issue {self.market.sent}")
        return [
            self._call("adm", "securities", "issue", isin=X_ISIN, quantity=quantity, request=name)
        ]

    def _action(self, name: str, **arguments: Any) -> list[str]:
        made = {
            "isin": X_ISIN,
            "record_time": self.market.now,
            "request": request(f"{name}{self.market.sent}"),
        }
        announced = self._call("adm", "corporate_actions", name, **made, **arguments)
        executed = self._call(
            "adm", "corporate_actions", "execute", issuer=party_id("issX"), action=made["request"]
        )
        return [announced, executed]

    def dividend(self, per_share: str) -> list[str]:
        return self._action("announce_dividend", per_share=per_share)

    def split(self, ratio: tuple[int, int]) -> list[str]:
        return self._action("announce_split", new=ratio[0], old=ratio[1])


def check_shares(market: Market) -> None:
    """Σ holders = issued = Σ positions = Σ omnibus, and line by line."""
    lines = market.register()
    total = Decimal(0)
    for bank in BANKS:
        held = {
            account: sum(market.shares(bank, account), Decimal(0)) for account in ACCOUNTS[bank]
        }
        assert {name: lines.get(name, 0) for name in held} == held
        omnibus = market.query(bank, "securities", "omnibus_of", bank=party_id(bank), isin=X_ISIN)
        assert (omnibus.result["quantity"] if omnibus.code == "OK" else 0) == sum(held.values())
        total += sum(held.values(), Decimal(0))
    own = market.ask("issX", "securities", "own_shares", issuer=party_id("issX"), isin=X_ISIN)
    assert lines.get("issX", 0) == own["available"]
    assert own["earmarked"] == 0
    issued = market.ask("issX", "securities", "issued", issuer=party_id("issX"), isin=X_ISIN)
    assert issued["quantity"] == total + own["available"] == sum(lines.values())
    assert all(quantity > 0 for quantity in lines.values())


def check_cash(market: Market) -> None:
    """Σ tokens = deposited - redeemed."""
    backing = market.ask("trust", "cash", "backing", trust_bank=party_id("trust"))
    tokens = sum(
        (sum(market.tokens(holder), Decimal(0)) for holder in (*BANKS, "issX")), Decimal(0)
    )
    assert tokens == backing["outstanding"] == backing["deposited"] - backing["redeemed"]


def check_earmarks(market: Market) -> None:
    """What is earmarked is what pending trades need, to the hundredth."""
    shares: dict[bytes, Decimal] = {}
    money: dict[bytes, Decimal] = {}
    for row in market.ask("adm", "trades", "open_trades", isin=X_ISIN, after=None):
        if row["status"] == "PENDING":
            sale = {"holder": row["seller"], "trade": row["trade"], "side": "SELL"}
            found = market.ask("adm", "trades", "find_trade", **sale)
            terms, account = found["terms"], found["account"]
            shares[account] = shares.get(account, Decimal(0)) + terms["quantity"]
            money[row["buyer"]] = money.get(row["buyer"], Decimal(0)) + terms["consideration"]
    for bank, account in PLACES:
        assert market.shares(bank, account)[1] == shares.get(party_id(account), 0)
    for bank in BANKS:
        assert market.tokens(bank)[1] == money.get(party_id(bank), 0)


@settings(max_examples=40, deadline=None)
@given(steps=steps)
def test_books_tie_after_every_step(
    new_market: Callable[[], Market], steps: list[tuple[Any, ...]]
) -> None:
    """R71, R79, R50, R57: cash and securities together or not at all; Σ tokens = confirmed
    deposits;
    sums tie to omnibus; register updated. After every step of any sequence.
    """
    market = new_market()
    for bank, accounts in ACCOUNTS.items():
        market.open(bank, *accounts)
    market.issue_to(X_ISIN, bankA="houseA:500", bankB="Q:300")
    for holder in (*BANKS, "issX"):
        market.deposit(holder, "1000")
    run = Run(market)
    for step in steps:
        run(step)
        check_shares(market)
        check_cash(market)
        check_earmarks(market)
