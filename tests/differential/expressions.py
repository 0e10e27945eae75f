"""Expressions of a wanted type, made at random, that always compile.

`Expressions.of(type, depth)` is text whose value may stand where `type` is wanted.
"""

from __future__ import annotations

from daicho.compiler.types import (
    BOOL,
    BYTES,
    HASH,
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
from differential.leaves import Helper, Local
from differential.texts import Texts


class Expressions(Texts):
    """Makes the expressions of one function."""

    def of(self, type_: Type, depth: int = 2) -> str:
        """Text of a value that may stand where `type_` is wanted."""
        if depth <= 0 or self.rng.random() < 0.12:
            return self.leaf(type_)
        if self.rng.random() < 0.08:
            made = self._any_way(type_, depth)
            if made is not None:
                return made
        return self._by_type(type_, depth)

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
        way = self.rng.randrange(7)
        if names and way == 0:
            return f"list({self.rng.choice(names)})"
        if names and way == 1 and isinstance(type_.item, (IntType, StrType, AmountType)):
            return f"sorted({self.rng.choice(names)})"
        if names and way in (2, 6):
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
            return self.record(type_, depth)
        count = self.rng.randrange(1, len(type_.fields) + 1)
        chosen = self.rng.sample(type_.fields, count)
        changes = ", ".join(f"{item.name}={self.of(item.type, depth)}" for item in chosen)
        return f"{self.rng.choice(names)}.replace({changes})"


__all__ = ["Expressions", "Helper", "Local"]
