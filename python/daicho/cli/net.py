"""`daicho net`, `daicho node`, `daicho status`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daicho.admin.found import found_network
from daicho.admin.network import READY_TIMEOUT_S, Network
from daicho.admin.plan import NetworkPlan, random_loopback
from daicho.cli.common import network_option, part, timeout_option
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option, readable, table
from daicho.config import ConfigError, load_network

FOLDER = click.Path(path_type=Path, file_okay=False)
folder_argument = click.argument(
    "folder", metavar="[DIR]", type=FOLDER, envvar="DAICHO_NETWORK", default=Path()
)


@click.group()
def net() -> None:
    """Found, start, stop and watch a network."""


@net.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--profile", type=click.Choice(["seed", "blind"]), default="seed", show_default=True)
@click.option("--validators", type=int, help="Nodes that vote.  [default: 4; blind: 7]")
@click.option("--members", type=int, default=0, show_default=True, help="Banks that do not vote.")
@click.option("--readers", type=int, default=1, show_default=True, help="Nodes that only read.")
@click.option("--executors", type=int, help="Nodes that execute.  [default: all; blind: 3]")
@click.option(
    "--leader",
    type=click.Choice(["sticky", "round_robin"]),
    default="sticky",
    show_default=True,
)
@click.option("--approvals", type=int, default=2, show_default=True, help="Of the validators.")
@click.option(
    "--clock", type=click.Choice(["system", "steered"]), default="system", show_default=True
)
@click.option(
    "--purpose", type=click.Choice(["test", "production"]), default="test", show_default=True
)
@click.option("--host", help="The address to listen on.  [default: a 127.a.b.c of its own]")
@json_option
def init(folder: Path, output: Output, host: str | None, **asked: Any) -> None:
    """Found a network in DIR: authority, identities, parties, genesis."""
    plan = NetworkPlan(host=host or random_loopback(), **asked)
    genesis = found_network(folder, plan)
    network = load_network(folder / "network.toml")
    output.result(
        {
            "ok": True,
            "folder": str(folder),
            "chain_id": genesis.chain_id,
            "profile": plan.profile,
            "host": plan.host,
            "nodes": [node.name for node in network.nodes],
            "validators": sum(node.validates for node in genesis.file.nodes),
            "executors": sum(node.executor is not None for node in genesis.file.nodes),
            "parties": [party.name for party in genesis.file.parties],
        },
        f"{folder}: {len(network.nodes)} nodes on {plan.host}, chain {genesis.chain_id.hex()}\n"
        f"Start it with: daicho net up {folder}",
    )


@net.command()
@folder_argument
@click.option("--node", "names", multiple=True, metavar="ID", help="Only this node; repeatable.")
@click.option("--timeout", "timeout_s", type=float, default=READY_TIMEOUT_S, show_default=True)
@json_option
def up(folder: Path, names: tuple[str, ...], timeout_s: float, output: Output) -> None:
    """Start the nodes of DIR, one process each, and wait until they answer."""
    network = Network(folder)
    pids = network.up(names or None, timeout_s=timeout_s, progress=output.note)
    output.result({"ok": True, "pids": pids}, f"{len(pids)} nodes are up")


@net.command()
@folder_argument
@json_option
def down(folder: Path, output: Output) -> None:
    """Stop the nodes of DIR."""
    stopped = Network(folder).down(output.note)
    output.result({"ok": True, "stopped": stopped}, f"{len(stopped)} nodes are down")


@net.command("status")
@folder_argument
@json_option
def net_status(folder: Path, output: Output) -> None:
    """Ask every node of DIR. Exit 1 unless all answer."""
    entries = Network(folder).status()
    ok = all(entry["running"] for entry in entries)
    columns = ("node", "running", "pid", "role", "height", "certified_height", "view", "leader")
    rows = [[entry.get(column, "") for column in columns] for entry in entries]
    output.result({"ok": ok, "nodes": entries}, table(rows, columns))
    if not ok:
        raise EndError(Exit.CHECK_FALSE)


@click.command()
@click.option("--home", required=True, type=FOLDER, help="The node's folder.")
def node(home: Path) -> None:
    """Run one node until it is told to stop."""
    if not (home / "node.toml").is_file():
        raise ConfigError.one("CFG_FILE", "--home", f"{home} has no node.toml")
    code = part("daicho.host").run(home)
    if isinstance(code, int) and code:
        raise EndError(Exit(code))


@click.command()
@network_option
@click.option("--node", "name", metavar="ID", help="Which node.  [default: the first]")
@click.option("--as", "who", metavar="ID", help="Ask over its gateway, as this party.")
@timeout_option
@json_option
def status(
    network: Path, name: str | None, who: str | None, timeout_s: float, output: Output
) -> None:
    """What a node says of itself: height, roots, view, counters, executor."""
    found = Network(network)
    chosen = name or found.file.nodes[0].name
    if who is None:
        document = found.node(chosen).status()
        if document is None:
            from daicho.gateway.errors import UnreachableError

            raise UnreachableError(f"{chosen} does not answer on its admin socket")
    else:
        from daicho.gateway import LedgerClient

        with LedgerClient.open(found.party(who), node=chosen, timeout_s=timeout_s) as client:
            document = client.status()
    output.result(document, readable(document))
