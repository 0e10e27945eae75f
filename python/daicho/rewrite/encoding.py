"""Values as bytes: canonical (arguments, results, rows) and ordered (keys).

Both are docs/bytecode.md §3, from the compiler's types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from daicho.compiler.types import (
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
    SnapshotType,
    StrType,
    TimestampType,
    TupleType,
    Type,
)
from daicho.rewrite import dates
from daicho.rewrite.containers import ITEMS_MAX, record_class
from daicho.rewrite.faults import Trap
from daicho.rewrite.numbers import CACHED_MAX, bounds

VALUE_BYTES_MAX = 65_536
Encoder = Callable[[Any], bytes]


class MalformedError(ValueError):
    """Bytes that are no value of the type."""


def layout(type_: Type) -> tuple[int, bool] | None:
    """Width in bytes and sign of a type that is written as a number."""
    match type_:
        case BoolType():
            return 1, False
        case IntType(bits, signed):
            return bits // 8, signed
        case DecimalType() | AmountType():
            return 16, True
        case DateType():
            return 4, True
        case TimestampType() | SnapshotType():
            return 8, False
        case DurationType():
            return 8, True
        case EnumType():
            return 2, False
    return None


# --- canonical ---


def _count(number: int) -> bytes:
    return number.to_bytes(4, "little")


@lru_cache(CACHED_MAX)
def encoder(type_: Type) -> Encoder:
    """The canonical bytes of values of a type."""
    if isinstance(type_, DateType):
        return lambda value: dates.to_days(value).to_bytes(4, "little", signed=True)
    number = layout(type_)
    if number is not None:
        width, signed = number
        return lambda value: int(value).to_bytes(width, "little", signed=signed)
    match type_:
        case FixedType():
            return lambda value: bytes(value)
        case StrType():
            return lambda value: _count(len(value.encode())) + value.encode()
        case BytesType():
            return lambda value: _count(len(value)) + bytes(value)
        case RecordType(fields=fields):
            return _joined([encoder(item.type) for item in fields])
        case TupleType(items):
            return _joined([encoder(item) for item in items])
        case ListType(item):
            each = encoder(item)
            return lambda value: _count(len(value)) + b"".join(map(each, value))
        case MapType(key, item):
            pair = _joined([encoder(key), encoder(item)])
            return lambda value: _count(len(value)) + b"".join(map(pair, value.items()))
        case OptionalType(item):
            return _optional(encoder(item))
    raise TypeError(f"{type_} has no bytes")


def _joined(parts: Sequence[Encoder]) -> Encoder:
    return lambda value: b"".join([part(item) for part, item in zip(parts, value, strict=True)])


def _optional(inner: Encoder) -> Encoder:
    def encode(value: object) -> bytes:
        if value is None:
            return b"\0"
        return b"\1" + inner(value)

    return encode


def encode(type_: Type, value: object, before: int = 0) -> bytes:
    """Canonical bytes; LENGTH past the bound, of which `before` bytes are taken."""
    data = encoder(type_)(value)
    if before + len(data) > VALUE_BYTES_MAX:
        raise Trap("LENGTH")
    return data


class Decoder:
    """Reads canonical bytes and accepts nothing but what `encode` writes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise MalformedError("the bytes end")
        self._at += count
        return self._data[self._at - count : self._at]

    def _items(self, bound: int | None) -> int:
        count = int.from_bytes(self._take(4), "little")
        if count > (ITEMS_MAX if bound is None else bound):
            raise MalformedError("too many")
        return count

    def value(self, type_: Type) -> object:
        """The next value."""
        number = layout(type_)
        if number is not None:
            width, signed = number
            return _number(type_, int.from_bytes(self._take(width), "little", signed=signed))
        match type_:
            case FixedType(length=length):
                return self._take(length)
            case StrType(length) | BytesType(length):
                return self._text(type_, length)
            case RecordType(fields=fields):
                return record_class(type_)([self.value(item.type) for item in fields])
            case TupleType(items):
                return tuple(self.value(item) for item in items)
            case ListType(item, length):
                return [self.value(item) for _ in range(self._items(length))]
            case MapType():
                return self._map(type_)
            case OptionalType(item):
                return self._optional(item)
        raise TypeError(f"{type_} has no bytes")

    def _text(self, type_: Type, bound: int | None) -> str | bytes:
        data = self._take(self._items(VALUE_BYTES_MAX))
        try:
            value = data.decode() if isinstance(type_, StrType) else data
        except UnicodeDecodeError:
            raise MalformedError("not UTF-8") from None
        if bound is not None and len(value) > bound:
            raise MalformedError("too long")
        return value

    def _map(self, type_: MapType) -> dict[Any, Any]:
        pairs = [
            (self.value(type_.key), self.value(type_.value))
            for _ in range(self._items(type_.length))
        ]
        keys: list[Any] = [key for key, _ in pairs]
        if any(left >= right for left, right in pairwise(keys)):
            raise MalformedError("keys do not ascend")
        return dict(pairs)

    def _optional(self, item: Type) -> object:
        flag = self._take(1)
        if flag not in (b"\0", b"\1"):
            raise MalformedError("neither there nor not")
        if flag == b"\0":
            return None
        return self.value(item)

    def end(self) -> None:
        """MALFORMED unless every byte was read."""
        if self._at != len(self._data):
            raise MalformedError("bytes are left")


def _number(type_: Type, raw: int) -> object:
    match type_:
        case BoolType() if raw <= 1:
            return raw == 1
        case DateType():
            try:
                return dates.from_days(raw)
            except Trap:
                raise MalformedError("no such day") from None
        case EnumType(members=members) if raw < len(members):
            return raw
        case BoolType() | EnumType():
            raise MalformedError("no such value")
    low, high = bounds(type_)
    if not low <= raw <= high:
        raise MalformedError("out of range")
    return raw


# --- ordered ---


@lru_cache(CACHED_MAX)
def key_encoder(type_: Type) -> Encoder:
    """Bytes that sort as the values of a key type do."""
    number = layout(type_)
    if number is None:
        if isinstance(type_, FixedType):
            return lambda value: bytes(value)
        return _key_text
    width, signed = number
    shift = 1 << (8 * width - 1) if signed else 0
    if isinstance(type_, DateType):
        return lambda value: (dates.to_days(value) + shift).to_bytes(width, "big")
    return lambda value: (int(value) + shift).to_bytes(width, "big")


def _key_text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return data.replace(b"\0", b"\0\xff") + b"\0\0"
