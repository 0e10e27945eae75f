"""Who votes, who reads, who may connect."""

from __future__ import annotations

import time

import pytest
import zmq

from cluster.support import Cluster, daicho, open_descriptors
from daicho.gateway import RefusedError, UnreachableError

NO_ANSWER_S = 2.0
"""A refused key hears nothing at all; so long a silence counts as one."""


def _admit(cluster: Cluster, party: str) -> None:
    _, receipt, _ = daicho(
        "control", "admit", party, "--as", "exchange", "--network", cluster.folder
    )
    assert receipt["status"] == "ok", receipt


def _is_admitted(cluster: Cluster, party: str) -> bool:
    with cluster.client(party) as client:
        try:
            return bool(client.status(timeout_s=NO_ANSWER_S))
        except UnreachableError:
            return False


def test_member_institutions_vote(cluster: Cluster) -> None:
    """R7: "bankA..C sign votes; commit certificate lists them"."""
    signed: set[int] = set()
    names = cluster.names

    def all_have_signed() -> bool:
        [receipt] = cluster.load(1)
        certificate = receipt["commit_certificate"]
        replicas = [replica for replica, _ in certificate["signatures"]]
        assert len(replicas) >= 3, "a quorum of four"
        assert replicas == sorted(set(replicas)), "each once, in order"
        signed.update(replicas)
        return {"bankA", "bankB", "bankC"} <= {names[replica] for replica in signed}

    # A certificate lists the first three that voted; over some blocks, all.
    cluster.until("every bank has signed a certificate", all_have_signed)
    assert {names[replica] for replica in signed} <= set(cluster.validators), "no reader votes"


def test_status_reports_the_five_parts(cluster: Cluster) -> None:
    """R24: "`status` reports each; 4 hosts form a mesh with no broker".

    No broker: every connection of a node's process ends at another node of
    the network, and every pair of nodes is connected.
    """
    cluster.load(1)
    for name in cluster.validators:
        _, status, _ = daicho("status", "--network", cluster.folder, "--node", name)
        assert set(status["ledger"]) >= {"block", "control"}
        assert status["hash"] == "BLAKE3"
        assert len(bytes.fromhex(status["public_key"])) == 32
        assert status["p2p"]["peers"] == len(cluster.names) - 1
        wanted = {"n": 4, "f": 1, "quorum": 3, "abstaining": False, "halted": False}
        assert wanted.items() <= status["consensus"].items()
    owners = {port: node.name for node in cluster.network.file.nodes for port in _ports(node)}
    for name in cluster.names:
        peers = _connected_to(cluster, name, owners)
        assert peers == set(cluster.names) - {name}, f"{name} is connected to {peers}"


def _ports(node: object) -> range:
    first = node.first_port  # type: ignore[attr-defined]
    return range(first, first + 200)


def _connected_to(cluster: Cluster, name: str, owners: dict[int, str]) -> set[str]:
    """Whose listening ports are at either end of a node's connections."""
    pid = cluster.node(name).pid
    assert pid is not None
    inodes = {target for target in open_descriptors(pid).values() if target.startswith("socket:")}
    peers: set[str] = set()
    for row in _tcp_rows(pid):
        if f"socket:[{row[9]}]" in inodes and row[3] == "01":  # ESTABLISHED
            ends = [int(address.split(":")[1], 16) for address in (row[1], row[2])]
            named = {owners[port] for port in ends if port in owners}
            assert named, f"{name} talks to somebody outside the mesh: {row}"
            # On a port bound for one peer, the port's number says for whom.
            peers |= {_peer_of_port(cluster, port) for port in ends if port in owners}
            peers |= named
    return {peer for peer in peers if peer} - {name}


def _tcp_rows(pid: int) -> list[list[str]]:
    from cluster.support import PROC

    return [line.split() for line in (PROC / f"{pid}/net/tcp").read_text().splitlines()[1:]]


def _peer_of_port(cluster: Cluster, port: int) -> str:
    for node in cluster.network.file.nodes:
        place = port - node.first_port - 10
        if 0 <= place < 2 * len(cluster.names):
            return cluster.names[place // 2]
    return ""


def test_an_unknown_node_is_dropped_and_syncs_once_admitted(cluster: Cluster) -> None:
    """R9: "Node with unissued cert dials → handshake dropped and logged; after
    `admit` tx it syncs"."""
    assert not _is_admitted(cluster, "issX"), "issX is not admitted by this genesis"
    gateway = cluster.party("issX").file.gateway
    key = cluster.party("issX").credentials.curve_public.hex()

    def logged() -> bool:
        rows = cluster.events(gateway, "connection_refused")
        return any(key[:16] in row.get("msg", "") for row in rows)

    cluster.until("the refused handshake is in the log", logged)
    assert cluster.status(gateway)["counters"]["refused.UNKNOWN_SENDER"] > 0
    _admit(cluster, "issX")
    cluster.until("the doorkeeper knows issX", lambda: _is_admitted(cluster, "issX"))
    height = cluster.settle()
    with cluster.client("issX") as client:
        blocks = client.blocks(1)
        for block in blocks:
            client.verifier.verify_block(block["bytes"])
    assert [block["height"] for block in blocks] == list(range(1, height + 1))
    own = cluster.blocks("exchange")
    assert [block["digest"] for block in blocks] == [block["digest"] for block in own]


def test_a_reader_may_not_submit(cluster: Cluster) -> None:
    """R8: "issX submits a transfer → refused(READ_ONLY)"; the register query
    stands with the contracts' tests."""
    if not _is_admitted(cluster, "issX"):
        _admit(cluster, "issX")
        cluster.until("issX is let in", lambda: _is_admitted(cluster, "issX"))
    before = cluster.settle()
    with cluster.client("issX") as client, pytest.raises(RefusedError) as refusal:
        client.submit(1, 1, b"")
    assert refusal.value.code == "READ_ONLY"
    assert cluster.settle() == before, "nothing was ordered"


def test_a_revoked_party_is_refused_and_its_connection_ends(cluster: Cluster) -> None:
    """R9, R102 ("revoked cert refused from stated h"): what had been admitted
    and is revoked is neither answered on its old connection nor let in anew."""
    _admit(cluster, "issY")
    cluster.until("issY is let in", lambda: _is_admitted(cluster, "issY"))
    with cluster.client("issY") as held:
        assert held.status()["height"] > 0, "the old connection works"
        _, receipt, _ = daicho(
            "control", "revoke", "issY", "--as", "exchange", "--network", cluster.folder
        )
        assert receipt["status"] == "ok"
        cluster.wait_height(receipt["height"])

        def silent() -> bool:
            try:
                return not held.status(timeout_s=NO_ANSWER_S)
            except (UnreachableError, RefusedError):
                return True

        cluster.until("the old connection is of no use", silent)
    assert not _is_admitted(cluster, "issY")


def test_a_member_without_a_vote_submits(found: object) -> None:
    """R11: "Member non-validator submits trade → committed; its forged vote →
    ignored and logged". The forged vote: test_intruder.py."""
    cluster: Cluster = found(members=1)  # type: ignore[operator]
    member = next(name for name in cluster.names if name not in cluster.validators)
    assert not cluster.status(member)["validates"]
    before = cluster.height("exchange")
    # Control transactions come from approvers; the member's node is the gateway.
    receipts = cluster.load(2, node=member)
    assert all(receipt["finality"] == "final" for receipt in receipts)
    assert cluster.settle() >= before + 2
    # What it submits itself is ordered, executed and answered: a deal of its own.
    vault = cluster.deploy_vault()
    [receipt] = cluster.note(vault, member, 1)
    assert (receipt["status"], receipt["finality"]) == ("ok", "final")
    signed = {replica for replica, _ in receipt["commit_certificate"]["signatures"]}
    assert cluster.names.index(member) not in signed


def test_a_stranger_without_curve_gets_nowhere(cluster: Cluster) -> None:
    """R9, R108 ("mutual auth everywhere"): plain ZeroMQ on any port of a node."""
    context = zmq.Context()
    try:
        for node in cluster.network.file.nodes[:2]:
            socket = context.socket(zmq.DEALER)
            socket.linger = 0
            socket.connect(f"tcp://{node.address}:{node.first_port}")
            socket.send(b"hello")
            assert not socket.poll(int(NO_ANSWER_S * 1_000)), "it was answered"
            socket.close()
    finally:
        context.term()
    deadline = time.monotonic() + NO_ANSWER_S
    assert cluster.height("exchange") >= 0
    assert time.monotonic() < deadline, "the node still answers at once"
