"""The declarations of a program: types, codes, tables, an event; as types and as text."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace

from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DURATION,
    HASH,
    INT,
    PARTY,
    STR,
    TIMESTAMP,
    TX_ID,
    AmountType,
    BytesType,
    DecimalType,
    EnumType,
    Field,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    Type,
    is_keyable,
)

WIDTHS = (8, 16, 32, 64, 128)
INTEGERS = tuple(IntType(bits, signed) for bits in WIDTHS for signed in (False, True))
WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
IMPORTED = frozenset(
    WORD.findall(
        """
        ADMINISTRATOR ANY_ROLE CEILING DOWN EXACT FIRST FLOOR HALF_DOWN HALF_EVEN HALF_UP
        LARGEST_REMAINDER LAST PUBLIC UP I8 I16 I32 I64 I128 U8 U16 U32 U64 U128
        Account Annotated Bool Bytes Code Date Decimal Digits Duration Enum Event Hash
        Holdings Int Key Map MaxLen Money Party Quantity Record Role Row Str Table
        Timestamp TxId Var abort allocate days digest emit entry expect export has_role
        has_signed height hours milliseconds minutes now party query register require
        seconds sender tx_id ACT_360 ACT_365F ACT_ACT_ISDA THIRTY_360 THIRTY_E_360 Feed Index
        attempt cancel migrate muldiv oracle random scheduled year_fraction
        """
    )
)
"""What `daicho.contract` has, as far as programs use it."""


def header(text: str) -> str:
    """The first lines of a program: it imports what it uses."""
    names = sorted(IMPORTED.intersection(WORD.findall(text)))
    rows = (", ".join(names[at : at + 9]) for at in range(0, len(names), 9))
    listed = "".join(f"    {row},\n" for row in rows)
    return f'''"""A generated program."""\n\nfrom daicho.contract import (\n{listed})\n'''


CODES = ("FIRST", "SECOND", "THIRD")


@dataclass
class World:
    """What a program's functions may name."""

    amounts: tuple[AmountType, ...]
    decimals: dict[str, DecimalType]
    enum: EnumType
    records: list[RecordType]
    rows: dict[str, RecordType]
    """By table name."""
    map_key: Type
    map_value: Type
    var: Type
    var_initial: str
    event: RecordType
    holdings: RecordType
    indexes: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By name: the table and the columns."""
    few: dict[Type, list[str]] = field(default_factory=dict)
    """Keys that are often named, so that what is written is found."""
    imports: str = ""
    text: list[str] = field(default_factory=list)
    """One chunk for each declaration."""

    def render(self, type_: Type) -> str:
        """A type as an author writes it."""
        match type_:
            case DecimalType():
                for name, known in self.decimals.items():
                    if known == type_:
                        return name
                return f"Annotated[Decimal, Digits({type_.precision}, {type_.scale})]"
            case StrType(int(length)):
                return f"Annotated[Str, MaxLen({length})]"
            case BytesType(int(length)):
                return f"Annotated[Bytes, MaxLen({length})]"
            case OptionalType(item):
                return f"{self.render(item)} | None"
            case ListType(item, length):
                inner = f"list[{self.render(item)}]"
                return inner if length is None else f"Annotated[{inner}, MaxLen({length})]"
            case MapType(key, value, length):
                inner = f"dict[{self.render(key)}, {self.render(value)}]"
                return inner if length is None else f"Annotated[{inner}, MaxLen({length})]"
        return str(type_)

    def scalars(self) -> list[Type]:
        """Types without parts."""
        return [
            BOOL, INT, INT, *INTEGERS, *self.amounts, *self.decimals.values(), self.enum,
            StrType(16), BytesType(8), PARTY, TIMESTAMP, DURATION, DATE, HASH, TX_ID,
        ]  # fmt: skip


def key_type(rng: random.Random, world_enum: EnumType) -> Type:
    """A type that may stand in a key."""
    return rng.choice(
        (
            INT, *INTEGERS, StrType(12), StrType(12), PARTY, DATE, TIMESTAMP, BOOL, world_enum,
            BytesType(6), DURATION, HASH, DecimalType(9, 2),
        )
    )  # fmt: skip


def storable(rng: random.Random, world: World, depth: int = 1) -> Type:
    """A type with a bound on its size."""
    scalar = rng.choice(world.scalars())
    if depth == 0 or rng.random() < 0.6:
        return scalar
    match rng.randrange(4):
        case 0:
            return OptionalType(scalar)
        case 1:
            return ListType(storable(rng, world, 0), rng.choice((2, 5, 9)))
        case 2:
            return MapType(key_type(rng, world.enum), scalar, rng.choice((2, 5, 9)))
    return rng.choice(world.records) if world.records else scalar


def local(rng: random.Random, world: World) -> Type:
    """A type that a local may have."""
    if rng.random() < 0.65:
        return storable(rng, world)
    return rng.choice((STR, BYTES, ListType(INT), ListType(rng.choice(world.scalars()))))


def _record_text(world: World, type_: RecordType, base: str) -> str:
    lines = [f"class {type_.name}({base}):"]
    for item in type_.fields:
        text = world.render(item.type)
        lines.append(f"    {item.name}: {f'Key[{text}]' if item.key else text}")
    return "\n".join(lines)


def _fields(rng: random.Random, world: World, count: int, depth: int = 1) -> tuple[Field, ...]:
    return tuple(Field(f"f{at}", storable(rng, world, depth)) for at in range(count))


def make(rng: random.Random) -> World:
    """A program's declarations."""
    amounts = tuple(
        AmountType("", name, rng.choice((0, 0, 2, 4, 9, 30))) for name in ("Yen", "Share")
    )
    precision = rng.choice((6, 9, 18, 38))
    decimals = {
        "Rate": DecimalType(precision, rng.randrange(1, min(precision, 10) + 1)),
        "Price": DecimalType(38, rng.choice((0, 2, 6, 18))),
    }
    names = ("RED", "GREEN", "BLUE", "GREY")[: rng.randrange(2, 5)]
    enum = EnumType("", "Color", tuple((name, at) for at, name in enumerate(names)))
    nothing = RecordType("", "", "record", ())
    world = World(amounts, decimals, enum, [], {}, INT, INT, INT, "0", nothing, nothing)
    _types(rng, world)
    _tables(rng, world)
    _event(rng, world)
    world.text.append("spoken: Feed[Rate] = Feed(1)")
    return world


def _types(rng: random.Random, world: World) -> None:
    for item, base in zip(world.amounts, ("Money", "Quantity"), strict=True):
        world.text.append(f"class {item.name}({base}, scale={item.scale}): ...")
    for name, type_ in world.decimals.items():
        bound = f"Digits({type_.precision}, {type_.scale})"
        world.text.append(f"{name} = Annotated[Decimal, {bound}]")
    members = [f"    {name} = {number}" for name, number in world.enum.members]
    world.text.append("\n".join(["class Color(Enum):", *members]))
    codes = [f"    {name} = {1001 + at}" for at, name in enumerate(CODES)]
    world.text.append("\n".join(["class Error(Code):", *codes]))
    for name in ("Pair", "Deep"):
        record = RecordType("", name, "record", _fields(rng, world, rng.randrange(2, 5)))
        world.text.append(_record_text(world, record, "Record"))
        world.records.append(record)


def _tables(rng: random.Random, world: World) -> None:
    owned = (Field("owner", PARTY, True), Field("part", key_type(rng, world.enum), True))
    open_ = tuple(Field(f"k{at}", key_type(rng, world.enum), True) for at in range(2))
    for table, keys, rule in (
        ("mine", owned, "party(Mine.owner)"),
        ("facts", open_, rng.choice(("PUBLIC", "ADMINISTRATOR"))),
    ):
        columns = (*keys, *_fields(rng, world, rng.randrange(1, 4)))
        row = RecordType("", table.capitalize(), "row", columns)
        world.rows[table] = row
        world.text.append(_record_text(world, row, "Row"))
        world.text.append(f"{table} = Table({row.name}, compartment={rule})")
        _index(rng, world, table, row)
    share = world.amounts[1]
    columns = (
        Field("owner", PARTY, True),
        Field("code", rng.choice((StrType(12), IntType(16, True), world.enum)), True),
        Field("free", share),
        Field("held", share),
        Field("kept", share),
    )
    world.holdings = RecordType("", "Balance", "row", columns)
    world.text.append(_record_text(world, world.holdings, "Row"))
    world.text.append(
        "balances = Holdings(Balance, per=Balance.code, compartment=party(Balance.owner), "
        "locked=(Balance.kept,))"
    )
    world.map_key, world.map_value = key_type(rng, world.enum), storable(rng, world)
    key, value = world.render(world.map_key), world.render(world.map_value)
    world.text.append(f"by_key: Map[{key}, {value}] = Map(compartment=PUBLIC)")
    world.var, world.var_initial = rng.choice(
        ((INT, "7"), (IntType(8, False), "250"), (world.amounts[0], "Yen(1)"), (StrType(16), "'é'"))
    )
    single = world.render(world.var)
    world.text.append(f"single: Var[{single}] = Var({world.var_initial}, compartment=PUBLIC)")


def later(rng: random.Random, world: World) -> list[str]:
    """What a second version declares: a table with the keys of `facts`, and orders of both."""
    before = len(world.text)
    keys = tuple(
        replace(item, name=f"n{at}") for at, item in enumerate(world.rows["facts"].key_fields)
    )
    row = RecordType("", "Later", "row", (*keys, *_fields(rng, world, rng.randrange(1, 3))))
    world.rows["later"] = row
    world.text.append(_record_text(world, row, "Row"))
    world.text.append(
        f"later = Table(Later, compartment={rng.choice(('PUBLIC', 'ADMINISTRATOR'))})"
    )
    _index(rng, world, "later", row)
    if rng.random() < 0.5:
        _index(rng, world, "facts", world.rows["facts"], "facts_again")
    return world.text[before:]


def _index(rng: random.Random, world: World, table: str, row: RecordType, name: str = "") -> None:
    """Another order of a table's rows: by a column that is not the first."""
    able = [item.name for item in row.fields[1:] if is_keyable(item.type)]
    chosen = rng.sample(able, rng.randrange(1, min(len(able), 2) + 1))
    columns = ("owner", *chosen) if table == "mine" else tuple(chosen)
    name = name or f"{table}_by"
    named = ", ".join(f"{row.name}.{column}" for column in columns)
    world.indexes[name] = (table, columns)
    world.text.append(f"{name} = Index({table}, {named})")


def _event(rng: random.Random, world: World) -> None:
    fields = (Field("who", PARTY), *_fields(rng, world, rng.randrange(1, 3)))
    world.event = RecordType("", "Said", "event", fields)
    world.text.append(_record_text(world, world.event, "Event"))
