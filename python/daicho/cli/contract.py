"""`daicho contract`: build artefacts, deploy them; versions stand in `versions`."""

from __future__ import annotations

from pathlib import Path

import click

from daicho.admin.control import approvers_beside, deploy
from daicho.admin.network import Network
from daicho.cli.common import as_option, failed, network_option, part, place_for, timeout_option
from daicho.cli.compiling import SOURCE, compiled
from daicho.cli.control import approve_option
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option
from daicho.cli.versions import diff, upgrade
from daicho.config import ConfigError, Problem
from daicho.gateway import LedgerClient
from daicho.identity.files import write_public


@click.group()
def contract() -> None:
    """Build, compare and deploy contracts."""


contract.add_command(diff)
contract.add_command(upgrade)


@contract.command()
@click.argument("source", type=SOURCE)
@click.option("--out", type=SOURCE, help="Where the artefact goes.  [default: SOURCE.dcb]")
@json_option
def build(source: Path, out: Path | None, output: Output) -> None:
    """Compile SOURCE. One run reports everything that is wrong.

    An older artefact is replaced; any other file that is there stays.
    """
    part("daicho.compiler")
    from daicho.compiler.bytecode import MAGIC

    path = place_for(out or source.with_suffix(".dcb"), "--out", MAGIC.decode())
    artefact = compiled(source, output)
    write_public(path, artefact.data)
    output.result(
        {
            "ok": True,
            "artefact": str(path),
            "name": artefact.name,
            "contract": artefact.contract_id,
            "bytes": len(artefact.data),
            "entries": sorted(artefact.abi.entries),
            "queries": sorted(artefact.abi.queries),
        },
        f"{path}: {len(artefact.data)} bytes",
    )


@contract.command("deploy")
@click.argument("source", type=SOURCE)
@click.option("--id", "number", type=click.IntRange(1, 2**32 - 1), help="Its number, at first.")
@as_option
@approve_option
@network_option
@timeout_option
@json_option
def deploy_(
    source: Path,
    number: int | None,
    who: str,
    approvers: tuple[str, ...],
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Compile SOURCE and deploy it with the approvals that the genesis asks for."""
    part("daicho.compiler")
    from daicho.query.book import ContractBook, runs

    artefact = compiled(source, output)
    found, book = Network(network), ContractBook(network)
    given = number or artefact.contract_id or book.next_number()
    book.check_new(given, artefact.name)
    with LedgerClient.open(found.party(who), timeout_s=timeout_s) as client:
        if runs(client, given):
            message = f"contract {given} runs on the ledger, and is not known here"
            hint = f"put the {book.folder} here from which it was deployed, or take another number"
            raise ConfigError([Problem("CFG_EXISTS", "SOURCE", message, hint)])
        others = approvers_beside(client.party, approvers or None)
        receipt = deploy(client, given, artefact.name, artefact.data, others)
    output.result({"contract": given, "name": artefact.name, **receipt})
    if failed(receipt):
        raise EndError(Exit.REFUSED)
    book.put(given, artefact.name, artefact.data)
