"""The words that the examples share: units, text types, failure codes.

No state, no entry points: not deployed, compiled into whoever imports it.
"""

from daicho.contract import Annotated, Code, Decimal, Digits, MaxLen, Money, Quantity, Str

edition = 1


class JPY(Money, scale=2): ...


class Nominal(Quantity, scale=0): ...


Isin = Annotated[Str, MaxLen(12)]
Centre = Annotated[Str, MaxLen(4)]
Reference = Annotated[Str, MaxLen(35)]
Rate = Annotated[Decimal, Digits(12, 9)]
Fraction = Annotated[Decimal, Digits(18, 10)]
"""A part of a year."""


class Error(Code):
    DUP = 1001
    AMOUNT = 1002
    UNKNOWN = 1003
    STATUS = 1004
    DATES = 1005
    NO_BUSINESS_DAY = 1006
    CLOSED = 1007
    MISMATCH = 1008
    LAPSE_TIME = 1009
    PARTIES = 1010
    PATHS = 1011
