"""The market that trades: three banks, their accounts, instruments, and our own book.

The book is kept here from what was sent alone; at the end the ledger's balances
are held against it. Quantities are hundredths of a share, amounts sen.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from daicho.admin.deploy import deploy_contract_set
from daicho.admin.network import Network
from daicho.bench.courier import CountedSequences, Courier, Parcel, send_all
from daicho.gateway import LedgerClient, Party
from daicho.gateway.client import GasClass
from daicho.query.book import Contract, ContractBook

BANKS = ("bankA", "bankB", "bankC")
OTHERS = ("adm", "trust", "issX")
LANES = 60
"""Per bank; a sender may have 64, each 1,024 sequences ahead of its oldest open one."""
EXPIRY_S = 6 * 3_600.0
LAPSE_US = 12 * 3_600_000_000
TIMEOUT_S = 60.0
UNDERWRITERS_MAX = 20
SHARES_EACH = 1_000_000
"""What every account is allotted of one instrument: no run sells it out."""
DEPOSIT = 10**13
"""Yen that each bank begins with."""
EVERY_PRICES = 50
EVERY_QUANTITIES = 7


@dataclass(frozen=True)
class Account:
    """A securities account: in whose books, and the instrument it was allotted."""

    bank: int
    id: bytes
    isin: str


@dataclass(frozen=True)
class Trade:
    """Shares against money between accounts of two banks."""

    seller: Account
    buyer: Account
    shares: int
    price: int

    @property
    def yen(self) -> int:
        """What the buyer's bank pays."""
        return self.shares * self.price

    def terms(self) -> dict[str, object]:
        """What both sides state alike."""
        return {
            "isin": self.seller.isin,
            "quantity": Decimal(self.shares),
            "price": Decimal(self.price),
            "consideration": Decimal(self.yen),
            "signoff": "NONE",
        }


@dataclass(frozen=True)
class Dvp:
    """A trade that stands as an allegement, and its confirmation, sealed and not sent."""

    trade: Trade
    parcel: Parcel


@dataclass
class OwnBook:
    """What must be on the ledger if everything that was acknowledged happened."""

    shares: dict[tuple[bytes, str], int] = field(default_factory=dict)
    yen: list[int] = field(default_factory=lambda: [0] * len(BANKS))

    def settle(self, trade: Trade) -> None:
        """Both legs of a trade."""
        self._move(trade.seller.id, trade.seller.isin, -trade.shares)
        self._move(trade.buyer.id, trade.seller.isin, trade.shares)
        self.yen[trade.buyer.bank] -= trade.yen
        self.yen[trade.seller.bank] += trade.yen

    def allot(self, account: Account, shares: int) -> None:
        """Shares out of an issue."""
        self._move(account.id, account.isin, shares)

    def _move(self, account: bytes, isin: str, shares: int) -> None:
        key = (account, isin)
        self.shares[key] = self.shares.get(key, 0) + shares
        assert self.shares[key] >= 0, "nobody sells what it has not"


def isin(number: int) -> str:
    """A made-up ISIN (ISO 6166) with its check digit, by the Luhn rule."""
    body = f"JP{number:09d}"
    digits = "".join(str(int(letter, 36)) for letter in body)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


class Market:
    """The parties at their gateways, and everything they set up before the clock starts."""

    def __init__(
        self, network: Network, accounts: int, instruments: int, note: Callable[[str], None]
    ) -> None:
        self.network = network
        self.note = note
        self.book = OwnBook()
        self.isins = [isin(number) for number in range(1, instruments + 1)]
        self.accounts = [
            Account(number % len(BANKS), secrets.token_bytes(16), self.isins[number % instruments])
            for number in range(accounts)
        ]
        self._couriers = {name: self._courier(name) for name in (*BANKS, *OTHERS)}
        self._contracts: dict[str, Contract] = {}
        self._lanes = count()
        self._trades = self._endless_trades()

    def close(self) -> None:
        """Leave every gateway."""
        for courier in self._couriers.values():
            courier.client.close()

    @property
    def banks(self) -> list[Courier]:
        """The banks' traffic."""
        return [self._couriers[name] for name in BANKS]

    def contract(self, name: str) -> Contract:
        """A deployed contract."""
        return self._contracts[name]

    def prepare(self) -> None:
        """Contracts, registrations, money, accounts and shares."""
        self._deploy()
        self._stage("institutions and the issuer", self._registrations())
        self._stage("instruments", self._instruments())
        self._stage("issues and deposits", self._issues())
        self._stage("accounts", self._openings())
        self._stage("allotments", self._allotments())

    def alleged(self, number: int) -> list[Dvp]:
        """So many new trades, entered by the sellers; confirmations sealed in their order."""
        trades = [next(self._trades) for _ in range(number)]
        entries = [self._seal_entry(trade) for trade in trades]
        self._stage("allegements", entries)
        pairs = zip(trades, entries, strict=True)
        return [Dvp(trade, self._seal_confirmation(trade, entry)) for trade, entry in pairs]

    # Below: how it is set up.

    def _courier(self, name: str) -> Courier:
        party = Party.open(self.network.party(name))
        gateway = name if name in BANKS else "exchange"
        client = LedgerClient(
            party, node=gateway, sequences=CountedSequences(), timeout_s=TIMEOUT_S
        )
        return Courier(client)

    def _deploy(self) -> None:
        operator = Party.open(self.network.party("exchange"))
        book = ContractBook(self.network.folder)
        with LedgerClient(operator, timeout_s=TIMEOUT_S) as client:
            deploy_contract_set(client, book)
        self._contracts = {name: book.get(name) for name in book.names().values()}

    def _stage(self, what: str, parcels: Sequence[Parcel]) -> None:
        started = time.monotonic()
        send_all(parcels, TIMEOUT_S)
        self.note(f"{len(parcels):6} {what}, {time.monotonic() - started:.1f} s")

    def _call(
        self, who: str, contract: str, entry: str, gas: GasClass = "small", **arguments: object
    ) -> Parcel:
        courier, called = self._couriers[who], self._contracts[contract]
        item = courier.client.seal(
            called.number,
            called.entry(entry),
            called.arguments(entry, arguments),
            gas=gas,
            lane=next(self._lanes) % LANES,
            expiry_s=EXPIRY_S,
        )
        return Parcel(courier, item)

    def _id(self, who: str) -> bytes:
        return self._couriers[who].client.party.file.party

    def _lei(self, who: str) -> str:
        return self._couriers[who].client.party.file.lei

    def _registrations(self) -> list[Parcel]:
        institutions = [
            self._call(
                "adm",
                "reference",
                "register_institution",
                institution=self._id(bank),
                lei=self._lei(bank),
                name=bank,
            )
            for bank in BANKS
        ]
        issuer = self._call(
            "adm",
            "reference",
            "register_issuer",
            issuer=self._id("issX"),
            lei=self._lei("issX"),
            name="Issuer X",
            account=secrets.token_bytes(16),
        )
        return [*institutions, issuer]

    def _instruments(self) -> list[Parcel]:
        register = "register_instrument"
        issuer = self._id("issX")
        return [
            self._call("adm", "reference", register, isin=isin, issuer=issuer, name=isin)
            for isin in self.isins
        ]

    def _issues(self) -> list[Parcel]:
        quantity = Decimal(SHARES_EACH * len(self.accounts))
        issues = [
            self._call(
                "adm",
                "securities",
                "issue",
                isin=isin,
                quantity=quantity,
                request=secrets.token_bytes(32),
            )
            for isin in self.isins
        ]
        self.book.yen = [DEPOSIT] * len(BANKS)
        deposits = [
            self._call(
                "trust",
                "cash",
                "confirm_deposit",
                holder=self._id(bank),
                amount=Decimal(DEPOSIT),
                reference=f"deposit of {bank}",
            )
            for bank in BANKS
        ]
        return [*issues, *deposits]

    def _openings(self) -> list[Parcel]:
        return [
            self._call(
                BANKS[account.bank],
                "securities",
                "open_account",
                account=account.id,
                name=f"Investor {number}",
            )
            for number, account in enumerate(self.accounts)
        ]

    def _allotments(self) -> list[Parcel]:
        parcels = []
        for isin in self.isins:
            takers = [each for each in self.accounts if each.isin == isin]
            parts = range(0, len(takers), UNDERWRITERS_MAX)
            parcels += [self._allotment(isin, takers[at : at + UNDERWRITERS_MAX]) for at in parts]
        return parcels

    def _allotment(self, isin: str, takers: Sequence[Account]) -> Parcel:
        for taker in takers:
            self.book.allot(taker, SHARES_EACH)
        underwriters: list[dict[str, Any]] = [
            {"bank": self._id(BANKS[taker.bank]), "account": taker.id, "weight": 1}
            for taker in takers
        ]
        quantity = Decimal(SHARES_EACH * len(takers))
        return self._call(
            "adm",
            "securities",
            "allot",
            gas="medium",
            isin=isin,
            quantity=quantity,
            underwriters=underwriters,
        )

    def _endless_trades(self) -> Iterator[Trade]:
        """Every account sells in turn, each time to an account further on at another bank."""
        number = len(self.accounts)
        for step in count():
            seller = self.accounts[step % number]
            # Accounts go round the banks, so that the first try is the last but at the seam.
            apart = 1 + len(BANKS) * (step // number * 7 + step % 11)
            while (buyer := self.accounts[(step + apart) % number]).bank == seller.bank:
                apart += 1
            yield Trade(seller, buyer, 1 + step % EVERY_QUANTITIES, 100 + step % EVERY_PRICES)

    def _seal_entry(self, trade: Trade) -> Parcel:
        return self._call(
            BANKS[trade.seller.bank],
            "trades",
            "enter",
            counterparty=self._id(BANKS[trade.buyer.bank]),
            side="SELL",
            terms=trade.terms(),
            account=trade.seller.id,
            lapses_at=time.time_ns() // 1_000 + LAPSE_US,
        )

    def _seal_confirmation(self, trade: Trade, entry: Parcel) -> Parcel:
        return self._call(
            BANKS[trade.buyer.bank],
            "trades",
            "confirm",
            trade=entry.item.tx_id,
            side="BUY",
            terms=trade.terms(),
            account=trade.buyer.id,
        )
