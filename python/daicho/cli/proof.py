"""`daicho audit`, `verify`, `replay`, `explain`."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path

import click

from daicho.admin.network import Network
from daicho.cli.common import (
    as_option,
    json_arguments,
    moment,
    moment_options,
    network_option,
    part,
    place_for,
    timeout_option,
)
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option, readable
from daicho.codes import registry
from daicho.config import ConfigError, Problem, load_node
from daicho.gateway import LedgerClient
from daicho.identity.files import write_secret

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def audit() -> None:
    """Certify what the ledger holds; check evidence offline, from the genesis alone."""


@audit.command("certify")
@as_option
@click.option("--contract", required=True, metavar="NAME", help="The contract that keeps the row.")
@click.option("--table", required=True, metavar="NAME", help="Its table.")
@click.option("--key", required=True, metavar="JSON|@FILE", help="The row's key columns by name.")
@moment_options
@click.option("--out", required=True, type=FILE, help="Where the certificate is written.")
@network_option
@timeout_option
@json_option
def audit_certify(
    who: str,
    contract: str,
    table: str,
    key: str,
    at_height: int | None,
    at_time: int | None,
    out: Path,
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Sign, as an administrator, what one row holds: a holding certificate for others."""
    part("daicho.compiler")
    from daicho.query.book import ContractBook
    from daicho.query.evidence import HOLDING_FORMAT
    from daicho.query.holding import certify_holding, shown

    place_for(out, "--out", f'{{\n "format": "{HOLDING_FORMAT}"')
    at, columns = moment(at_height, at_time), json_arguments(key, "--key")
    with LedgerClient.open(Network(network).party(who), timeout_s=timeout_s) as client:
        document = certify_holding(client, ContractBook(network), contract, table, columns, at)
    write_secret(out, json.dumps(document, indent=1).encode() + b"\n")
    report = {"ok": True, "file": str(out), **shown(document)}
    output.result(report, readable(report))


@audit.command("verify")
@click.argument("file", type=FILE)
@click.option("--genesis", required=True, type=FILE, help="genesis.toml or genesis.bin.")
@click.option("--ca", type=FILE, help="The authority's root, for a holding certificate.")
@click.option("--crl", type=FILE, help="The authority's revocation list.")
@json_option
def audit_verify(
    file: Path, genesis: Path, ca: Path | None, crl: Path | None, output: Output
) -> None:
    """Check an export or a holding certificate. Exit 1 when FILE proves nothing."""
    from daicho.query.evidence import verify_evidence

    report = verify_evidence(file, genesis, ca, crl)
    output.result(report, readable(report))
    if not report["ok"]:
        raise EndError(Exit.CHECK_FALSE)


@click.command()
@click.option("--home", required=True, type=FOLDER, help="The node's folder.")
@json_option
def verify(home: Path, output: Output) -> None:
    """Check every stored block and result of a node. Exit 5 names what is damaged."""
    from daicho._native import verify_home

    if not (home / "log").is_dir():
        raise ConfigError.one("CFG_FILE", "--home", f"{home} has no log/")
    errors = verify_home(home, load_node(home).genesis)
    lines = [
        f"{row['code']} {row['file']} at {row['offset']}, height {row['height']}: {row['message']}"
        for row in errors
    ]
    output.result({"ok": not errors, "errors": errors}, "\n".join(lines) or "nothing is damaged")
    if errors:
        raise EndError(Exit.DAMAGED)


@click.command()
@click.option("--home", required=True, type=FOLDER, help="The node's folder.")
@json_option
def replay(home: Path, output: Output) -> None:
    """Execute the log from genesis and compare every root."""
    report = part("daicho.host.replay").replay_home(home)
    output.result(report, readable(report))
    if not report["ok"]:
        raise EndError(Exit.CHECK_FALSE)


@click.command()
@click.argument("code")
@json_option
def explain(code: str, output: Output) -> None:
    """What CODE means and what to do."""
    known = registry().get(code.upper())
    if known is None:
        near = ", ".join(get_close_matches(code.upper(), registry()))
        hint = f"near it: {near}" if near else "a contract's own codes stand in its source"
        raise ConfigError([Problem("CFG_REFERENCE", "CODE", f"{code!r} is no code", hint)])
    output.result(
        {
            "ok": True,
            "code": known.code,
            "family": known.family,
            "meaning": known.meaning,
            "remedy": known.remedy,
        },
        f"{known.code} ({known.family})\n  {known.meaning}\n  {known.remedy}",
    )
