"""What delivery.py is written with: units, codes, and a helper that is compiled into it."""

from daicho.contract import Code, Money, Quantity, require

edition = 1


class JPY(Money, scale=0):
    """Whole yen."""


class Shares(Quantity, scale=0):
    """Whole shares."""


class Error(Code):
    NO_SHARES = 1001
    NO_MONEY = 1002


def require_money(has: JPY, price: JPY) -> None:
    """Who pays has what it pays."""
    require(has >= price, Error.NO_MONEY)
