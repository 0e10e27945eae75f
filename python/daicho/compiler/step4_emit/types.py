"""Types and constants as the artefact has them, each once."""

from __future__ import annotations

from daicho.compiler.diagnostics import InternalError
from daicho.compiler.ir import Const
from daicho.compiler.step3_lower.builder import stored_row
from daicho.compiler.step4_emit.fields import text, u8, u16, u32, vector
from daicho.compiler.types import (
    AmountType,
    AttemptType,
    BoolType,
    BytesType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    Field,
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

FIRST_TYPE = 32


LENGTH_MAX = 65_536


class Types:
    """Interns types: one type, one index."""

    def __init__(self) -> None:
        self._indices: dict[object, int] = {}
        self._by_type: dict[Type, int] = {}
        self.bodies: list[bytes] = []

    def index(self, type_: Type) -> int:
        """The index of a type, given one if it is new."""
        known = self._by_type.get(type_)
        if known is None:
            known = self._by_type[type_] = self._index(type_)
        return known

    def _index(self, type_: Type) -> int:
        fixed = _predeclared(type_)
        if fixed is not None:
            return fixed
        body = self._body(type_)
        nominal = (type_.module, type_.name) if isinstance(type_, (RecordType, EnumType)) else None
        key = (nominal, body)
        if key not in self._indices:
            self._indices[key] = FIRST_TYPE + len(self.bodies)
            self.bodies.append(body)
        return self._indices[key]

    def _body(self, type_: Type) -> bytes:
        match type_:
            case DecimalType(precision, scale):
                return u8(1) + u8(precision) + u8(scale)
            case AmountType(scale=scale):
                return u8(1) + u8(38) + u8(scale)
            case StrType(length):
                return u8(2) + u32(LENGTH_MAX if length is None else length)
            case BytesType(length):
                return u8(3) + u32(LENGTH_MAX if length is None else length)
            case EnumType(name=name, members=members):
                return u8(4) + text(name) + vector([text(item) for item, _ in members])
            case RecordType():
                return self._record(type_)
            case TupleType(items):
                fields = tuple(Field(f"item_{number}", item) for number, item in enumerate(items))
                return self._fields("tuple", fields)
            case ListType(item, length):
                return u8(6) + u16(self.index(item)) + u32(LENGTH_MAX if length is None else length)
            case MapType(key, value, length):
                head = u8(7) + u16(self.index(key)) + u16(self.index(value))
                return head + u32(LENGTH_MAX if length is None else length)
            case OptionalType(item):
                return u8(8) + u16(self.index(item))
        raise InternalError(f"type {type_}")

    def _record(self, type_: RecordType) -> bytes:
        if type_.kind != "row":
            return self._fields(type_.name, type_.fields)
        return self._fields(type_.name, (*type_.key_fields, Field("row", stored_row(type_))))

    def _fields(self, name: str, fields: tuple[Field, ...]) -> bytes:
        return (
            u8(5)
            + text(name)
            + vector([text(item.name) + u16(self.index(item.type)) for item in fields])
        )


def _predeclared(type_: Type) -> int | None:
    match type_:
        case BoolType():
            return 0
        case IntType(128, True):
            return 1
        case IntType(bits, signed):
            return (7 if signed else 2) + (8, 16, 32, 64, 128).index(bits)
        case FixedType(name):
            return {"Account": 11, "Party": 12, "Hash": 13, "TxId": 13}[name]
        case DateType():
            return 14
        case AttemptType():
            return 1
        case TimestampType() | SnapshotType():
            return 15
        case DurationType():
            return 16
    return None


def constant_bytes(value: Const) -> bytes:
    """The canonical bytes of a constant."""
    match value.type, value.value:
        case StrType(), str(data):
            return text(data)
        case BytesType(), bytes(data):
            return u32(len(data)) + data
        case FixedType(), bytes(data):
            return data
        case ((DecimalType() | AmountType()), int(number)):
            return number.to_bytes(16, "little", signed=True)
        case IntType(bits, signed), int(number):
            return number.to_bytes(bits // 8, "little", signed=signed)
    raise InternalError(f"constant {value}")
