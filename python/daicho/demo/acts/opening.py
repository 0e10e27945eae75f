"""Before the market opens: who is there, who is let in, and what is deployed.

The exchange (which is also the depository) and the banks run validators, each
with processes of its own; a reader node serves the issuers. Genesis knows only
those who run a node. Everybody else has a certificate of the exchange's
authority and still gets no word out of the ledger until an admission with the
approvals that genesis asks for is final.
"""

from __future__ import annotations

from typing import Any

from daicho import _native
from daicho.admin.control import approvers_beside
from daicho.admin.deploy import deploy_contract_set
from daicho.demo.stage import Desk, Stage, until
from daicho.gateway import LedgerClient, UnreachableError
from daicho.gateway.client import must_be_ok
from daicho.query.book import ContractBook

CLIENTS = ("adm", "trust", "cash", "audit", "issX", "issY")
STRANGER = "issX"
STRANGER_WAITS_S = 1.0


def network_stands(stage: Stage) -> str:
    """Every node is a process of its own; so is every executor."""
    statuses = until("every executor", lambda: executors_up(stage))
    voting = [status for status in statuses if status["validates"]]
    executing = [status for status in statuses if status["executes"]]
    leading = [status["node"] for status in statuses if status["leader_eligible"]]
    processes = {node.pid for node in stage.network.nodes()}
    processes |= {node.executor_pid for node in stage.network.nodes() if node.executor_pid}
    stage.seen.note("network.validators", len(voting))
    stage.seen.note("network.executors", len(executing))
    stage.seen.note("network.readers", len(statuses) - len(voting))
    stage.seen.note("network.may_lead", [str(name) for name in leading])
    stage.seen.note("network.quorum", int(voting[0]["consensus"]["quorum"]))
    stage.seen.note("network.processes", len(processes))
    sandbox = sorted({str(status["executor"]["sandbox"]) for status in executing})
    return f"{len(processes)} processes; executors {', '.join(sandbox)}"


def executors_up(stage: Stage) -> list[dict[str, Any]] | None:
    """Everybody's status, once every node that executes has its executor."""
    statuses = stage.statuses()
    ready = all(status["executor"] for status in statuses if status["executes"])
    return statuses if ready and len(statuses) == len(stage.network.nodes()) else None


def stranger_is_turned_away(stage: Stage) -> str:
    """A certificate that was never admitted opens no connection, and that is logged."""
    stage.seen.note("admission.stranger_answered", answers(stage, STRANGER))
    key = stage.party(STRANGER).credentials.curve_public.hex()
    gateway = stage.party(STRANGER).file.gateway
    log = stage.network.node(gateway).home / "logs" / "node.jsonl"
    refusals = [line for line in log.read_text().splitlines() if "connection_refused" in line]
    # A log line names no key, only how it begins.
    stage.seen.note("admission.stranger_logged", any(key[:16] in line for line in refusals))
    return f"{STRANGER} is dropped at {gateway} and logged"


def everybody_is_admitted(stage: Stage) -> str:
    """Six control transactions, each with the approvals that genesis asks for."""
    exchange = stage.operator()
    approvers = approvers_beside(exchange.party)
    commands = [_native.command_admit(stage.party(name).record()) for name in CLIENTS]
    items = [exchange.client.seal_control(each, approvers=approvers) for each in commands]
    for receipt in exchange.send(items):
        must_be_ok(receipt, "an admission")
    until("the admission at the reader", lambda: answers(stage, STRANGER) or None)
    stage.seen.note("admission.admitted", len(items))
    stage.seen.note("admission.synced", synced(stage.desk(STRANGER)))
    return f"{', '.join(CLIENTS)}; {STRANGER} reads the whole ledger so far"


def answers(stage: Stage, name: str) -> bool:
    """Whether a party gets a word out of its gateway."""
    # A connection that was turned away stays so: every attempt is a new one.
    with LedgerClient(stage.party(name), timeout_s=STRANGER_WAITS_S) as client:
        try:
            client.status()
        except UnreachableError:
            return False
    return True


def synced(desk: Desk) -> bool:
    """Whether a party's own node has every block from the first on, all of them checked."""
    client = desk.client
    top = int(client.status()["height"])
    blocks = [client.checked_block(row["bytes"]) for row in client.blocks(1, top)]
    return [block["height"] for block in blocks] == list(range(1, top + 1))


def contracts_are_deployed(stage: Stage) -> str:
    """The market's contracts are compiled here; nodes verify and store bytecode."""
    deployed = deploy_contract_set(stage.operator().client, ContractBook(stage.network.folder))
    stage.learn_contracts()
    stage.seen.note("contracts.deployed", len(deployed))
    return ", ".join(f"{name} is {number}" for name, number in deployed.items())
