"""Values at a contract's border: Python objects to canonical bytes and back.

Everything is read from the artefact itself, so a client needs no source:

    abi = Abi(artefact_bytes)
    data = abi.encode_arguments("enter", {"counterparty": bank, ...})
    value = abi.decode_result("enter", result_bytes)

| type | Python value |
|---|---|
| integers | int |
| Decimal, amounts | decimal.Decimal (given: also int or str, exact) |
| Str, Bytes, Bool | str, bytes, bool |
| Account, Party, Hash, TxId | bytes (given: also hexadecimal text) |
| Timestamp, Duration | int, microseconds |
| Date | datetime.date |
| Enum | str, the member's name |
| records, rows | dict by field name; a row has its key columns and the others side by side |
| lists, maps, optionals | list, dict, None |
"""

from __future__ import annotations

import datetime
import decimal
import struct
from collections.abc import Mapping

from daicho.compiler.artefact import AbiError as AbiError
from daicho.compiler.artefact import (
    Reader,
    Shape,
    Signature,
    demand,
    read_callables,
    read_errors,
    read_events,
    read_functions,
    read_scheduled,
    read_sections,
    read_shapes,
)
from daicho.compiler.bytecode import NO_TYPE

_EPOCH = datetime.date(1970, 1, 1)


_INTEGERS = {
    1: (16, True),
    2: (1, False),
    3: (2, False),
    4: (4, False),
    5: (8, False),
    6: (16, False),
    7: (1, True),
    8: (2, True),
    9: (4, True),
    10: (8, True),
    15: (8, False),
    16: (8, True),
}
_FIXED = {11: 16, 12: 16, 13: 32}


class Abi:
    """The border of one contract, from its artefact."""

    def __init__(self, artefact: bytes) -> None:
        sections = read_sections(artefact)
        self.name = Reader(sections[1]).text()
        self._shapes = read_shapes(Reader(sections[2]))
        self.errors, self._details = read_errors(Reader(sections[4]))
        self.events = {item.id: item for item in read_events(Reader(sections[5]))}
        functions = read_functions(Reader(sections[8]))
        self.entries = read_callables(Reader(sections[9]), functions, True)
        self.queries = read_callables(Reader(sections[10]), functions, False)
        self.scheduled = read_scheduled(Reader(sections[14]), functions)

    # --- types ---

    def shape(self, type_: int) -> Shape:
        """A type of the artefact by its index, 32 and up; KeyError for another."""
        return self._shapes[type_]

    def shapes(self) -> dict[int, Shape]:
        """Every type of the artefact by its index."""
        return dict(self._shapes)

    def type_named(self, name: str) -> int:
        """The index of the record or enum of that name; KeyError if there is none."""
        found = [index for index, shape in self._shapes.items() if shape.name == name]
        if not found:
            known = sorted(shape.name for shape in self._shapes.values() if shape.name)
            raise KeyError(f"no record or enum {name!r}; there are {', '.join(known)}")
        return found[0]

    def fields(self, shape: Shape) -> list[tuple[str, int]]:
        """A record's fields and their types; a row's stored part stands beside its key columns."""
        return self._flat(shape)

    # --- entries and queries ---

    def signature(self, name: str) -> Signature:
        """The entry point or query of that name; KeyError if there is none."""
        return self.entries[name] if name in self.entries else self.queries[name]

    def encode_arguments(self, name: str, arguments: Mapping[str, object]) -> bytes:
        """The argument bytes of a call."""
        params = self.signature(name).params
        unknown = sorted(set(arguments) - {key for key, _ in params})
        missing = [key for key, _ in params if key not in arguments]
        if unknown or missing:
            raise AbiError(f"{name}: unknown arguments {unknown}, missing {missing}")
        return b"".join(
            self._encode(type_, arguments[key], f"{name}.{key}") for key, type_ in params
        )

    def decode_arguments(self, name: str, data: bytes) -> dict[str, object]:
        """The arguments of a call, by parameter."""
        reader = Reader(data)
        values = {key: self._decode(type_, reader) for key, type_ in self.signature(name).params}
        reader.end()
        return values

    def decode_result(self, name: str, data: bytes) -> object:
        """What an entry point or query returned; None where it returns nothing."""
        result = self.signature(name).result
        reader = Reader(data)
        value = None if result == NO_TYPE else self._decode(result, reader)
        reader.end()
        return value

    # --- events and failures ---

    def decode_event(self, event_id: int, data: bytes) -> tuple[str, dict[str, object]]:
        """An event's name and fields; KeyError for an unknown id."""
        event = self.events[event_id]
        reader = Reader(data)
        value = self._decode(event.record, reader)
        reader.end()
        assert isinstance(value, dict)
        return event.name, value

    def error_name(self, code: int) -> str:
        """The name of a contract's own failure code; KeyError for another."""
        return self.errors[code]

    def decode_details(self, code: int, data: bytes) -> list[object]:
        """What a failure said beside its code."""
        for types in self._details.get(code, []):
            reader = Reader(data)
            try:
                values = [self._decode(item, reader) for item in types]
                reader.end()
            except AbiError:
                continue
            return values
        raise AbiError(f"no details of code {code} have this form")

    # --- values ---

    def encode_value(self, type_: int, value: object, where: str = "value") -> bytes:
        """Canonical bytes of one value; `where` names it in an `AbiError`."""
        return self._encode(type_, value, where)

    def _encode(self, type_: int, value: object, where: str) -> bytes:
        try:
            return self._encode_value(type_, value, where)
        except (
            TypeError,
            OverflowError,
            struct.error,
            decimal.InvalidOperation,
            ValueError,
        ) as fault:
            if isinstance(fault, AbiError):
                raise
            raise AbiError(f"{where}: {value!r} does not fit: {fault}") from fault

    def _encode_value(self, type_: int, value: object, where: str) -> bytes:
        if type_ == 0:
            demand(isinstance(value, bool), where, value, "a bool")
            return b"\1" if value else b"\0"
        if type_ in _INTEGERS:
            size, signed = _INTEGERS[type_]
            demand(type(value) is int, where, value, "an integer")
            return int(str(value)).to_bytes(size, "little", signed=signed)
        if type_ in _FIXED:
            data = bytes.fromhex(value) if isinstance(value, str) else value
            ok = isinstance(data, bytes) and len(data) == _FIXED[type_]
            demand(ok, where, value, f"{_FIXED[type_]} bytes")
            assert isinstance(data, bytes)
            return data
        if type_ == 14:
            day = datetime.date.fromisoformat(value) if isinstance(value, str) else value
            if not isinstance(day, datetime.date):
                raise AbiError(f"{where}: {value!r} is not a date")
            return struct.pack("<i", (day - _EPOCH).days)
        return self._encode_shape(self._shapes[type_], value, where)

    def _encode_shape(self, shape: Shape, value: object, where: str) -> bytes:
        match shape.kind, value:
            case 1, (int() | str() | decimal.Decimal()) if not isinstance(value, bool):
                return _encode_decimal(shape.numbers[0], shape.numbers[1], value, where)
            case 2, str():
                data = value.encode()
                demand(
                    len(value) <= shape.numbers[0],
                    where,
                    value,
                    f"at most {shape.numbers[0]} characters",
                )
                return struct.pack("<I", len(data)) + data
            case 3, bytes():
                demand(
                    len(value) <= shape.numbers[0],
                    where,
                    value,
                    f"at most {shape.numbers[0]} bytes",
                )
                return struct.pack("<I", len(value)) + value
            case 4, str() if value in shape.names:
                return struct.pack("<H", shape.names.index(value))
            case 5, Mapping():
                return self._encode_record(shape, value, where)
            case 6, list() | tuple():
                demand(
                    len(value) <= shape.numbers[1],
                    where,
                    value,
                    f"at most {shape.numbers[1]} items",
                )
                items = [
                    self._encode(shape.numbers[0], item, f"{where}[{i}]")
                    for i, item in enumerate(value)
                ]
                return struct.pack("<I", len(items)) + b"".join(items)
            case 7, Mapping():
                return self._encode_map(shape, value, where)
            case 8, None:
                return b"\0"
            case 8, _:
                return b"\1" + self._encode(shape.numbers[0], value, where)
        wanted = f"{_WORDS[shape.kind]} {shape.name}".rstrip()
        raise AbiError(f"{where}: {value!r} is not {wanted}")

    def _encode_record(self, shape: Shape, value: Mapping[str, object], where: str) -> bytes:
        fields = self._flat(shape)
        odd = sorted(set(value) ^ {name for name, _ in fields})
        demand(not odd, where, odd, f"the fields of {shape.name}")
        return b"".join(
            self._encode(type_, value[name], f"{where}.{name}") for name, type_ in fields
        )

    def _encode_map(self, shape: Shape, value: Mapping[object, object], where: str) -> bytes:
        demand(len(value) <= shape.numbers[2], where, value, f"at most {shape.numbers[2]} items")
        rows = [
            (
                self._order(shape.numbers[0], key),
                self._encode(shape.numbers[0], key, where),
                self._encode(shape.numbers[1], item, where),
            )
            for key, item in value.items()
        ]
        rows.sort(key=lambda row: row[0])
        return struct.pack("<I", len(rows)) + b"".join(key + item for _, key, item in rows)

    def _order(self, type_: int, key: object) -> tuple[object, ...]:
        """Maps ascend by key: numbers by value, the rest by bytes."""
        if isinstance(key, str) and type_ in self._shapes and self._shapes[type_].kind == 4:
            return (self._shapes[type_].names.index(key),)
        if isinstance(key, str) and type_ in _FIXED:
            return (bytes.fromhex(key),)
        return (key,)

    def _flat(self, shape: Shape) -> list[tuple[str, int]]:
        """A record's fields; a row's stored part stands beside its key columns."""
        fields = list(zip(shape.names, shape.numbers, strict=False))
        if fields and fields[-1][0] == "row" and fields[-1][1] in self._shapes:
            inner = self._shapes[fields[-1][1]]
            if inner.kind == 5 and inner.name == f"{shape.name}_stored":
                return fields[:-1] + list(zip(inner.names, inner.numbers, strict=False))
        return fields

    def _decode(self, type_: int, reader: Reader) -> object:
        if type_ == 0:
            flag = reader.number(1)
            demand(flag in (0, 1), "Bool", flag, "0 or 1")
            return flag == 1
        if type_ in _INTEGERS:
            return reader.number(*_INTEGERS[type_])
        if type_ in _FIXED:
            return reader.take(_FIXED[type_])
        if type_ == 14:
            return _EPOCH + datetime.timedelta(days=reader.number(4, True))
        return self._decode_shape(self._shapes[type_], reader)

    def _decode_shape(self, shape: Shape, reader: Reader) -> object:
        match shape.kind:
            case 1:
                sign_free = decimal.Decimal(reader.number(16, True))
                return sign_free.scaleb(-shape.numbers[1], decimal.Context(prec=60))
            case 2:
                return reader.text()
            case 3:
                return reader.take(reader.number(4))
            case 4:
                ordinal = reader.number(2)
                demand(ordinal < len(shape.names), shape.name, ordinal, "a member")
                return shape.names[ordinal]
            case 5:
                return {name: self._decode(type_, reader) for name, type_ in self._flat(shape)}
            case 6:
                return [
                    self._decode(shape.numbers[0], reader)
                    for _ in range(self._count(shape.numbers[1], reader))
                ]
            case 7:
                count = self._count(shape.numbers[2], reader)
                pairs = [
                    (self._decode(shape.numbers[0], reader), self._decode(shape.numbers[1], reader))
                    for _ in range(count)
                ]
                return dict(pairs)
        flag = reader.number(1)
        demand(flag in (0, 1), "Optional", flag, "0 or 1")
        return self._decode(shape.numbers[0], reader) if flag else None

    def _count(self, most: int, reader: Reader) -> int:
        count = reader.number(4)
        demand(count <= most, "list", count, f"at most {most} items")
        return count


_WORDS = {
    1: "a number",
    2: "a text",
    3: "bytes",
    4: "a member of",
    5: "a",
    6: "a list",
    7: "a map",
    8: "a value",
}


def _encode_decimal(
    digits: int, scale: int, value: int | str | decimal.Decimal, where: str
) -> bytes:
    number = decimal.Decimal(value)
    demand(number.is_finite(), where, value, "a finite number")
    shifted = number.scaleb(scale, decimal.Context(prec=200))
    whole = int(shifted)
    demand(whole == shifted, where, value, f"exact in {scale} decimal places")
    demand(abs(whole) < 10**digits, where, value, f"below {digits} digits")
    return whole.to_bytes(16, "little", signed=True)
