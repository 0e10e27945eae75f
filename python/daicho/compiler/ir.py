"""The intermediate form: structured stack code with names instead of numbers.

A function is a tree of instructions and blocks, one for one what the artefact
holds. Types, locals, tables, errors and branch targets are still named; step 4
turns names into numbers. `show` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from daicho.compiler.diagnostics import Span
from daicho.compiler.types import Type


@dataclass(frozen=True)
class ErrorRef:
    """A failure code with the types of its details."""

    code: int
    name: str
    details: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.details))})"


BOUNDS = ErrorRef(1000, "BOUNDS")
"""The language's own failure: a scan without limit met more rows than one scan
may give, or a negative amount was to be moved."""


@dataclass(frozen=True)
class Const:
    """A constant too large for an immediate."""

    type: Type
    value: object

    def __str__(self) -> str:
        return f"{self.value!r}:{self.type}"


class Instr(NamedTuple):
    """One instruction; `args` in the order of its immediates."""

    op: str
    span: Span
    args: tuple[object, ...] = ()


@dataclass(frozen=True)
class Block:
    """`kind` block or loop. A branch to a block's label leaves it, to a loop's starts it over."""

    kind: str
    label: str
    span: Span
    body: list[Node]


@dataclass(frozen=True)
class Branch:
    """Takes a Bool from the stack; `result` is what both arms leave there."""

    span: Span
    result: Type | None
    then: list[Node]
    orelse: list[Node]


Node = Instr | Block | Branch


@dataclass
class Code:
    """One function in this form."""

    module: str
    name: str
    params: tuple[Type, ...]
    result: Type | None
    locals: dict[str, Type] = field(default_factory=dict)
    """All locals by name, parameters first."""
    body: list[Node] = field(default_factory=list)


def show(code: Code) -> str:
    """The printable form of a function."""
    params = ", ".join(
        f"{name}: {type_}" for name, type_ in list(code.locals.items())[: len(code.params)]
    )
    lines = [f"function {code.module}.{code.name}({params}) -> {code.result}"]
    for name, type_ in list(code.locals.items())[len(code.params) :]:
        lines.append(f"  local {name}: {type_}")
    _show(code.body, 1, lines)
    return "\n".join(lines) + "\n"


def _show(body: list[Node], depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    for node in body:
        match node:
            case Instr(op=op, args=args):
                lines.append(f"{pad}{op} {' '.join(map(str, args))}".rstrip())
            case Block(kind=kind, label=label, body=inner):
                lines.append(f"{pad}{kind} {label}")
                _show(inner, depth + 1, lines)
            case Branch(result=result, then=then, orelse=orelse):
                lines.append(f"{pad}if {'' if result is None else result}".rstrip())
                _show(then, depth + 1, lines)
                if orelse:
                    lines.append(f"{pad}else")
                    _show(orelse, depth + 1, lines)
