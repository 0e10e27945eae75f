"""`daicho tx trace`: a committed transaction against its source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from blake3 import blake3

from daicho.admin.network import Network
from daicho.cli.common import as_option, hex_bytes, network_option, part, timeout_option
from daicho.cli.compiling import compiled
from daicho.cli.output import Output, json_option, plain
from daicho.config import ConfigError
from daicho.gateway import LedgerClient
from daicho.query.trace import Place, RanLine, Trace, TracedContract, Whole
from daicho.query.trace import trace as traced

if TYPE_CHECKING:
    from daicho.compiler import Abi, Artefact
    from daicho.compiler.diagnostics import Source

LOOP_LINES_MAX = 64
"""A loop whose round has more lines is shown round by round."""
LOOP_ROUNDS_MIN = 3
"""From so many equal rounds on, one stands for all."""
LOOP, FAILED = "| ", "> "
"""What stands before a line of a loop, and before the line that failed."""


@dataclass(frozen=True)
class Version:
    """The version of a contract that ran, as far as it is known here."""

    abi: Abi
    compiled: Artefact | None = None
    """From its source; None where only the bytes are at hand."""


Versions = Mapping[bytes, Version]
"""By the hash of the code."""


@dataclass(frozen=True)
class Round:
    """Lines that ran one after the other, `times` in a row."""

    lines: Sequence[RanLine]
    times: int


@click.command()
@click.argument("tx_id", metavar="ID")
@click.option(
    "--source",
    "sources",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    metavar="FILE|DIR",
    help="The contracts' sources; repeatable.",
)
@as_option
@click.option("--node", metavar="ID", help="Another gateway than the party's own.")
@network_option
@timeout_option
@json_option
def trace(
    tx_id: str,
    sources: tuple[Path, ...],
    who: str,
    node: str | None,
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Run a committed transaction once more and say which lines ran.

    For a party that holds every compartment that the transaction touched. Its sender
    and co-signers who do not are told the code and the failing line; for everybody
    else there is no such transaction (ACCESS).
    """
    part("daicho.compiler")
    wanted = hex_bytes(tx_id, 32, "ID")
    with LedgerClient.open(Network(network).party(who), node=node, timeout_s=timeout_s) as client:
        found = traced(client, wanted)
    versions = _from_book(network, found) | _from_sources(sources, found, output)
    output.result({"ok": True, **_document(found, versions)}, _text(found, versions))
    if found.whole is None:
        output.note(f"{who} does not hold everything that it touched: code and line only")


# The versions that ran.


def _from_book(network: Path, found: Trace) -> dict[bytes, Version]:
    """Artefacts of the network's folder that are the ones that ran."""
    from daicho.compiler import Abi
    from daicho.query.book import ContractBook

    book = ContractBook(network)
    artefacts = [book.artefact(name) for name in book.names().values()]
    ran = {contract.code for contract in found.contracts}
    hashes = [(blake3(artefact).digest(), artefact) for artefact in artefacts]
    return {code: Version(Abi(artefact)) for code, artefact in hashes if code in ran}


def _from_sources(sources: Sequence[Path], found: Trace, output: Output) -> dict[bytes, Version]:
    """What ran, from its sources; ConfigError (CFG_SOURCE) when one is another version."""
    versions: dict[bytes, Version] = {}
    for source in sources:
        for contract in found.contracts:
            path = source / contract.file if source.is_dir() else source
            if path.name == contract.file and path.is_file():
                versions[contract.code] = _version(path, contract, output)
        if source.is_file() and source.name not in [c.file for c in found.contracts]:
            ran = ", ".join(contract.file for contract in found.contracts) or "nothing"
            output.note(f"{source} took no part; what ran is {ran}")
    return versions


def _version(path: Path, contract: TracedContract, output: Output) -> Version:
    artefact = compiled(path, output)
    code = blake3(artefact.data).digest()
    if code != contract.code:
        message = (
            f"it compiles to {code.hex()[:16]}…; contract {contract.number} {contract.name} "
            f"ran as {contract.code.hex()[:16]}…"
        )
        raise ConfigError.one("CFG_SOURCE", str(path), message)
    return Version(artefact.abi, artefact)


# For programs.


def _document(found: Trace, versions: Versions) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tx_id": found.tx_id,
        "height": found.height,
        "index": found.index,
        "status": found.status,
        "code": found.code,
        "failed_at": found.failed_at and _place(found.failed_at, versions),
        "contracts": [
            {"number": c.number, "name": c.name, "file": c.file, "hash": c.code}
            for c in found.contracts
        ],
        "whole": found.whole is not None,
    }
    if found.whole is not None:
        document |= _whole(found, found.whole, versions)
    return document


def _whole(found: Trace, whole: Whole, versions: Versions) -> dict[str, Any]:
    lines = [_place(line.place, versions) | {"gas": line.gas} for line in whole.lines]
    return {
        "gas_used": whole.gas_used,
        "gas_before": whole.gas_before,
        "lines": lines,
        "cut": whole.cut,
        "events": [_event(event, found, versions) for event in whole.events],
        **_result(found, whole, versions),
    }


def _place(place: Place, versions: Versions) -> dict[str, Any]:
    row: dict[str, Any] = {
        "contract": place.contract.name,
        "function": place.function,
        "line": place.line,
    }
    source = _source(place, versions)
    return (
        row
        if source is None
        else row | {"file": source.filename, "source": source.line(place.line)}
    )


def _source(place: Place, versions: Versions) -> Source | None:
    """The text that a line is of: helpers of other files are compiled in."""
    version = versions.get(place.contract.code)
    if version is None or version.compiled is None:
        return None
    return version.compiled.written_in(place.function).parsed.source


def _event(event: dict[str, Any], found: Trace, versions: Versions) -> dict[str, Any]:
    for contract in found.contracts:
        version = versions.get(contract.code)
        if contract.number == event["contract"] and version is not None:
            name, fields = version.abi.decode_event(event["kind"], event["data"])
            return {"contract": contract.name, "event": name, **fields}
    return event


def _result(found: Trace, whole: Whole, versions: Versions) -> dict[str, Any]:
    """What the call returned, or why it failed, in the contract's words where known."""
    from daicho.compiler import AbiError

    name = "result" if found.status == "ok" else "details"
    place = found.failed_at or (whole.lines[0].place if whole.lines else None)
    version = None if place is None else versions.get(place.contract.code)
    if place is None or version is None:
        return {name: whole.result}
    abi = version.abi
    if found.status == "ok":
        entry = place.function
        value = abi.decode_result(entry, whole.result) if entry in abi.entries else whole.result
        return {name: value}
    own = [number for number, code in abi.errors.items() if code == found.code]
    try:
        return {name: abi.decode_details(own[0], whole.result) if own else whole.result}
    except AbiError:
        # The name is also one of the machine's, whose details have another form.
        return {name: whole.result}


# For people.


def _text(found: Trace, versions: Versions) -> str:
    head = f"{found.tx_id.hex()}  block {found.height}, place {found.index}: {found.code}"
    if found.whole is None:
        failed = [] if found.failed_at is None else [_row(FAILED, found.failed_at, "", versions)]
        return "\n".join([head, *failed])
    whole = found.whole
    rows = [row for each in rounds(whole.lines) for row in _rows(each, versions)]
    if whole.cut:
        rows.append("  … and it went on: the trace is full")
    if found.failed_at is not None:
        if not whole.cut and whole.lines and whole.lines[-1].place == found.failed_at:
            rows[-1] = FAILED + rows[-1][len(FAILED) :]
        else:
            rows.append(_row(FAILED, found.failed_at, "", versions))
    gas = f"gas: {whole.gas_used}, of it {whole.gas_before} before the first line"
    events = [f"event: {_words(_event(event, found, versions))}" for event in whole.events]
    result = _result(found, whole, versions).items()
    told = [f"{name}: {_words(value)}" for name, value in result if value not in (None, b"", [])]
    return "\n".join([head, *rows, gas, *told, *events])


def _words(value: object) -> str:
    shown = plain(value)
    return shown if isinstance(shown, str) else json.dumps(shown)


def _rows(each: Round, versions: Versions) -> Iterator[str]:
    if each.times > 1:
        yield f"{LOOP}{each.times} times, gas in all:"
    mark = LOOP if each.times > 1 else " " * len(LOOP)
    for line in each.lines:
        yield _row(mark, line.place, str(line.gas), versions)


def _row(mark: str, place: Place, gas: str, versions: Versions) -> str:
    source = _source(place, versions)
    file = place.contract.name if source is None else source.filename.removesuffix(".py")
    row = f"{mark}{file + ':' + str(place.line or '?'):<24} {place.function:<20} {gas:>7}"
    return f"{row}  {source.line(place.line) if source else ''}".rstrip()


def rounds(lines: Sequence[RanLine]) -> Iterator[Round]:
    """The lines, with equal rounds of a loop taken together and their gas added up."""
    places = [line.place for line in lines]
    at, begun = 0, 0
    while at < len(lines):
        length, times = _loop(places, at)
        if times >= LOOP_ROUNDS_MIN:
            if begun < at:
                yield Round(lines[begun:at], 1)
            end = at + length * times
            gas = [sum(line.gas for line in lines[first:end:length]) for first in _span(at, length)]
            yield Round(list(map(RanLine, places[at : at + length], gas)), times)
            at = begun = end
        else:
            at += 1
    if begun < at:
        yield Round(lines[begun:at], 1)


def _span(at: int, length: int) -> range:
    return range(at, at + length)


def _loop(places: Sequence[Place], at: int) -> tuple[int, int]:
    """How many lines a round that begins here has, and how often it runs in a row."""
    for length in range(1, LOOP_LINES_MAX + 1):
        body = places[at : at + length]
        times, end = 1, at + length
        while places[end : end + length] == body:
            times, end = times + 1, end + length
        if times >= LOOP_ROUNDS_MIN:
            return length, times
    return 1, 1
