"""`daicho tx`, `daicho query`, `daicho events`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daicho.admin.network import Network
from daicho.cli.common import (
    as_option,
    failed,
    hex_bytes,
    json_arguments,
    moment,
    moment_options,
    network_option,
    part,
    place_for,
    timeout_option,
)
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option, plain, readable
from daicho.cli.receipts import Sent, journal, remember, shown
from daicho.cli.tracing import trace
from daicho.gateway import LedgerClient, Party
from daicho.gateway.client import Receipt

if TYPE_CHECKING:
    from daicho.query.book import Contract

FOLLOW_PAUSE_S = 0.2


@click.group()
def tx() -> None:
    """Submit transactions, get their receipts."""


def _contract(network: Path, name: str) -> Contract:
    part("daicho.compiler")
    from daicho.query.book import ContractBook

    return ContractBook(network).get(name)


@tx.command()
@click.argument("contract")
@click.argument("entry")
@as_option
@click.option("--args", default="{}", metavar="JSON|@FILE", help="Arguments by name.")
@click.option(
    "--wait",
    type=click.Choice(["admitted", "ordered", "final"]),
    default="final",
    show_default=True,
)
@click.option(
    "--gas", type=click.Choice(["small", "medium", "large"]), default="small", show_default=True
)
@click.option("--cosign", multiple=True, metavar="ID", help="A party that consents; repeatable.")
@click.option("--node", metavar="ID", help="Another gateway than the party's own.")
@network_option
@timeout_option
@json_option
def submit(
    contract: str,
    entry: str,
    who: str,
    args: str,
    wait: Any,
    gas: Any,
    cosign: tuple[str, ...],
    node: str | None,
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Call ENTRY of CONTRACT and wait. A failed receipt ends with exit code 3."""
    found, called = Network(network), _contract(network, contract)
    number = called.entry(entry)
    arguments = called.arguments(entry, json_arguments(args))
    cosigners = [Party.open(found.party(name)) for name in cosign]
    with LedgerClient.open(found.party(who), node=node, timeout_s=timeout_s) as client:
        receipt = client.submit(
            called.number, number, arguments, wait=wait, gas=gas, cosigners=cosigners
        )
        sent = Sent(contract, entry, cosign)
        remember(client, receipt, sent)
        document = shown(receipt, called, sent, client, arguments)
    output.result(document, readable(document))
    if failed(receipt):
        raise EndError(Exit.REFUSED)


@tx.command()
@click.argument("tx_id", metavar="TXID")
@as_option
@click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help="Write evidence.")
@network_option
@timeout_option
@json_option
def get(
    tx_id: str, who: str, export: Path | None, network: Path, timeout_s: float, output: Output
) -> None:
    """The receipt of a transaction, checked against the genesis."""
    wanted = hex_bytes(tx_id, 32, "TXID")
    if export is not None:
        place_for(export, "--export", '{"format": "daicho-evidence"')
    found = Network(network)
    with LedgerClient.open(found.party(who), timeout_s=timeout_s) as client:
        receipt = client.receipt(wanted)
        if export is not None:
            _export(client, receipt, export)
        sent = journal(client.party.home).get(tx_id.lower())
        document = dict(receipt)
        if sent is not None:
            document = shown(receipt, _contract(network, sent.contract), sent, client)
    output.result(document, readable(document))
    if failed(receipt):
        raise EndError(Exit.REFUSED)


def _export(client: LedgerClient, receipt: Receipt, path: Path) -> None:
    """The block of a receipt and its certified result, as `audit verify` takes them."""
    height = receipt["height"]
    evidence = {
        "format": "daicho-evidence",
        "version": 1,
        "chain_id": client.party.genesis.chain_id,
        "tx_id": receipt["tx_id"],
        "blocks": [block["bytes"] for block in client.blocks(height, 1)],
        "results": [result["bytes"] for result in client.results(height, 1)],
    }
    path.write_text(json.dumps(plain(evidence)) + "\n")


tx.add_command(trace)


@click.command()
@click.argument("contract")
@click.argument("name", metavar="QUERY")
@as_option
@click.option("--args", default="{}", metavar="JSON|@FILE", help="Arguments by name.")
@moment_options
@click.option(
    "--prove",
    is_flag=True,
    help="Equal answers of a majority of executors, from the certified root.",
)
@click.option("--node", metavar="ID", help="Another gateway than the party's own.")
@network_option
@timeout_option
@json_option
def query(
    contract: str,
    name: str,
    who: str,
    args: str,
    at_height: int | None,
    at_time: int | None,
    prove: bool,
    node: str | None,
    network: Path,
    timeout_s: float,
    output: Output,
) -> None:
    """Ask QUERY of CONTRACT, as a party that may see the answer."""
    at = moment(at_height, at_time)
    found, asked = Network(network), _contract(network, contract)
    number = asked.query(name)
    arguments = asked.arguments(name, json_arguments(args))
    party = Party.open(found.party(who))
    document: dict[str, Any] = {"ok": True}
    if prove:
        from daicho.query.ask import ask_quorum

        proved = ask_quorum(party, asked.number, number, arguments, at=at, timeout_s=timeout_s)
        answer, document["equal_answers_of"] = proved.answer, list(proved.nodes)
    else:
        with LedgerClient(party, node=node, timeout_s=timeout_s) as client:
            answer = client.query(asked.number, number, arguments, at=at)
    document |= {
        "height": answer.height,
        "block_time_us": answer.time_us,
        "state_root": answer.state_root,
        "gas_used": answer.gas_used,
        "answer": asked.abi.decode_result(name, answer.result),
    }
    output.result(document)


@click.command()
@as_option
@click.option("--from", "first", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--follow", is_flag=True, help="Go on with new blocks until interrupted.")
@network_option
@timeout_option
@json_option
def events(
    who: str, first: int, follow: bool, network: Path, timeout_s: float, output: Output
) -> None:
    """Blocks, one line each, with the events of the party's own transactions."""
    with LedgerClient.open(Network(network).party(who), timeout_s=timeout_s) as client:
        while True:
            blocks = client.blocks(first)
            for block in blocks:
                output.line(_block_line(client, block))
            first += len(blocks)
            if not blocks:
                if not follow:
                    return
                time.sleep(FOLLOW_PAUSE_S)


def _block_line(client: LedgerClient, block: dict[str, Any]) -> dict[str, Any]:
    from daicho._native import item_ids

    sent = journal(client.party.home)
    ids = [item_ids(item)[0] for item in block["items"]]
    found = [event for tx_id in ids if tx_id.hex() in sent for event in _events_of(client, tx_id)]
    return {
        "height": block["height"],
        "digest": block["digest"],
        "block_time_us": block["time_us"],
        "transactions": len(ids),
        "events": found,
    }


def _events_of(client: LedgerClient, tx_id: bytes) -> list[dict[str, Any]]:
    return [{"tx_id": tx_id, **event} for event in client.receipt(tx_id).get("events", [])]
