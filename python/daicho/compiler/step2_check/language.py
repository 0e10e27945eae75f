"""The names that `daicho.contract` gives, and Python's own that are in the language."""

from __future__ import annotations

from daicho.compiler.diagnostics import START
from daicho.compiler.step2_check.scope import BuiltinSymbol, ConstantSymbol, Symbol, TypeSymbol
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    ACCOUNT,
    BOOL,
    BYTES,
    DATE,
    DAY_COUNT,
    DURATION,
    HASH,
    INT,
    PARTY,
    REMAINDER,
    ROLE,
    ROUNDING,
    STR,
    TIMESTAMP,
    TX_ID,
    EnumType,
    IntType,
)

_TYPES = {
    "Account": ACCOUNT,
    "Bool": BOOL,
    "Bytes": BYTES,
    "Date": DATE,
    "DayCount": DAY_COUNT,
    "Duration": DURATION,
    "Hash": HASH,
    "Int": INT,
    "Party": PARTY,
    "Remainder": REMAINDER,
    "Role": ROLE,
    "Rounding": ROUNDING,
    "Str": STR,
    "Timestamp": TIMESTAMP,
    "TxId": TX_ID,
    **{f"U{bits}": IntType(bits, False) for bits in (8, 16, 32, 64, 128)},
    **{f"I{bits}": IntType(bits, True) for bits in (8, 16, 32, 64, 128)},
}
_SPECIAL = (
    "ADMINISTRATOR",
    "ANY_CONTRACT",
    "ANY_ROLE",
    "Annotated",
    "Code",
    "Compartment",
    "Decimal",
    "Digits",
    "Enum",
    "Event",
    "Feed",
    "Holdings",
    "Index",
    "KEY",
    "Key",
    "Map",
    "MaxLen",
    "Money",
    "PUBLIC",
    "Quantity",
    "Record",
    "Row",
    "Table",
    "Var",
    "abort",
    "allocate",
    "attempt",
    "cancel",
    "days",
    "digest",
    "emit",
    "entry",
    "expect",
    "export",
    "has_role",
    "has_signed",
    "height",
    "hours",
    "migrate",
    "milliseconds",
    "minutes",
    "muldiv",
    "now",
    "oracle",
    "party",
    "query",
    "random",
    "register",
    "require",
    "scheduled",
    "seconds",
    "sender",
    "tx_id",
    "year_fraction",
)


def _members(enum: EnumType) -> dict[str, Symbol]:
    return {
        name: ConstantSymbol(Expr("const", enum, START, (), value)) for name, value in enum.members
    }


CONTRACT_NAMES: dict[str, Symbol] = {
    **{name: TypeSymbol(type_) for name, type_ in _TYPES.items()},
    **{name: BuiltinSymbol(name) for name in _SPECIAL},
    **_members(ROUNDING),
    **_members(REMAINDER),
    **_members(DAY_COUNT),
}
"""What `from daicho.contract import …` may name."""

PYTHON_NAMES: dict[str, Symbol] = {
    "bool": TypeSymbol(BOOL),
    "bytes": TypeSymbol(BYTES),
    "int": TypeSymbol(INT),
    "str": TypeSymbol(STR),
    **{
        name: BuiltinSymbol(name)
        for name in ("abs", "dict", "len", "list", "max", "min", "ord", "range", "sorted", "tuple")
    },
}
"""What is there without an import."""
