"""The ways a call ends early: the machine's codes and a contract's own."""

from __future__ import annotations

import struct

CODES = {
    name: code
    for code, name in enumerate(
        (
            "GAS", "OVERFLOW", "DIVIDE_BY_ZERO", "INEXACT", "DOMAIN", "INDEX", "KEY", "NONE",
            "LENGTH", "DEPTH", "MEMORY", "MISSING", "EXISTS", "INSUFFICIENT", "CONSERVATION",
            "AS_OF", "READ_ONLY", "REENTRY", "ACCESS", "ROLE", "AUTHORITY", "MALFORMED",
            "NO_CONTRACT", "NO_ENTRY", "UNSET", "UNREACHABLE", "STATE", "INTERNAL", "CALLER",
            "IMPORT", "EVENTS", "WRITES", "FEED", "TIMERS",
        ),
        1,
    )
}  # fmt: skip
"""Trap name → code, docs/bytecode.md §7."""
UNCATCHABLE = frozenset({"GAS", "MEMORY", "INTERNAL", "UNREACHABLE", "UNSET"})
"""What `attempt` does not hold."""


class Trap(Exception):  # noqa: N818 - the machine's word
    """A call stops here and everything it did is undone."""

    def __init__(self, name: str, code: int = 0, details: bytes = b"") -> None:
        super().__init__(name)
        self.name = name
        self.code = code or CODES[name]
        self.details = details

    @property
    def is_catchable(self) -> bool:
        """Whether `attempt` may go on after it."""
        return self.name not in UNCATCHABLE or self.code >= 1000


def overflow() -> Trap:
    """A result outside its type."""
    return Trap("OVERFLOW")


def role_details(required: int, given: int) -> bytes:
    """What ROLE says: both masks."""
    return struct.pack("<II", required, given)
