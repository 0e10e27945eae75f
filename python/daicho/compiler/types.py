"""The types of the language. Values of these classes compare by structure.

Sizes are part of a type: a `Str` of 12 bytes and one of 64 are different
types between which a value passes with a check, at compile time where it can
be decided and at run time where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

PARTS_MAX = 4_096
"""Values in a tuple, those of the tuples within it counted; else a few short names
for tuples of tuples would make a type that nobody can walk through."""
DIGITS_MAX = 38
"""Decimal digits an amount or a decimal may have."""


@dataclass(frozen=True)
class Type:
    """Base of all types; `str(type)` is how diagnostics name it."""


@dataclass(frozen=True)
class NoneType(Type):
    """What a function without a result gives."""

    def __str__(self) -> str:
        return "None"


@dataclass(frozen=True)
class NeverType(Type):
    """The type of a call that does not come back."""

    def __str__(self) -> str:
        return "Never"


@dataclass(frozen=True)
class UnknownType(Type):
    """What follows an error already reported; accepted everywhere."""

    def __str__(self) -> str:
        return "unknown"


@dataclass(frozen=True)
class BoolType(Type):
    """True or False."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True)
class IntType(Type):
    """A whole number of so many bits."""

    bits: int
    signed: bool

    def __str__(self) -> str:
        return "Int" if self == INT else f"{'I' if self.signed else 'U'}{self.bits}"

    @property
    def low(self) -> int:
        """The least value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The greatest value."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


@dataclass(frozen=True)
class DecimalType(Type):
    """A decimal of `precision` digits, `scale` of them after the point."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"Decimal({self.precision}, {self.scale})"


@dataclass(frozen=True)
class AmountType(Type):
    """A currency or a unit of holding, by the module that declares it."""

    module: str
    name: str
    scale: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class StrType(Type):
    """A text of at most `length` characters; None: as many as the machine allows."""

    length: int | None = None

    def __str__(self) -> str:
        return "Str" if self.length is None else f"Str({self.length})"


@dataclass(frozen=True)
class BytesType(Type):
    """At most `length` bytes."""

    length: int | None = None

    def __str__(self) -> str:
        return "Bytes" if self.length is None else f"Bytes({self.length})"


@dataclass(frozen=True)
class FixedType(Type):
    """Opaque bytes of one length: Party, Account (16), TxId, Hash (32)."""

    name: str
    length: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class TimestampType(Type):
    """A moment of consensus time."""

    def __str__(self) -> str:
        return "Timestamp"


@dataclass(frozen=True)
class DurationType(Type):
    """A span of time."""

    def __str__(self) -> str:
        return "Duration"


@dataclass(frozen=True)
class DateType(Type):
    """A calendar day."""

    def __str__(self) -> str:
        return "Date"


@dataclass(frozen=True)
class EnumType(Type):
    """`code` marks a contract's failure codes."""

    module: str
    name: str
    members: tuple[tuple[str, int], ...]
    code: bool = False

    def __hash__(self) -> int:
        return hash((self.module, self.name))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Field:
    """A field of a record; `key` marks a key column."""

    name: str
    type: Type
    key: bool = False


@dataclass(frozen=True)
class RecordType(Type):
    """`kind` is record, row or event."""

    module: str
    name: str
    kind: str
    fields: tuple[Field, ...] = field(repr=False)

    def __hash__(self) -> int:
        """By name: a record's fields may be records of many fields."""
        return hash((self.module, self.name, self.kind))

    @cached_property
    def depth(self) -> int:
        """How deep its fields nest; worked out once, as fields may share records."""
        return 1 + max((depth_of(item.type) for item in self.fields), default=0)

    @cached_property
    def is_bounded(self) -> bool:
        """Whether every field has a bounded size; worked out once."""
        return all(is_storable(item.type) for item in self.fields)

    def __str__(self) -> str:
        return self.name

    @property
    def key_fields(self) -> tuple[Field, ...]:
        """The key columns."""
        return tuple(item for item in self.fields if item.key)

    @property
    def value_fields(self) -> tuple[Field, ...]:
        """The columns beside the key."""
        return tuple(item for item in self.fields if not item.key)

    def index(self, name: str) -> int:
        """The position of a field; -1 if there is none of that name."""
        names = [item.name for item in self.fields]
        return names.index(name) if name in names else -1


@dataclass(frozen=True)
class OptionalType(Type):
    """A value or None."""

    item: Type

    def __str__(self) -> str:
        return "None" if self == NOTHING else f"{self.item} | None"


@dataclass(frozen=True)
class ListType(Type):
    """At most `length` values of one type, in order."""

    item: Type
    length: int | None = None

    def __str__(self) -> str:
        bound = "" if self.length is None else f", at most {self.length}"
        return f"list[{self.item}]{bound}"


@dataclass(frozen=True)
class MapType(Type):
    """Values by key, in the order of the keys."""

    key: Type
    value: Type
    length: int | None = None

    def __str__(self) -> str:
        bound = "" if self.length is None else f", at most {self.length}"
        return f"dict[{self.key}, {self.value}]{bound}"


@dataclass(frozen=True)
class TupleType(Type):
    """Some values together."""

    items: tuple[Type, ...]

    @cached_property
    def parts(self) -> int:
        """How many values there are in all, in the tuples within it too; worked out once."""
        return sum(parts_of(item) for item in self.items)

    def __str__(self) -> str:
        return f"tuple[{', '.join(str(item) for item in self.items)}]"


@dataclass(frozen=True)
class CompartmentType(Type):
    """Whose rows these are."""

    def __str__(self) -> str:
        return "Compartment"


@dataclass(frozen=True)
class SnapshotType(Type):
    """A table or an index as of a past time; at run time, that time."""

    table: str

    def __str__(self) -> str:
        return f"Snapshot of {self.table}"


@dataclass(frozen=True)
class AttemptType(Type):
    """How an attempt ended; at run time, its code, 0 if it went well."""

    def __str__(self) -> str:
        return "Attempt"


INT = IntType(128, True)
BOOL = BoolType()
NONE = NoneType()
NEVER = NeverType()
UNKNOWN = UnknownType()
NOTHING = OptionalType(NEVER)
"""The type of None where nothing says what else may stand there."""
STR = StrType()
BYTES = BytesType()
TIMESTAMP = TimestampType()
DURATION = DurationType()
DATE = DateType()
COMPARTMENT = CompartmentType()
PARTY = FixedType("Party", 16)
ACCOUNT = FixedType("Account", 16)
TX_ID = FixedType("TxId", 32)
HASH = FixedType("Hash", 32)
ATTEMPT = AttemptType()

ROUNDING = EnumType(
    "daicho.contract",
    "Rounding",
    (
        ("EXACT", 0),
        ("DOWN", 1),
        ("UP", 2),
        ("FLOOR", 3),
        ("CEILING", 4),
        ("HALF_UP", 5),
        ("HALF_DOWN", 6),
        ("HALF_EVEN", 7),
    ),
)
ROLE = EnumType(
    "daicho.contract",
    "Role",
    tuple(
        (name, bit)
        for bit, name in enumerate(
            (
                "ADMINISTRATOR",
                "MEMBER",
                "ISSUER",
                "TRUST_BANK",
                "AUDITOR",
                "READER",
                "REGULATOR",
                "CLEARING_HOUSE",
                "SETTLEMENT_BANK",
                "ORACLE",
            )
        )
    ),
)
REMAINDER = EnumType(
    "daicho.contract",
    "Remainder",
    (("LARGEST_REMAINDER", 0), ("FIRST", 1), ("LAST", 2)),
)
DAY_COUNT = EnumType(
    "daicho.contract",
    "DayCount",
    (
        ("ACT_360", 0),
        ("ACT_365F", 1),
        ("ACT_ACT_ISDA", 2),
        ("THIRTY_360", 3),
        ("THIRTY_E_360", 4),
    ),
)

_KEYABLE = (
    BoolType,
    IntType,
    DecimalType,
    AmountType,
    FixedType,
    TimestampType,
    DurationType,
    DateType,
    EnumType,
    StrType,
    BytesType,
)
_ORDERED = (
    IntType,
    DecimalType,
    AmountType,
    TimestampType,
    DateType,
    DurationType,
    FixedType,
    StrType,
    BytesType,
)


def depth_of(type_: Type) -> int:
    """How deep a type nests."""
    match type_:
        case OptionalType(item) | ListType(item):
            return 1 + depth_of(item)
        case MapType(key, value):
            return 1 + max(depth_of(key), depth_of(value))
        case TupleType(items):
            return 1 + max((depth_of(item) for item in items), default=0)
        case RecordType():
            return type_.depth
    return 1


def parts_of(type_: Type) -> int:
    """How many values a value of the type is made of; a record counts as one, by its name."""
    match type_:
        case OptionalType(item) | ListType(item):
            return parts_of(item)
        case MapType(key, value):
            return parts_of(key) + parts_of(value)
        case TupleType():
            return type_.parts
    return 1


def has_values(type_: Type) -> bool:
    """Whether there are values of a type: none of NONE, of NEVER, of what is made of them."""
    match type_:
        case NoneType() | NeverType():
            return False
        case OptionalType(item) | ListType(item):
            return has_values(item)
        case MapType(key, value):
            return has_values(key) and has_values(value)
        case TupleType(items):
            return all(map(has_values, items))
    return True


def is_keyable(type_: Type) -> bool:
    """Whether values have an order on bytes, and may stand in a key."""
    return isinstance(type_, _KEYABLE)


def is_ordered(type_: Type) -> bool:
    """Whether `<` is defined."""
    return isinstance(type_, _ORDERED)


def is_storable(type_: Type) -> bool:
    """Whether a value may lie in a row or cross the contract's border: every size bounded."""
    match type_:
        case StrType(length) | BytesType(length):
            return length is not None
        case OptionalType(item):
            return is_storable(item)
        case ListType(item, length):
            return length is not None and is_storable(item)
        case MapType(key, value, length):
            return length is not None and is_keyable(key) and is_storable(value)
        case RecordType():
            return type_.is_bounded
        case TupleType(items):
            return all(is_storable(item) for item in items)
        case NoneType() | NeverType() | CompartmentType() | SnapshotType() | AttemptType():
            return False
        case _:
            return True
