"""`daicho contract diff` and `upgrade`: one version of a contract after another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daicho.admin.control import approvers_beside, deploy
from daicho.admin.network import Network
from daicho.cli.common import as_option, failed, network_option, part, timeout_option
from daicho.cli.compiling import SOURCE, compiled, interface, interface_of_bytes
from daicho.cli.control import approve_option
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option
from daicho.config import ConfigError
from daicho.gateway import LedgerClient

if TYPE_CHECKING:
    from daicho.author.comparing import Comparison
    from daicho.compiler import Artefact
    from daicho.query.book import ContractBook


@click.command()
@click.argument("old", type=SOURCE)
@click.argument("new", type=SOURCE)
@json_option
def diff(old: Path, new: Path, output: Output) -> None:
    """What NEW changes against OLD, each a source or an artefact.

    Exit 1 when NEW cannot take over OLD's number on a ledger.
    """
    from daicho.author.comparing import as_document, as_text, compare

    found = compare(interface(old, output), interface(new, output))
    output.result({"ok": found.takes_over, **as_document(found)}, as_text(found))
    if not found.takes_over:
        raise EndError(Exit.CHECK_FALSE)


@click.command()
@click.argument("source", type=SOURCE)
@click.option("--id", "number", type=click.IntRange(1, 2**32 - 1), help="The number to take over.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_option
@approve_option
@network_option
@timeout_option
@json_option
def upgrade(
    source: Path,
    number: int | None,
    yes: bool,
    who: str,
    approvers: tuple[str, ...],
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Let SOURCE take the place of the version that is deployed.

    Says what changes, refuses what cannot take over (exit 1), and asks before it
    sends anything; --yes says so beforehand, and is needed where nobody can answer.
    """
    part("daicho.compiler")
    from daicho.author.comparing import as_document, as_text
    from daicho.query.book import ContractBook

    artefact, book = compiled(source, output), ContractBook(network)
    given, old_name = _deployed(artefact, number, book)
    found = _comparison(book.artefact(old_name), artefact.data)
    changes = {"contract": given, "name": artefact.name, **as_document(found)}
    output.note(as_text(found))
    if not found.takes_over:
        if output.as_json:
            output.result({"ok": False, "sent": False, **changes})
        raise EndError(Exit.CHECK_FALSE)
    if book.artefact(old_name) == artefact.data:
        output.result({"ok": True, "sent": False, **changes}, f"{old_name} is this version")
        return
    confirm(f"Replace contract {given} {old_name}?", yes, output)
    with LedgerClient.open(Network(network).party(who), timeout_s=timeout_s) as client:
        others = approvers_beside(client.party, approvers or None)
        receipt = deploy(client, given, artefact.name, artefact.data, others)
    output.result({"ok": not failed(receipt), "sent": True, **changes, **receipt})
    if failed(receipt):
        raise EndError(Exit.REFUSED)
    book.put(given, artefact.name, artefact.data)


def _deployed(artefact: Artefact, number: int | None, book: ContractBook) -> tuple[int, str]:
    """The number to take over and the name it has; ConfigError when nothing has it."""
    names = book.names()
    known = {name: number for number, name in names.items()}
    given = number or known.get(artefact.name) or artefact.contract_id
    if given not in names:
        message = f"no contract {given or artefact.name} is known here; `contract deploy` is first"
        raise ConfigError.one("CFG_REFERENCE", "--id", message)
    return given, names[given]


def _comparison(old: bytes, new: bytes) -> Comparison:
    from daicho.author.comparing import compare

    return compare(interface_of_bytes(old, "deployed"), interface_of_bytes(new, "SOURCE"))


def confirm(question: str, yes: bool, output: Output) -> None:
    """Ask, unless it was said beforehand; never guess where nobody can answer."""
    if yes:
        return
    if output.as_json or not sys.stdin.isatty():
        raise ConfigError.one("CFG_USAGE", "--yes", "nobody can be asked here: give --yes")
    click.confirm(question, abort=True, err=True)
