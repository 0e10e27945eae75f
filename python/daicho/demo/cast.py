"""Who and what appears in the day: instruments, banks, investors, prices.

The amounts that are put in stand here, those that must come out stand in
`expectations.toml` with the arithmetic between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

BANKS = ("bankA", "bankB", "bankC")
"""The members that underwrite and trade; further banks of a profile only order."""

ISIN_X = "JP3999000015"
ISIN_Y = "JP3999000023"
ISIN_MISTYPED = "JP3999000051"
"""The first one with two digits transposed: the check digit tells."""

ISSUE_X = 1_000_000
ISSUE_Y = 1_000
WEIGHTS_X = {"bankA": 60, "bankB": 30, "bankC": 10}
WEIGHTS_Y = {"bankA": 1, "bankB": 1, "bankC": 1}

DEPOSITS = {"bankA": 5_100_000, "bankB": 20_000_000, "bankC": 8_000_000, "issX": 2_100_000}
REDEEMED_BY_A = 100_000

DIVIDEND_PER_SHARE = Decimal(2)
SPLIT_NEW, SPLIT_OLD = 2, 1


@dataclass(frozen=True)
class Holder:
    """A securities account: at which bank, and whose name stands in the register."""

    bank: str
    name: str


HOLDERS = {
    "houseA": Holder("bankA", "Bank A, own book"),
    "houseB": Holder("bankB", "Bank B, own book"),
    "houseC": Holder("bankC", "Bank C, own book"),
    "ito": Holder("bankA", "Ito Hana"),
    "mori": Holder("bankB", "Mori Ken"),
    "sato": Holder("bankC", "Sato Rin"),
    "abe": Holder("bankC", "Abe Jun"),
}
"""Accounts by a short name of this script; on the ledger each is 16 random bytes."""

HOUSES = {"bankA": "houseA", "bankB": "houseB", "bankC": "houseC"}
"""Each bank's own account, where its allotment is booked."""


@dataclass(frozen=True)
class Trade:
    """A bilateral trade in instrument X, between two accounts."""

    seller: str
    buyer: str
    quantity: Decimal
    price: Decimal
    signoff: str = "NONE"

    @property
    def consideration(self) -> Decimal:
        """What the buyer's bank pays."""
        return self.quantity * self.price


def trade(seller: str, buyer: str, quantity: str, price: str, signoff: str = "NONE") -> Trade:
    """A trade in the day's own notation."""
    return Trade(seller, buyer, Decimal(quantity), Decimal(price), signoff)


SALES = (
    trade("houseA", "ito", "100", "40"),
    trade("houseA", "mori", "1000.25", "40"),
    trade("houseB", "sato", "5000", "40"),
)
MISHEARD = trade("houseC", "houseA", "500", "42")
MISHEARD_PRICE = Decimal(43)
TOO_DEAR = trade("houseA", "houseC", "1000", "7821.001")
"""One yen more than bank C has at that moment."""
SOLD_TWICE = trade("houseC", "houseA", "60000", "40")
"""Bank C has 99,500: enough for one of these, not for two."""
APPROVED = trade("houseA", "houseB", "10000", "41", "SECURITIES")
REJECTED = trade("houseB", "houseC", "2000", "41", "CASH")
LEFT_TO_LAPSE = trade("houseB", "houseC", "10", "40")
BATCH = trade("houseB", "abe", "10", "40")
BATCH_TRADES = 24
AFTER_RECORD = trade("mori", "abe", "1000.25", "42")
OPEN_OVER_SPLIT = trade("houseB", "houseA", "760400", "37.44")
