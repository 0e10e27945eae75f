"""What came of a call, and how a test expects a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType

from daicho.authority import Lack
from daicho.testing.parties import Party

PUBLIC = b"\0" * 17


@dataclass(frozen=True)
class Event:
    """An event of the last block, and the compartments that receive it."""

    contract: str
    name: str
    fields: dict[str, object]
    addressees: tuple[bytes, ...]

    def reaches(self, party: Party) -> bool:
        """Whether this party is among the addressees."""
        return any(item in self.addressees for item in (PUBLIC, *party.compartments()))


@dataclass(frozen=True)
class Outcome:
    """What came of one call."""

    code: str
    value: object
    details: list[object]
    events: list[Event]
    gas: int
    steps: int
    place: str
    """File and line where it failed, `contracts/bonds.py:12`; empty when it did not.

    Of a contract that was deployed as a text, its name and the line.
    """
    lack: Lack | None = None
    """Of ROLE and AUTHORITY: the authority needed and given."""
    unbalanced: str = ""
    """Of CONSERVATION: the group of the holdings, and the two sums that should be equal."""
    way: TracebackType | None = field(default=None, compare=False, repr=False)
    """On CPython: the contract's frames down to the line that failed, for a debugger."""

    @property
    def ok(self) -> bool:
        """Whether it took effect."""
        return self.code == "OK"

    def __str__(self) -> str:
        parts = [self.code]
        if self.lack is not None:
            parts.append(f"({self.lack})")
        if self.unbalanced:
            parts.append(f"({self.unbalanced})")
        if self.details:
            parts.append(str(self.details))
        if self.place:
            parts.append(f"at {self.place}")
        return " ".join(parts)


@dataclass(frozen=True)
class TimerRun:
    """What came of a timer in a block."""

    contract: str
    name: str
    again: bool
    """It gave a cursor, and goes on in the next block."""
    outcome: Outcome


class Aborted(AssertionError):  # noqa: N818 - what happened to the call
    """A call failed with a code."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.code = outcome.code
        self.details = outcome.details
        super().__init__(str(outcome))


# The name that authors import it by is the one that a failing test shows.
Aborted.__module__ = "daicho.testing"


@contextmanager
def aborts(code: str, *details: object) -> Iterator[None]:
    """The block's call fails with `code` and, if given, with these details.

    Anything else fails the test: another code with what it says, success with a
    word that nothing failed.
    """
    __tracebackhide__ = True
    try:
        yield
    except Aborted as failure:
        if failure.code != code or (details and list(details) != failure.details):
            raise
        return
    wanted = f"{code} {list(details)}" if details else code
    raise AssertionError(f"nothing failed; expected {wanted}")
