"""How the process ends: the codes, and the exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes (docs/interfaces.md)."""

    OK = 0
    CHECK_FALSE = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    DAMAGED = 5
    BUG = 70
    INTERRUPTED = 130
    CLOSED = 141


class EndError(Exception):
    """Ends a command with a code after its output has been written."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.name)
        self.code = code
