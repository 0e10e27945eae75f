"""Reads an artefact: the parts of it that describe the contract's border."""

from __future__ import annotations

from dataclasses import dataclass

from daicho.compiler.bytecode import FORMAT, MAGIC

SECTIONS = 16


class AbiError(ValueError):
    """A value does not fit its type, or bytes do not decode."""


@dataclass(frozen=True)
class Signature:
    """An entry point, a query or an export, as the border shows it."""

    id: int
    name: str
    roles: int
    params: tuple[tuple[str, int], ...]
    result: int
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventType:
    """An event, as the border shows it."""

    id: int
    name: str
    record: int


@dataclass(frozen=True)
class Shape:
    """One type of the artefact; `kind` as in the format."""

    kind: int
    name: str = ""
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


class Reader:
    """Reads little-endian fields and never past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count < 0 or self._at + count > len(self._data):
            raise AbiError("the bytes end too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int, signed: bool = False) -> int:
        """A number of `size` bytes."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def text(self) -> str:
        """A length and that much UTF-8."""
        try:
            return self.take(self.number(4)).decode()
        except UnicodeDecodeError as fault:
            raise AbiError("a text is not UTF-8") from fault

    def end(self) -> None:
        """AbiError unless everything was read."""
        if self._at != len(self._data):
            raise AbiError("bytes are left over")


def read_sections(artefact: bytes) -> dict[int, bytes]:
    """The bodies of the sections by number."""
    reader = Reader(artefact)
    if reader.take(8) != MAGIC or reader.number(2) != FORMAT:
        raise AbiError("this is not a contract artefact of a known format")
    reader.take(6)
    demand(
        reader.number(4) == len(artefact) - 20, "artefact", len(artefact), "of the length it says"
    )
    sections: dict[int, bytes] = {}
    for number in range(1, SECTIONS + 1):
        demand(reader.number(1) == number, "artefact", number, "the next section")
        sections[number] = reader.take(reader.number(4))
    reader.end()
    return sections


def read_shapes(reader: Reader) -> dict[int, Shape]:
    """The types of section 2 by index."""
    return {32 + index: _read_shape(reader) for index in range(reader.number(4))}


def _read_shape(reader: Reader) -> Shape:
    kind = reader.number(1)
    match kind:
        case 1:
            return Shape(kind, "", (reader.number(1), reader.number(1)))
        case 2 | 3:
            return Shape(kind, "", (reader.number(4),))
        case 4:
            name = reader.text()
            return Shape(kind, name, (), tuple(reader.text() for _ in range(reader.number(4))))
        case 5:
            name = reader.text()
            pairs = [(reader.text(), reader.number(2)) for _ in range(reader.number(4))]
            return Shape(kind, name, tuple(b for _, b in pairs), tuple(a for a, _ in pairs))
        case 6:
            return Shape(kind, "", (reader.number(2), reader.number(4)))
        case 7:
            return Shape(kind, "", (reader.number(2), reader.number(2), reader.number(4)))
        case 8:
            return Shape(kind, "", (reader.number(2),))
    raise AbiError(f"type kind {kind}")


def read_errors(reader: Reader) -> tuple[dict[int, str], dict[int, list[list[int]]]]:
    """Names of failure codes, and the types of each code's details."""
    names: dict[int, str] = {}
    details: dict[int, list[list[int]]] = {}
    for _ in range(reader.number(4)):
        code = reader.number(2)
        names[code] = reader.text()
        details.setdefault(code, []).append([reader.number(2) for _ in range(reader.number(4))])
    return names, details


def read_events(reader: Reader) -> list[EventType]:
    """Section 5."""
    events: list[EventType] = []
    for _ in range(reader.number(4)):
        events.append(EventType(reader.number(2), reader.text(), reader.number(2)))
        for _ in range(reader.number(4)):
            reader.take(3)
    return events


def read_functions(reader: Reader) -> list[tuple[list[int], int]]:
    """Parameter types and result of each function."""
    functions: list[tuple[list[int], int]] = []
    for _ in range(reader.number(4)):
        reader.text()
        params = [reader.number(2) for _ in range(reader.number(4))]
        functions.append((params, reader.number(2)))
        reader.take(2 * reader.number(4))
        reader.take(reader.number(4))
    return functions


def read_callables(
    reader: Reader, functions: list[tuple[list[int], int]], is_entry: bool
) -> dict[str, Signature]:
    """Entry points or queries by name."""
    found: dict[str, Signature] = {}
    for _ in range(reader.number(4)):
        id_, name = reader.number(4), reader.text()
        types, result = functions[reader.number(2)]
        roles = reader.number(4)
        signed = [reader.number(2) for _ in range(reader.number(4))] if is_entry else []
        params = [reader.text() for _ in range(reader.number(4))]
        signed_by = tuple(params[index] for index in signed)
        found[name] = Signature(
            id_, name, roles, tuple(zip(params, types, strict=False)), result, signed_by
        )
    return found


def demand(ok: bool, where: str, value: object, wanted: str) -> None:
    """AbiError unless `ok`."""
    if not ok:
        raise AbiError(f"{where}: {value!r} is not {wanted}")


def read_scheduled(reader: Reader, functions: list[tuple[list[int], int]]) -> dict[str, Signature]:
    """Scheduled functions by name; their parameters have no names in the artefact."""
    found: dict[str, Signature] = {}
    for _ in range(reader.number(4)):
        id_, name = reader.number(4), reader.text()
        types, result = functions[reader.number(2)]
        reader.take(3)
        params = tuple((f"item_{at}", type_) for at, type_ in enumerate(types))
        found[name] = Signature(id_, name, 0, params, result)
    return found
