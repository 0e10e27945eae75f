"""What an artefact shows to the outside, as parts that two versions are compared by.

Read from the artefact alone (docs/bytecode.md, sections 1 and 13), so that what is
deployed and what was just compiled are looked at in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from blake3 import blake3

from daicho.author.touching import touches
from daicho.author.typetexts import TypeTexts
from daicho.authority import roles_in
from daicho.compiler.artefact import AbiError, Reader, read_sections, read_shapes
from daicho.compiler.bytecode import NO_TYPE

COMPARTMENTS = ("public", "administrator", "party", "register")
GAS_CLASSES = ("S", "M", "L")
_HEADER_GAS_AT = 12


@dataclass(frozen=True)
class Part:
    """One declaration with a number of its own."""

    kind: str
    id: int
    name: str
    text: str
    """What it says, for a person."""
    bound: str = ""
    """What an upgrade must keep: shapes without names; empty when nothing."""
    named: str = ""
    """The same with names: where only this differs, something was renamed or reordered."""


@dataclass(frozen=True)
class Function:
    """One function's own facts."""

    name: str
    params: tuple[int, ...]
    result: int
    code_bytes: int


@dataclass
class Interface:
    """A contract's border."""

    name: str
    code_hash: str
    """BLAKE3 of the artefact, in hex: what the ledger calls this version."""
    artefact_bytes: int
    gas_schedule: int
    parts: dict[tuple[str, int], Part] = field(default_factory=dict)
    code_bytes: dict[str, int] = field(default_factory=dict)
    """Bytes of code by function."""
    touches: dict[str, str] = field(default_factory=dict)
    """What each callable may read and write."""
    migrates: bool = False

    def of_kind(self, kind: str) -> dict[int, Part]:
        """The parts of one kind by their numbers."""
        return {part.id: part for part in self.parts.values() if part.kind == kind}


def interface_of(artefact: bytes) -> Interface:
    """Read an artefact; `AbiError` when it is none."""
    try:
        return _interface(artefact)
    except (IndexError, KeyError) as fault:
        raise AbiError("a declaration refers to something that is not there") from fault


def _interface(artefact: bytes) -> Interface:
    sections = {number: Reader(body) for number, body in read_sections(artefact).items()}
    schedule = int.from_bytes(artefact[_HEADER_GAS_AT : _HEADER_GAS_AT + 2], "little")
    digest = blake3(artefact).hexdigest()
    found = Interface(sections[1].text(), digest, len(artefact), schedule)
    reading = _Reading(sections)
    for part in reading.parts():
        found.parts[part.kind, part.id] = part
    found.code_bytes = {function.name: function.code_bytes for function in reading.functions}
    names = {key: part.name for key, part in found.parts.items()}
    found.touches = touches(sections[16], names)
    found.migrates = sections[15].number(2) != NO_TYPE
    return found


class _Reading:
    """The sections of one artefact on the way to parts."""

    def __init__(self, sections: dict[int, Reader]) -> None:
        self.sections = sections
        self.types = TypeTexts(read_shapes(sections[2]))
        self.functions = [self._function(r) for r in _each(sections[8])]
        self.locks: list[Part] = []
        self.tables = list(self._tables())

    def parts(self) -> Iterator[Part]:
        """Every part of the border."""
        yield from self.tables
        yield from self.locks
        yield from self._indexes()
        yield from self._events()
        yield from self._callables(9, "entry")
        yield from self._callables(10, "query")
        yield from self._exports()
        yield from self._scheduled()
        yield from self._errors()
        yield from self._types()

    def _function(self, r: Reader) -> Function:
        name = r.text()
        params = tuple(r.number(2) for _ in range(r.number(4)))
        result = r.number(2)
        r.take(2 * r.number(4))
        length = r.number(4)
        r.take(length)
        return Function(name, params, result, length)

    def _tables(self) -> Iterator[Part]:
        for r in _each(self.sections[6]):
            number, name, version = r.number(2), r.text(), r.number(2)
            columns = [(r.text(), r.number(2)) for _ in range(r.number(4))]
            row, kind, column = r.number(2), r.number(1), r.number(1)
            where = COMPARTMENTS[kind]
            where += f"({columns[column][0]})" if kind > 1 else ""
            conserved, kept = "", ""
            if r.number(1):
                group, amounts = r.number(1), [r.number(2) for _ in range(r.number(4))]
                locks = [(r.number(2), r.number(2)) for _ in range(r.number(4))]
                fields = self.types.fields(row)
                conserved = f", conserved per {columns[group][0]}"
                conserved += ", locked " if locks else ""
                conserved += ", ".join(fields[at] for at, _ in locks)
                kept = f" conserved {group} {amounts} {locks}"
                for at, own in locks:
                    said = f"what is locked of {name}.{fields[at]}, by name"
                    self.locks.append(Part("lock", own, f"{name}.{fields[at]}", said, str(number)))
            keys = ", ".join(f"{key}: {self.types.name(type_)}" for key, type_ in columns)
            named = ", ".join(f"{key}: {self.types.full(type_)}" for key, type_ in columns)
            shapes = ", ".join(self.types.shape(type_) for _, type_ in columns)
            rule = f"{kind} {column} v{version}{kept}"
            yield Part(
                "table",
                number,
                name,
                f"[{keys}] {self.types.full(row)} in {where}{conserved}",
                f"[{shapes}] {self.types.shape(row)} {rule}",
                f"[{named}] {self.types.full(row)} {rule}",
            )

    def _indexes(self) -> Iterator[Part]:
        for r in _each(self.sections[13]):
            number, name, table = r.number(2), r.text(), r.number(2)
            columns = [(r.number(1), r.number(1)) for _ in range(r.number(4))]
            over = self.tables[table]
            said = ", ".join(f"{'field' if kind else 'key'} {at}" for kind, at in columns)
            bound = f"{over.id} {columns}"
            yield Part("index", number, name, f"over {over.name} by {said}", bound, bound)

    def _events(self) -> Iterator[Part]:
        for r in _each(self.sections[5]):
            number, name, record = r.number(2), r.text(), r.number(2)
            kinds = [(r.number(1), r.number(2)) for _ in range(r.number(4))]
            fields = self.types.fields(record)
            to = [
                COMPARTMENTS[kind] + (f"({fields[at]})" if kind > 1 else "") for kind, at in kinds
            ]
            full = self.types.full(record)
            text = f"{full} to {', '.join(to)}"
            yield Part("event", number, name, text, self.types.shape(record), full)

    def _callables(self, section: int, kind: str) -> Iterator[Part]:
        for r in _each(self.sections[section]):
            number, name, function = r.number(4), r.text(), self.functions[r.number(2)]
            roles = r.number(4)
            signed = [r.number(2) for _ in range(r.number(4))] if kind == "entry" else []
            params = [r.text() for _ in range(r.number(4))]
            by = f" signed by {', '.join(params[at] for at in signed)}" if signed else ""
            text = f"{self._signature(function, params)} for {' '.join(roles_in(roles))}{by}"
            bound = self._shape(function) if kind == "entry" else ""
            yield Part(kind, number, name, text, bound, self._signature(function, params, True))

    def _exports(self) -> Iterator[Part]:
        for r in _each(self.sections[11]):
            number, name, function = r.number(4), r.text(), self.functions[r.number(2)]
            callers = [str(r.number(4)) for _ in range(r.number(4))]
            said = f"contracts {', '.join(callers)}" if callers else "every contract"
            text = f"{self._signature(function)} for {said}"
            named = self._signature(function, in_full=True)
            yield Part("export", number, name, text, self._shape(function), named)

    def _scheduled(self) -> Iterator[Part]:
        for r in _each(self.sections[14]):
            number, name, function = r.number(4), r.text(), self.functions[r.number(2)]
            priority, gas, resumes = r.number(1), r.number(1), r.number(1)
            again = ", resumes" if resumes else ""
            text = f"{self._signature(function)} priority {priority}, gas {GAS_CLASSES[gas]}{again}"
            bound = f"{self._shape(function)} {resumes}"
            named = self._signature(function, in_full=True)
            yield Part("scheduled", number, name, text, bound, named)

    def _errors(self) -> Iterator[Part]:
        details: dict[tuple[int, str], list[str]] = {}
        for r in _each(self.sections[4]):
            code, name = r.number(2), r.text()
            types = [self.types.name(r.number(2)) for _ in range(r.number(4))]
            details.setdefault((code, name), []).append(f"({', '.join(types)})")
        for (code, name), forms in details.items():
            yield Part("error", code, name, " or ".join(forms), "", name)

    def _types(self) -> Iterator[Part]:
        for index, name in self.types.declared():
            yield Part("type", index, name, self.types.full(index))

    def _signature(
        self, function: Function, names: list[str] | None = None, in_full: bool = False
    ) -> str:
        show = self.types.full if in_full else self.types.name
        called = names or [""] * len(function.params)
        params = [
            f"{name}: {show(type_)}" if name else show(type_)
            for name, type_ in zip(called, function.params, strict=True)
        ]
        result = "None" if function.result == NO_TYPE else show(function.result)
        return f"({', '.join(params)}) -> {result}"

    def _shape(self, function: Function) -> str:
        params = ", ".join(self.types.shape(type_) for type_ in function.params)
        result = "" if function.result == NO_TYPE else self.types.shape(function.result)
        return f"({params}) -> {result}"


def _each(reader: Reader) -> Iterator[Reader]:
    """The section's reader, once for each of its items."""
    for _ in range(reader.number(4)):
        yield reader
