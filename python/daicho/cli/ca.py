"""`daicho ca`: the administrator's certificate authority."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from daicho.admin.found import enrol_party
from daicho.admin.plan import PartyPlan
from daicho.cli.common import hex_bytes, network_option, place_for
from daicho.cli.output import Output, json_option, table
from daicho.config import ConfigError, load_party
from daicho.identity import ROLE_BITS
from daicho.identity.authority import LEAF_DAYS, Authority
from daicho.identity.files import write_public

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def ca() -> None:
    """Found an authority; issue, revoke and list certificates."""


def _authority(network: Path) -> Authority:
    if not (network / "ca" / "root.pem").is_file():
        raise ConfigError.one("CFG_FILE", "ca", f"{network} has no authority in ca/")
    return Authority.open(network / "ca")


@ca.command()
@network_option
@click.option("--name", default="daicho", show_default=True, help="The authority's name.")
@json_option
def init(network: Path, name: str, output: Output) -> None:
    """Found an authority in the network's ca/."""
    folder = network / "ca"
    if folder.exists():
        raise ConfigError.one("CFG_EXISTS", "ca", f"{folder} is there already")
    authority = Authority.create(folder, name)
    root = authority.root
    output.result(
        {"ok": True, "folder": str(folder), "expires": root.not_valid_after_utc.isoformat()},
        f"{folder}: founded",
    )


@ca.command()
@click.argument("request", metavar="CSR", type=FILE)
@click.option("--out", type=FILE, required=True, help="Where the certificate goes.")
@click.option("--node", metavar="NAME", help="Certify a node of this name, not a party.")
@click.option("--party", "party_hex", metavar="HEX", help="An existing party id.")
@click.option("--days", type=click.IntRange(1, 3_650), default=LEAF_DAYS, show_default=True)
@network_option
@json_option
def issue(
    request: Path,
    out: Path,
    node: str | None,
    party_hex: str | None,
    days: int,
    network: Path,
    output: Output,
) -> None:
    """Certify a PKCS#10 request in PEM. Party id and alias are assigned here."""
    place_for(out, "--out", begins="")
    try:
        parsed = x509.load_pem_x509_csr(request.read_bytes())
    except OSError as error:
        raise ConfigError.one("CFG_FILE", "CSR", str(error)) from error
    except ValueError as error:
        raise ConfigError.one("CFG_CERT_FORM", "CSR", f"no request: {error}") from error
    party = hex_bytes(party_hex, 16, "--party") if party_hex else None
    certificate = _authority(network).issue(parsed, party=party, node=node, days=days)
    write_public(out, certificate.document.public_bytes(Encoding.PEM))
    holder = certificate.holder
    output.result(
        {
            "ok": True,
            "serial": certificate.serial,
            "lei": holder.lei,
            "party": holder.party,
            "alias": holder.alias,
            "certificate": certificate.digest,
            "expires": certificate.document.not_valid_after_utc.isoformat(),
        },
        f"{out}: certificate {certificate.serial} for {holder.name}",
    )


@ca.command()
@click.argument("name")
@click.option("--lei", required=True)
@click.option("--organisation", required=True)
@click.option("--role", "roles", multiple=True, type=click.Choice(list(ROLE_BITS)), required=True)
@click.option("--read-only", is_flag=True, help="It may ask but not submit.")
@click.option("--gateway", default="exchange", show_default=True, metavar="ID")
@network_option
@json_option
def enrol(network: Path, lei: str, output: Output, **asked: Any) -> None:
    """Draw keys for party NAME, certify them, write its folder.

    It is on the ledger once `daicho control admit NAME` is final.
    """
    plan = PartyPlan(entity=asked["name"], **asked)
    home = enrol_party(network, plan, lei)
    party = load_party(home / "party.toml")
    output.result(
        {"ok": True, "folder": str(home), "party": party.party, "alias": party.alias},
        f"{home}: enrolled; admit it with: daicho control admit {party.name} --as exchange",
    )


@ca.command()
@click.argument("which", metavar="NAME|SERIAL")
@click.option("--reason", default="unspecified", show_default=True)
@network_option
@json_option
def revoke(which: str, reason: str, network: Path, output: Output) -> None:
    """Put a certificate on the revocation list.

    This is the certificate alone; `daicho control revoke` takes the party off
    the ledger from a height on.
    """
    entry = _authority(network).revoke(which, reason)
    output.result({"ok": True, **asdict(entry)}, f"{entry.name}: {entry.serial} is revoked")


@ca.command("list")
@network_option
@json_option
def list_(network: Path, output: Output) -> None:
    """Everything ever issued."""
    entries = _authority(network).entries()
    rows = [(e.name, e.kind, e.lei, e.expires[:10], e.revoked[:10], e.serial) for e in entries]
    output.result(
        {"ok": True, "certificates": [asdict(entry) for entry in entries]},
        table(rows, ("name", "kind", "lei", "expires", "revoked", "serial")),
    )
