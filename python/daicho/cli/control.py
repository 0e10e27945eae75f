"""`daicho control`: changes of the control state, with approvals."""

from __future__ import annotations

from pathlib import Path

import click

from daicho.admin import control as commands
from daicho.admin.network import Network
from daicho.cli.common import as_option, failed, network_option, timeout_option
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option
from daicho.gateway import LedgerClient, Party


@click.group()
def control() -> None:
    """Admit and revoke parties."""


def approve_option(command: click.decorators.FC) -> click.decorators.FC:
    """Add `--approve ID`."""
    return click.option(
        "--approve",
        "approvers",
        multiple=True,
        metavar="ID",
        help="Another approver whose folder is here; repeatable.  [default: as many as needed]",
    )(command)


@control.command()
@click.argument("party", metavar="PARTY")
@as_option
@approve_option
@network_option
@timeout_option
@json_option
def admit(
    party: str,
    who: str,
    approvers: tuple[str, ...],
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Admit the party of folder PARTY, or replace its record."""
    found = Network(network)
    admitted = Party.open(found.party(party))
    with LedgerClient.open(found.party(who), timeout_s=timeout_s) as client:
        others = commands.approvers_beside(client.party, approvers or None)
        receipt = commands.admit(client, admitted, others)
    output.result(receipt)
    if failed(receipt):
        raise EndError(Exit.REFUSED)


@control.command()
@click.argument("party", metavar="PARTY")
@as_option
@approve_option
@network_option
@timeout_option
@json_option
def revoke(
    party: str,
    who: str,
    approvers: tuple[str, ...],
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Take the alias of PARTY off the ledger from the next height on."""
    found = Network(network)
    alias = Party.open(found.party(party)).file.alias
    with LedgerClient.open(found.party(who), timeout_s=timeout_s) as client:
        others = commands.approvers_beside(client.party, approvers or None)
        receipt = commands.revoke(client, alias, others)
    output.result(receipt)
    if failed(receipt):
        raise EndError(Exit.REFUSED)
