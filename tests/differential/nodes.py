"""A function's body as a tree of statements, which can be taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daicho.compiler.types import (
    Type,
)


@dataclass(frozen=True)
class Timed:
    """A scheduled function."""

    name: str
    params: tuple[Type, ...]


@dataclass
class Node:
    """A statement: its first line, and what stands below it."""

    text: str
    body: list[Node] | None = None
    partner: bool = False
    """An `else:` or `case`, which goes with the one before it."""

    def lines(self, depth: int = 1) -> Iterator[str]:
        """The source text, indented."""
        yield "    " * depth + self.text
        if self.body is not None:
            for item in self.body:
                yield from item.lines(depth + 1)
            if not self.body:
                yield "    " * (depth + 1) + "pass"

    def count(self) -> int:
        """Statements in it, itself counted."""
        return (0 if self.partner else 1) + sum(item.count() for item in self.body or [])
