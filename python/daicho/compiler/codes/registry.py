"""What a code is, and the registry of all. A code is never reused.

`message` is the one-line reason, filled in where the fault is found; `hint`
says how to put it right; `text` is what `daicho explain` prints. A test holds
one annotated contract for each.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One kind of fault in a contract."""

    id: str
    title: str
    message: str
    hint: str
    text: str


REGISTRY: dict[str, Code] = {}
"""Every code by its id, as DC0009."""


def code(number: int, title: str, message: str, hint: str, text: str) -> Code:
    """Register a code; each number once."""
    made = Code(f"DC{number:04}", title, message, hint, text)
    assert made.id not in REGISTRY, f"{made.id} is taken"
    REGISTRY[made.id] = made
    return made
