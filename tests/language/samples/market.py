"""Words that every contract of the market shares: units, names, roles of text."""

from daicho.contract import (
    Annotated,
    Decimal,
    Digits,
    MaxLen,
    Money,
    Quantity,
    Str,
)

edition = 1


class JPY(Money, scale=2):
    """Yen, kept in sen so that a dividend per share stays exact."""


class Shares(Quantity, scale=2):
    """Units of a security, in hundredths."""


Price = Annotated[Decimal, Digits(18, 4)]
Lei = Annotated[Str, MaxLen(20)]
Isin = Annotated[Str, MaxLen(12)]
Name = Annotated[Str, MaxLen(64)]
