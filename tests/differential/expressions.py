"""Expressions of a wanted type, made at random, that always compile.

`Expressions.of(type, depth)` is text whose value may stand where `type` is wanted.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DIGITS_MAX,
    DURATION,
    HASH,
    INT,
    PARTY,
    STR,
    TIMESTAMP,
    TX_ID,
    AmountType,
    BoolType,
    BytesType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    FixedType,
    IntType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    StrType,
    TimestampType,
    Type,
)
from differential import literals
from differential.world import INTEGERS, World

MODES = ("EXACT", "DOWN", "UP", "FLOOR", "CEILING", "HALF_UP", "HALF_DOWN", "HALF_EVEN")
LOSSY = MODES[1:]
PARTS = ("year", "month", "day", "weekday", "day_of_year", "days_in_month")
DAY_COUNTS = ("ACT_360", "ACT_365F", "ACT_ACT_ISDA", "THIRTY_360", "THIRTY_360", "THIRTY_E_360")
RULES = ("LARGEST_REMAINDER", "FIRST", "LAST")
ROLES = ("ADMINISTRATOR", "MEMBER", "ISSUER", "AUDITOR")


@dataclass(frozen=True)
class Local:
    """A name that has a value here."""

    name: str
    type: Type
    is_own: bool = True
    """Whether it may be assigned and changed."""


@dataclass(frozen=True)
class Helper:
    """A function of the program that may be called."""

    name: str
    params: tuple[Type, ...]
    result: Type | None
    writes: bool


@dataclass
class Expressions:
    """Makes the expressions of one function."""

    rng: random.Random
    world: World
    risk: float
    """How often an operation may fail on values as they come."""
    locals: list[Local] = field(default_factory=list)
    helpers: list[Helper] = field(default_factory=list)
    may_write: bool = True
    reads_state: bool = True
    may_draw: bool = False
    """Whether there is a transaction, with a name and chance."""
    attempts: list[str] = field(default_factory=list)
    """Names of savepoints that have ended."""

    def of(self, type_: Type, depth: int = 2) -> str:
        """Text of a value that may stand where `type_` is wanted."""
        if depth <= 0 or self.rng.random() < 0.12:
            return self.leaf(type_)
        if self.rng.random() < 0.08:
            made = self._any_way(type_, depth)
            if made is not None:
                return made
        return self._by_type(type_, depth)

    def _risky(self) -> bool:
        return self.rng.random() < self.risk

    def _by_type(self, type_: Type, depth: int) -> str:
        match type_:
            case IntType():
                return self._integer(type_, depth)
            case BoolType():
                return self._bool(depth)
            case DecimalType():
                return self._decimal(type_, depth)
            case AmountType():
                return self._amount(type_, depth)
            case StrType():
                return self._str(type_, depth)
            case BytesType():
                return self._bytes(type_, depth)
            case TimestampType() | DurationType() | DateType():
                return self._time(type_, depth)
        return self._whole(type_, depth)

    def _any_way(self, type_: Type, depth: int) -> str | None:
        """Forms that every type has: a choice, a call, an unwrapped value."""
        if self.rng.random() < 0.5 and not isinstance(type_, (ListType, MapType, OptionalType)):
            yes, no = self.of(type_, depth - 1), self.of(type_, depth - 1)
            return f"({yes} if {self.of(BOOL, depth - 1)} else {no})"
        found = [
            item
            for item in self.helpers
            if item.result == type_ and (self.may_write or not item.writes)
        ]
        return self.call(self.rng.choice(found), depth - 1) if found else None

    def call(self, helper: Helper, depth: int) -> str:
        """A call of a helper."""
        args = ", ".join(self.of(item, depth) for item in helper.params)
        return f"{helper.name}({args})"

    # --- leaves ---

    def named(self, type_: Type) -> list[str]:
        """Locals, and fields of locals, that may stand for a type."""
        found: list[str] = []
        for item in self.locals:
            if _fits(item.type, type_):
                found.append(item.name)
            elif isinstance(item.type, RecordType):
                found += [
                    f"{item.name}.{part.name}"
                    for part in item.type.fields
                    if _fits(part.type, type_)
                ]
        return found

    def leaf(self, type_: Type) -> str:
        """A name or a literal; a number is brought into a narrow type, mostly."""
        names = self.named(type_)
        if names and self.rng.random() < 0.75:
            name = self.rng.choice(names)
            if isinstance(type_, IntType) and type_ != INT and not self._risky():
                known = any(item.name == name and item.type == type_ for item in self.locals)
                return name if known else f"({name} % 97)"
            return name
        literal = literals.written(self.rng, type_)
        if literal is not None:
            return literal
        match type_:
            case TimestampType():
                return "now()"
            case OptionalType(item):
                return "None" if self.rng.random() < 0.4 else self.leaf(item)
            case ListType(item, length):
                count = self.rng.randrange(0, min(length or 3, 3) + 1)
                return f"[{', '.join(self.leaf(item) for _ in range(count))}]"
            case MapType(key, value, length):
                count = self.rng.randrange(0, min(length or 2, 2) + 1)
                pairs = (f"{self.leaf(key)}: {self.leaf(value)}" for _ in range(count))
                return "{" + ", ".join(pairs) + "}"
            case RecordType():
                return self._record(type_, 0)
        raise AssertionError(type_)

    def _record(self, type_: RecordType, depth: int) -> str:
        fields = ", ".join(
            f"{item.name}={(self.key if item.key else self.of)(item.type, depth)}"
            for item in type_.fields
        )
        return f"{type_.name}({fields})"

    # --- numbers ---

    def small(self, depth: int, least: int = 0, most: int = 6) -> str:
        """A whole number in a narrow range, computed where it can be."""
        if depth <= 0 or self.rng.random() < 0.5:
            return f"({self.rng.randrange(least, most + 1)})"
        if self._risky():
            return self.of(INT, depth - 1)
        span = most - least + 1
        return f"({self.of(INT, depth - 1)} % {span} + {least})"

    def bounded(self, depth: int, least: int, most: int) -> str:
        """A whole number that is never outside a narrow range: what a loop runs to."""
        if depth <= 0 or self.rng.random() < 0.5:
            return f"({self.rng.randrange(least, most + 1)})"
        return f"({self.of(INT, depth - 1)} % {most - least + 1} + {least})"

    def _integer(self, type_: IntType, depth: int) -> str:
        if self.rng.random() < 0.35:
            return self._measure(type_, depth)
        narrow = type_.bits < 64
        operand = type_ if self.rng.random() < 0.5 else self.rng.choice((INT, *INTEGERS))
        left = self.of(operand, depth - 1)
        match self.rng.randrange(9):
            case 0 | 1 | 2:
                operator = self.rng.choice(("+", "-", "+", "*"))
                made = f"({left} {operator} {self.of(operand, depth - 1)})"
            case 3:
                right = self.of(operand, depth - 1) if self._risky() else self._divisor(depth)
                made = f"({left} {self.rng.choice(('//', '%'))} {right})"
            case 4:
                made = f"({left} {self.rng.choice('&|^')} {self.of(operand, depth - 1)})"
            case 5:
                made = f"({left} {self.rng.choice(('<<', '>>'))} {self.small(depth - 1)})"
            case 6:
                base = "(0)" if self.rng.random() < 0.1 else self.small(depth - 1, -3, 9)
                made = f"({base} ** {self.small(depth - 1)})"
            case 7:
                made = f"({self.rng.choice(('-', '~', '-'))}({left} + {self.small(depth - 1)}))"
            case _:
                made = self._function(left, operand, depth)
        if self._risky() or (not narrow and self.rng.random() < 0.5):
            return made
        return f"({made} % {self.rng.choice((7, 10, 97))})"

    def key(self, type_: Type, depth: int) -> str:
        """A value for a key column: often one of a few."""
        known = self.world.few.setdefault(type_, [self.leaf_literal(type_) for _ in range(2)])
        if self.rng.random() < 0.7:
            return self.rng.choice(known)
        return self.of(type_, depth)

    def leaf_literal(self, type_: Type) -> str:
        """A literal, which means the same in every function."""
        return literals.written(self.rng, type_) or "now()"

    def _divisor(self, depth: int) -> str:
        if self.rng.random() < 0.05:
            return f"({self.of(INT, depth - 1)} % 2)"
        if self.rng.random() < 0.7:
            return f"({self.rng.choice((1, 2, 3, 7, 10, -1, -3))})"
        return f"(abs({self.of(INT, depth - 1)} % 9) + 1)"

    def _function(self, left: str, operand: Type, depth: int) -> str:
        match self.rng.randrange(4):
            case 3:
                edge = self.rng.choice((IntType(64, True), *INTEGERS[:8]))
                near = f"{edge.high - 1} + " if self.rng.random() < 0.6 else f"{edge.low + 1} - "
                return f"{edge}({near}{self.bounded(1, 0, 2)})"
            case 0:
                return f"abs({left})"
            case 1:
                name = self.rng.choice(("min", "max"))
                return f"{name}({left}, {self.of(operand, depth - 1)})"
        return f"{self.rng.choice(INTEGERS)}({left} + {self.small(depth - 1)})"

    def _measure(self, type_: IntType, depth: int) -> str:
        """A whole number that measures something else."""
        below = depth - 1
        match self.rng.randrange(18):
            case 0 | 1:
                return f"len({self._sized(below)})"
            case 2:
                return self._element(type_, below)
            case 3:
                return f"{self._self(STR, below)}.find({self.of(STR, below)})"
            case 4:
                return f"{self.rng.choice((INT, type_))}({self._digits(below)})"
            case 5:
                return f"({self.of(self.rng.choice(self.world.amounts), below)}).units"
            case 6:
                which = self.rng.choice((TIMESTAMP, DURATION))
                return f"({self.of(which, below)}).microseconds"
            case 7:
                part = self.rng.choice(PARTS)
                return f"({self.of(DATE, below)}).{part}"
            case 8:
                return f"({self.of(DATE, below)}).days_since({self.of(DATE, below)})"
            case 9:
                return f"({self._self(BYTES, below)})[{self.small(below, -1, 2)}]"
            case 10:
                return f"ord({self._letter(below)})"
            case 11:
                return "height()"
            case 13:
                return f"({self.of(HASH, below)}).below({self.small(below, 1, 99)})"
            case 14 if self.attempts:
                return f"{self.rng.choice(self.attempts)}.code"
            case 15 | 16:
                factors = f"{self.of(INT, below)}, {self.of(INT, below)}"
                return f"muldiv({factors}, {self._divisor(below)}, {self._mode()})"
            case 12 if self.reads_state and isinstance(self.world.var, IntType):
                return "single.get()"
        return f"{self._self(BYTES, below)}.find({self.of(BYTES, below)})"

    def _digits(self, depth: int) -> str:
        if self._risky():
            return f"({self.of(STR, depth)} + '')"
        return f"Str({self.of(INT, depth)} % 100)"

    def _letter(self, depth: int) -> str:
        return f"({self.of(STR, depth)} + 'q')[{self.small(0, -1, 0)}]"

    def _self(self, type_: Type, depth: int) -> str:
        """A text that is not a bare literal of unknown precedence."""
        return f"({self.of(type_, depth)})"

    def _sized(self, depth: int) -> str:
        kinds = (ListType, MapType, StrType, BytesType)
        found = [item.name for item in self.locals if isinstance(item.type, kinds)]
        return self.rng.choice(found) if found else self.of(STR, depth)

    def _element(self, type_: Type, depth: int) -> str:
        """An element of a local list or map, or a leaf where there is none."""
        ways: list[str] = []
        for item in self.locals:
            match item.type:
                case ListType(element) if _fits(element, type_):
                    ways.append(f"{item.name}[{self.small(depth, -1, 2)}]")
                case MapType(key, value) if _fits(value, type_):
                    ways.append(f"{item.name}[{self.of(key, depth)}]")
        return self.rng.choice(ways) if ways else self.leaf(type_)

    def _decimal(self, type_: DecimalType, depth: int) -> str:
        below, scale = depth - 1, type_.scale
        match self.rng.randrange(11):
            case 8 | 9 | 10 if scale < DIGITS_MAX:
                zeros = "0" * scale
                half = f'Decimal("0.{zeros}5")'
                mode = self.rng.choice(MODES[5:])
                return f"({half} * {self.bounded(below, 0, 99)}).round({scale}, {mode})"
            case 7:
                days = f"{self.of(DATE, below)}, {self.of(DATE, below)}"
                options = f"scale={scale}, rounding={self._mode()}"
                return f"year_fraction({days}, {self.rng.choice(DAY_COUNTS)}, {options})"
            case 0 | 1:
                operator = self.rng.choice("+-")
                return f"({self.of(type_, below)} {operator} {self.of(type_, below)})"
            case 2:
                other = self.of(INT, below) if self.rng.random() < 0.4 else self._rate(below)
                return f"({self._rate(below)} * {other}).round({scale}, {self._mode()})"
            case 3:
                divisor = self.rng.choice((self._rate(below), self._divisor(below)))
                options = f"scale={scale}, rounding={self._mode()}"
                return f"({self.of(type_, below)}).div({divisor}, {options})"
            case 4:
                name = self.rng.choice(("min", "max"))
                return f"{name}({self.of(type_, below)}, {self.of(type_, below)})"
            case 5:
                return f"{self.rng.choice(('-', 'abs'))}({self.of(type_, below)})"
        amount = self.rng.choice(self.world.amounts)
        if amount.scale <= scale:
            return f"({self.of(amount, below)}).decimal"
        return f"({self.of(amount, below)}).decimal.round({scale}, {self._mode()})"

    def _rate(self, depth: int) -> str:
        return f"({self.of(self.world.decimals['Rate'], depth)})"

    def _mode(self) -> str:
        return "EXACT" if self._risky() else self.rng.choice(LOSSY)

    def _amount(self, type_: AmountType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(8):
            case 0 | 1:
                operator = self.rng.choice("+-+")
                return f"({self.of(type_, below)} {operator} {self.of(type_, below)})"
            case 2:
                return f"({self.of(type_, below)} * {self.small(below, -2, 9)})"
            case 3:
                source = self.rng.choice(list(self.world.decimals.values()))
                return f"{type_.name}.of({self.of(source, below)}, {self._mode()})"
            case 4:
                return f"{type_.name}.from_units({self.of(INT, below)})"
            case 5:
                return f"{self.rng.choice(('-', 'abs'))}({self.of(type_, below)})"
            case 6:
                name = self.rng.choice(("min", "max"))
                return f"{name}({self.of(type_, below)}, {self.of(type_, below)})"
        return f"{self.shares(type_, below)}[{self.small(0, -1, 1)}]"

    def shares(self, type_: AmountType, depth: int) -> str:
        """`allocate` of an amount."""
        if self._risky():
            weights = self.of(ListType(INT), depth)
        else:
            most = self.rng.choice((1, 2, 9))
            count = self.rng.randrange(2, 5)
            weights = f"[{', '.join(self.small(depth, 1, most) for _ in range(count))}]"
        return f"allocate({self.of(type_, depth)}, {weights}, {self.rng.choice(RULES)})"

    # --- conditions ---

    def _bool(self, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(10):
            case 0:
                return f"(not {self.of(BOOL, below)})"
            case 1:
                word = self.rng.choice(("and", "or"))
                return f"({self.of(BOOL, below)} {word} {self.of(BOOL, below)})"
            case 2:
                return self._same(below)
            case 3:
                return self._member(below)
            case 4:
                role = self.rng.choice(ROLES)
                who = self.of(PARTY, below)
                return self.rng.choice(
                    (
                        f"has_role(Role.{role})",
                        f"has_signed({who})",
                        f"has_signed({who}, Role.{role})",
                    )
                )
            case 7 if self.attempts:
                return f"{self.rng.choice(self.attempts)}.ok"
            case 5:
                return f"{self._self(STR, below)}.startswith({self.of(STR, below)})"
            case 6 if self.reads_state:
                return f"({self.key(self.world.map_key, below)} in by_key)"
        kind = self.rng.choice(self._ordered())
        operator = self.rng.choice(("<", "<=", ">", ">="))
        if self.rng.random() < 0.15:
            same = self.of(kind, below)
            return f"({same} {operator} {same})"
        return f"({self.of(kind, below)} {operator} {self.of(kind, below)})"

    def _ordered(self) -> tuple[Type, ...]:
        return (
            INT, INT, *INTEGERS, *self.world.amounts, *self.world.decimals.values(),
            STR, BYTES, PARTY, TIMESTAMP, DURATION, DATE,
        )  # fmt: skip

    def _same(self, depth: int) -> str:
        plain: list[Type] = [BOOL, self.world.enum, PARTY, STR, INT, *self.world.records]
        others = [item.type for item in self.locals if not isinstance(item.type, OptionalType)]
        kind = self.rng.choice((*plain, *others))
        operator = self.rng.choice(("==", "!="))
        if isinstance(kind, (ListType, MapType)):
            names = self.named(kind)
            if len(names) < 2:
                return self._same(depth)
            return f"({self.rng.choice(names)} {operator} {self.rng.choice(names)})"
        return f"({self.of(kind, depth)} {operator} {self.of(kind, depth)})"

    def _member(self, depth: int) -> str:
        word = self.rng.choice(("in", "not in"))
        for item in self.rng.sample(self.locals, len(self.locals)):
            if isinstance(item.type, ListType):
                return f"({self.of(item.type.item, depth)} {word} {item.name})"
            if isinstance(item.type, MapType):
                return f"({self.of(item.type.key, depth)} {word} {item.name})"
        if self.rng.random() < 0.5:
            return f"({self.of(STR, depth)} {word} {self._self(STR, depth)})"
        options = ", ".join(self.leaf(self.world.enum) for _ in range(2))
        return f"({self.of(self.world.enum, depth)} {word} ({options}))"

    # --- texts ---

    def _str(self, type_: StrType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(5):
            case 0:
                made = f"({self.of(STR, below)} + {self.of(STR, below)})"
            case 1:
                made = f"({self.of(STR, below)})[{self._bounds(below)}]"
            case 2:
                made = f"Str({self.of(self.rng.choice(INTEGERS), below)})"
            case 3:
                return self._letter(below)
            case _:
                return self._element(type_, below)
        if type_.length is None or self._risky():
            return made
        return f"({made})[:{type_.length}]"

    def _bounds(self, depth: int) -> str:
        low = self.small(depth, -4, 5) if self.rng.random() < 0.6 else ""
        return f"{low}:{self.small(depth, -4, 5) if self.rng.random() < 0.6 else ''}"

    def _bytes(self, type_: BytesType, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(4):
            case 0:
                made = f"({self.of(BYTES, below)} + {self.of(BYTES, below)})"
            case 1:
                made = f"({self.of(BYTES, below)})[{self._bounds(below)}]"
            case 2:
                made = f"{self._self(STR, below)}.encode()"
            case _:
                return self.leaf(type_)
        if type_.length is None or self._risky():
            return made
        return f"({made})[:{type_.length}]"

    # --- times ---

    def _time(self, type_: Type, depth: int) -> str:
        below, number = depth - 1, self.rng.randrange(4)
        if isinstance(type_, TimestampType):
            if number == 0:
                return f"({self.of(DATE, below)}).start()"
            return f"({self.of(TIMESTAMP, below)} {'+-'[number % 2]} {self.of(DURATION, below)})"
        if isinstance(type_, DurationType):
            return self._duration(number, below)
        if number == 0:
            return f"({self.of(TIMESTAMP, below)}).date()"
        if number == 1:
            parts = (self.small(below, 1999, 2030), self.small(below, 1, 12))
            last = self.small(below, 27, 31) if self._risky() else self.small(below, 1, 28)
            return f"Date.of({parts[0]}, {parts[1]}, {last} + 0)"
        method = ("plus", "plus_months")[number % 2]
        return f"({self.of(DATE, below)}).{method}({self.small(below, -40, 99)})"

    def _duration(self, number: int, depth: int) -> str:
        if number == 0:
            return f"({self.of(TIMESTAMP, depth)} - {self.of(TIMESTAMP, depth)})"
        if number == 1:
            return f"({self.of(DURATION, depth)} * {self.small(depth, -3, 9)})"
        if number == 2:
            return f"hours({self.small(depth, -9, 50)} + 0)"
        way = self.rng.choice(("-({0})", "abs({0})", "({0} + {1})", "({0} - {1})"))
        return way.format(self.of(DURATION, depth), self.of(DURATION, depth))

    # --- values with parts ---

    def _whole(self, type_: Type, depth: int) -> str:
        below = depth - 1
        match type_:
            case OptionalType(item):
                return self._optional(item, below)
            case ListType():
                return self._list(type_, below)
            case MapType():
                return self._dict(type_, below)
            case RecordType():
                return self._record_way(type_, below)
            case FixedType() if type_ == HASH:
                tag = self.of(self.rng.choice((STR, BYTES)), below)
                if self.may_draw and self.rng.random() < 0.5:
                    return f"random({tag})"
                return f"digest({self.of(BYTES, below)})"
            case FixedType() if type_ == TX_ID and self.may_draw:
                return "tx_id()"
            case FixedType() if type_ == PARTY:
                return "sender()" if self.rng.random() < 0.6 else self.leaf(type_)
            case EnumType():
                return self._element(type_, below)
        return self.leaf(type_)

    def _optional(self, item: Type, depth: int) -> str:
        ways = ["None"] if self.rng.random() < 0.3 else []
        for local in self.locals:
            if isinstance(local.type, MapType) and local.type.value == item:
                ways.append(f"{local.name}.get({self.of(local.type.key, depth)})")
        if self.reads_state and item == self.world.decimals["Rate"]:
            ways.append(f"oracle.find(spoken, max_age={self._age(depth)})")
        if self.reads_state and item == TIMESTAMP:
            ways.append("oracle.time(spoken)")
        if self.reads_state and self.world.map_value == item:
            ways.append(f"by_key.get({self.key(self.world.map_key, depth)})")
        return self.rng.choice(ways) if ways else self.of(item, depth)

    def _age(self, depth: int) -> str:
        return f"hours({self.small(depth, 0, 2)} + 0)"

    def _list(self, type_: ListType, depth: int) -> str:
        names, most = self.named(ListType(type_.item)), min(type_.length or 3, 3)
        way = self.rng.randrange(6)
        if names and way == 0:
            return f"list({self.rng.choice(names)})"
        if names and way == 1 and isinstance(type_.item, (IntType, StrType, AmountType)):
            return f"sorted({self.rng.choice(names)})"
        if names and way == 2:
            return f"{self.rng.choice(names)}[{self._bounds(depth)}]"
        if names and way == 3:
            return f"({self.rng.choice(names)} + {self.rng.choice(names)})"
        if way == 4:
            for local in self.locals:
                if isinstance(local.type, MapType) and local.type.key == type_.item:
                    return f"{local.name}.keys()"
                if isinstance(local.type, MapType) and local.type.value == type_.item:
                    return f"{local.name}.values()"
        if way == 5 and isinstance(type_.item, AmountType):
            return self.shares(type_.item, depth)
        items = (self.of(type_.item, depth) for _ in range(self.rng.randrange(0, most + 1)))
        return f"[{', '.join(items)}]"

    def _dict(self, type_: MapType, depth: int) -> str:
        names = self.named(type_)
        if names and self.rng.random() < 0.3:
            return f"dict({self.rng.choice(names)})"
        count = self.rng.randrange(0, min(type_.length or 3, 3) + 1)
        pairs = (
            f"{self.of(type_.key, depth)}: {self.of(type_.value, depth)}" for _ in range(count)
        )
        return "{" + ", ".join(pairs) + "}"

    def _record_way(self, type_: RecordType, depth: int) -> str:
        names = self.named(type_)
        if not names or self.rng.random() < 0.4:
            return self._record(type_, depth)
        count = self.rng.randrange(1, len(type_.fields) + 1)
        chosen = self.rng.sample(type_.fields, count)
        changes = ", ".join(f"{item.name}={self.of(item.type, depth)}" for item in chosen)
        return f"{self.rng.choice(names)}.replace({changes})"


def _fits(found: Type, wanted: Type) -> bool:
    """Whether a name of one type may stand where another is wanted."""
    if found == wanted:
        return True
    match found, wanted:
        case (IntType(), IntType()) | (StrType(), StrType()) | (BytesType(), BytesType()):
            return True
        case DecimalType(scale=have), DecimalType(scale=want):
            return have <= want
        case ListType(a), ListType(b):
            return a == b
    return False


__all__ = ["DIGITS_MAX", "Expressions", "Helper", "Local"]
