"""An artefact's types as texts: short, in full, and as the shape that must stay.

The shape leaves names aside and is what the ledger compares (docs/bytecode.md,
section 13): an enum is so many members, a record the shapes of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from daicho.compiler.artefact import Shape, demand

PREDECLARED = (
    "Bool", "Int", "U8", "U16", "U32", "U64", "U128", "I8", "I16", "I32", "I64",
    "Account", "Party", "Hash", "Date", "Timestamp", "Duration",
)  # fmt: skip
STORED = "_stored"
"""How the compiler names the part of a row beside its key."""


class TypeTexts:
    """The types of one artefact."""

    def __init__(self, shapes: dict[int, Shape]) -> None:
        for index, shape in shapes.items():
            demand(all(part < index for part in parts_of(shape)), "type", index, "of earlier ones")
        self._shapes = shapes

    def declared(self) -> Iterator[tuple[int, str]]:
        """Records and enums that an author named, by index."""
        for index, shape in self._shapes.items():
            if shape.kind in (4, 5) and not shape.name.endswith(STORED):
                yield index, shape.name

    def fields(self, type_: int) -> tuple[str, ...]:
        """The names of a record's fields."""
        return self._shapes[type_].names

    def name(self, type_: int) -> str:
        """Short: a record or enum by its name."""
        shape = self._shapes.get(type_)
        if shape is None:
            return PREDECLARED[type_]
        return shape.name if shape.kind in (4, 5) else _built(shape, self.name)

    def full(self, type_: int) -> str:
        """With the fields and members of everything in it."""
        shape = self._shapes.get(type_)
        if shape is None:
            return PREDECLARED[type_]
        if shape.kind == 4:
            return f"{shape.name}<{' '.join(shape.names)}>"
        if shape.kind == 5:
            pairs = zip(shape.names, shape.numbers, strict=True)
            inner = ", ".join(f"{name}: {self.full(part)}" for name, part in pairs)
            return f"{shape.name.removesuffix(STORED)} {{{inner}}}"
        return _built(shape, self.full)

    def shape(self, type_: int) -> str:
        """What must stay: no names."""
        shape = self._shapes.get(type_)
        if shape is None:
            return PREDECLARED[type_]
        if shape.kind == 4:
            return f"Enum<{len(shape.names)}>"
        if shape.kind == 5:
            return f"{{{', '.join(self.shape(part) for part in shape.numbers)}}}"
        return _built(shape, self.shape)


def parts_of(shape: Shape) -> tuple[int, ...]:
    """The types that a type is made of."""
    counts = {5: len(shape.numbers), 6: 1, 7: 2, 8: 1}
    return shape.numbers[: counts.get(shape.kind, 0)]


def _built(shape: Shape, show: Callable[[int], str]) -> str:
    """A type made of others, or of bounds alone."""
    numbers = shape.numbers
    match shape.kind:
        case 1:
            return f"Decimal({numbers[0]}, {numbers[1]})"
        case 2:
            return f"Str({numbers[0]})"
        case 3:
            return f"Bytes({numbers[0]})"
        case 6:
            return f"list[{show(numbers[0])}]({numbers[1]})"
        case 7:
            return f"dict[{show(numbers[0])}, {show(numbers[1])}]({numbers[2]})"
        case 8:
            return f"{show(numbers[0])} | None"
    raise AssertionError(f"type kind {shape.kind}")
