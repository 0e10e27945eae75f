"""The leader dies in the middle of a batch, and comes back later.

`SIGKILL` gives it no time to say goodbye. The others notice that a block is
owed and does not come, agree on the next leader, and order what was under way.
Whoever sent it waits a little longer and gets the same receipt.
"""

from __future__ import annotations

import signal

from daicho.demo.cast import BATCH, BATCH_TRADES
from daicho.demo.dealing import available, buyer, enter_all, sealed_confirmations
from daicho.demo.stage import Stage, until
from daicho.gateway.client import must_be_ok


def leader_dies_in_the_middle(stage: Stage) -> str:
    """Half of a batch is final, the other half just sent, when the leader is killed."""
    desk = buyer(stage, BATCH)
    numbers = enter_all(stage, BATCH, BATCH_TRADES)
    confirmations = sealed_confirmations(stage, BATCH, numbers)
    first, second = confirmations[: BATCH_TRADES // 2], confirmations[BATCH_TRADES // 2 :]
    receipts = desk.send(first)
    leader = leader_of(stage)
    stage.leave(leader)
    desk.client.post(second, "ordered")
    stage.network.node(leader).signal(signal.SIGKILL)
    receipts += desk.send(second)
    for receipt in receipts:
        must_be_ok(receipt, "a trade of the batch")
    next_leader = until("another leader", lambda: _other_leader(stage, leader))
    stage.seen.note("leader.might_lead", leader in may_lead(stage))
    stage.seen.note("leader.batch_settled", len(receipts))
    stage.seen.note("leader.view_changed", next_leader != leader)
    stage.seen.note("leader.abe", available(stage, "abe"))
    return f"{leader} is gone, {next_leader} leads, {len(receipts)} trades settled"


def leader_comes_back(stage: Stage) -> str:
    """It starts from its log, fetches what it missed, and its executor has the same root."""
    [killed] = stage.gone
    target = stage.last_height()
    stage.network.up([killed])
    node = stage.network.node(killed)

    def caught_up() -> int | None:
        status = node.status() or {}
        executor = status.get("executor") or {}
        executed = executor.get("height", 0) if status.get("executes") else target
        height = int(status.get("certified_height", 0))
        return height if height >= target and int(executed) >= target else None

    stage.gone.clear()
    height = until(f"{killed} at height {target}", caught_up)
    stage.seen.note("leader.caught_up", height >= target)
    return f"{killed} is at height {height}, where the others were at {target}"


def may_lead(stage: Stage) -> list[str]:
    """The nodes that genesis lets lead."""
    nodes = stage.party("bankA").genesis.file.nodes
    return [node.name for node in nodes if node.leader_eligible]


def _other_leader(stage: Stage, gone: str) -> str | None:
    leader = leader_of(stage)
    return leader if leader != gone else None


def leader_of(stage: Stage) -> str:
    """Who leads, by the word of the node in the highest view."""
    newest = max(stage.statuses(), key=lambda status: int(status["view"]))
    return str(newest["leader"])
