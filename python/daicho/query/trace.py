"""Traces: a committed transaction as an executor ran it once more.

The executor answers a trace only if the re-run gave the certified receipt. That
these were the lines rests on its word; that the block was re-run with the code
whose hash it names, can be held against a source (`daicho tx trace --source`) and
against the contract's public row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from daicho import _native
from daicho.gateway.client import LedgerClient
from daicho.gateway.errors import BadReplyError


@dataclass(frozen=True)
class TracedContract:
    """A contract in the version that ran."""

    number: int
    code: bytes
    """BLAKE3 of the artefact."""
    name: str
    file: str


@dataclass(frozen=True)
class Place:
    """A line of a function; line 0 where the artefact does not say."""

    contract: TracedContract
    function: str
    line: int


@dataclass(frozen=True)
class RanLine:
    """A line that ran, and the gas it burnt until the next began."""

    place: Place
    gas: int


@dataclass(frozen=True)
class Whole:
    """What a caller sees who holds every compartment that was touched."""

    gas_used: int
    gas_before: int
    """Burnt before the first line: finding and decoding the call."""
    steps: int
    result: bytes
    """What the entry point returned, or the details of the failure."""
    events: Sequence[dict[str, Any]]
    lines: Sequence[RanLine]
    cut: bool
    """Whether the run went on after the last of the lines."""


@dataclass(frozen=True)
class Trace:
    """How a transaction ended, and what of its way the caller may see."""

    tx_id: bytes
    height: int
    index: int
    status: str
    code: str
    failed_at: Place | None
    contracts: Sequence[TracedContract]
    whole: Whole | None


def trace(client: LedgerClient, tx_id: bytes) -> Trace:
    """Trace a transaction.

    RefusedError with ACCESS when it is not there, or not for this party to see; with
    NOT_KEPT where the executor's node has not the block.
    """
    answer = client.trace(tx_id)
    try:
        found = _native.open_trace(answer.result)
        return _trace(tx_id, answer.about, found)
    except (ValueError, IndexError) as error:
        raise BadReplyError(f"the trace is malformed: {error}") from error


def _trace(tx_id: bytes, height: int, found: dict[str, Any]) -> Trace:
    contracts = [TracedContract(*row) for row in found["contracts"]]
    functions = [(contracts[contract], name) for contract, name in found["functions"]]

    def place(function: int, line: int) -> Place:
        return Place(*functions[function], line)

    failed_at, whole = found["failed_at"], found["whole"]
    if whole is not None:
        places = {row[:2]: place(*row[:2]) for row in whole["lines"]}
        lines = [RanLine(places[row[:2]], row[2]) for row in whole["lines"]]
        whole = Whole(**(whole | {"lines": lines}))
    return Trace(
        tx_id=tx_id,
        height=height,
        index=found["index"],
        status=found["status"],
        code=found["code"],
        failed_at=None if failed_at is None else place(*failed_at),
        contracts=contracts,
        whole=whole,
    )
