"""Words that every contract of the market shares: units, texts, failure codes.

Only declarations and helpers without state stand here; this file is not deployed.
"""

from daicho.contract import (
    DOWN,
    EXACT,
    U32,
    Annotated,
    Code,
    Decimal,
    Digits,
    MaxLen,
    Money,
    Party,
    Quantity,
    Role,
    Str,
    has_role,
    require,
    sender,
)

edition = 1


class JPY(Money, scale=2):
    """Yen, kept in sen, so that a dividend per share stays exact."""


class Shares(Quantity, scale=2):
    """Units of a security, kept in hundredths."""


# Rows that a query gives at once: with every text at its longest they fit one result.
LIST_MAX = 150

Price = Annotated[Decimal, Digits(18, 4)]
Lei = Annotated[Str, MaxLen(20)]
Isin = Annotated[Str, MaxLen(12)]
Name = Annotated[Str, MaxLen(64)]
Reference = Annotated[Str, MaxLen(35)]


class Error(Code):
    """One list for the whole set: a code means the same in every contract."""

    ACCESS = 1001
    DUP = 1002
    BAD_LEI = 1003
    BAD_ISIN = 1004
    UNKNOWN_INSTITUTION = 1005
    UNKNOWN_ISSUER = 1006
    UNKNOWN_INSTRUMENT = 1007
    UNKNOWN_ACCOUNT = 1008
    UNKNOWN_PAYOUT = 1009
    UNKNOWN_TRADE = 1010
    UNKNOWN_ACTION = 1011
    AMOUNT = 1012
    WEIGHTS = 1013
    RATIO = 1014
    HALTED = 1015
    NOT_SETTLEMENT_BANK = 1016
    NOT_BACKED = 1017
    MISMATCH = 1018
    STATUS = 1019
    LAPSE_TIME = 1020
    NO_REQUEST = 1021
    RECORD_TIME = 1022


def require_own(holder: Party) -> None:
    """A list is for its holder and the administrator.

    Rows of others are invisible to a query in any case; this turns what would
    be an empty list into the refusal that a single row gets.
    """
    require(holder == sender() or has_role(Role.ADMINISTRATOR), Error.ACCESS)


def split_quantity(quantity: Shares, new: U32, old: U32) -> Shares:
    """`quantity` after a split: times new over old, rounded down to the hundredth."""
    return Shares.of((quantity.decimal * new).div(old, 2, DOWN), EXACT)
