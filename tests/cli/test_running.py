"""A network that runs: four validators and a reader, each its own process."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from daicho import _native
from daicho.admin.control import approvers_beside
from daicho.admin.network import Network
from daicho.admin.plan import random_test_lei
from daicho.cli.app import run
from daicho.cli.exits import Exit
from daicho.gateway import LedgerClient, RefusedError, UnreachableError

HOST = "127.203.1.1"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("running") / "network"
    assert run(["net", "init", str(folder), "--host", HOST]) == Exit.OK
    try:
        assert run(["net", "up", str(folder)]) == Exit.OK
        yield folder
    finally:
        assert run(["net", "down", str(folder)]) == Exit.OK
        assert all(node.pid is None for node in Network(folder).nodes())


def call(capsys: pytest.CaptureFixture[str], network: Path, *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = run([*arguments, "--network", str(network), "--json"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1, lines
    return code, json.loads(lines[0])


def client(network: Path, party: str, **options: Any) -> LedgerClient:
    return LedgerClient.open(Network(network).party(party), **options)


def enrol(capsys: pytest.CaptureFixture[str], network: Path, name: str) -> None:
    code, enrolled = call(
        capsys, network, "ca", "enrol", name, "--lei", random_test_lei(),
        "--organisation", name, "--role", "member",
    )  # fmt: skip
    assert (code, enrolled["ok"]) == (Exit.OK, True)


def test_every_node_reports_its_five_parts(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    """R24: "`status` reports each"."""
    entries = Network(network).status()
    assert [entry["node"] for entry in entries] == [
        "exchange", "bankA", "bankB", "bankC", "reader1",
    ]  # fmt: skip
    for entry in entries:
        assert {"ledger", "hash", "public_key", "p2p", "consensus"} <= entry.keys()
        consensus = entry["consensus"]
        assert (consensus["n"], consensus["f"], consensus["quorum"]) == (4, 1, 3)
        assert entry["clock"] == "system"
    code, local = call(capsys, network, "status", "--node", "bankB")
    assert (code, local["node"]) == (Exit.OK, "bankB")
    code, remote = call(capsys, network, "status", "--node", "bankB", "--as", "bankA")
    assert (code, remote["node"], remote["chain"]) == (Exit.OK, "bankB", local["chain"])


def test_access_is_granted_by_the_administrator(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    """R9: "Access of every node granted by the administrator": an unadmitted
    certificate's handshake is dropped; after the `admit` transaction it connects.
    """
    enrol(capsys, network, "bankY")
    with client(network, "bankY", timeout_s=1) as stranger, pytest.raises(UnreachableError):
        stranger.status()
    code, receipt = call(capsys, network, "control", "admit", "bankY", "--as", "exchange")
    assert (code, receipt["status"], receipt["finality"]) == (Exit.OK, "ok", "final")
    with client(network, "bankY", node=None) as admitted:
        assert admitted.status()["node"] == "exchange"


def test_one_approval_is_not_enough(network: Path) -> None:
    with client(network, "exchange") as exchange:
        command = _native.command_revoke(exchange.party.file.alias)
        with pytest.raises(RefusedError) as caught:
            exchange.submit_control(command)
    assert caught.value.code == "QUORUM"


def test_listed_companies_read_and_do_not_submit(network: Path) -> None:
    """R8: "issX submits a transfer → refused(READ_ONLY)"."""
    with client(network, "issX", node="exchange") as issuer:
        with pytest.raises(RefusedError) as caught:
            issuer.submit(1, 1, b"")
        assert caught.value.code == "READ_ONLY"
        assert caught.value.retry is False


def test_evidence_verifies_offline(
    capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path
) -> None:
    """R34: "Commit certificate of any past block verifies offline from the genesis keys"."""
    enrol(capsys, network, "bankX")
    _, receipt = call(capsys, network, "control", "admit", "bankX", "--as", "exchange")
    export = tmp_path / "evidence.json"
    code, again = call(
        capsys, network, "tx", "get", receipt["tx_id"], "--as", "exchange",
        "--export", str(export),
    )  # fmt: skip
    assert (code, again["height"]) == (Exit.OK, receipt["height"])
    verify = ["audit", "verify", str(export), "--genesis", str(network / "genesis.toml"), "--json"]
    capsys.readouterr()
    assert run(verify) == Exit.OK
    report = json.loads(capsys.readouterr().out)
    assert report["transaction"]["height"] == receipt["height"]
    assert report["final_heights"] == [receipt["height"]]
    evidence = json.loads(export.read_text())
    block = bytearray.fromhex(evidence["blocks"][0])
    for place in range(0, len(block), max(1, len(block) // 40)):
        changed = bytearray(block)
        changed[place] ^= 1
        export.write_text(json.dumps({**evidence, "blocks": [changed.hex()]}))
        assert run(verify) == Exit.CHECK_FALSE, place


def test_a_revoked_party_is_refused_and_its_past_stands(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    """R102: "revoked cert refused from stated h; … historic signatures still verify"."""
    enrol(capsys, network, "bankW")
    _, admitted = call(capsys, network, "control", "admit", "bankW", "--as", "exchange")
    with client(network, "bankW") as party:
        party.status()
        code, revoked = call(capsys, network, "control", "revoke", "bankW", "--as", "exchange")
        assert (code, revoked["status"]) == (Exit.OK, "ok")
    with (
        client(network, "bankW", timeout_s=1) as party,
        pytest.raises((UnreachableError, RefusedError)),
    ):
        party.submit(1, 1, b"")
    with client(network, "exchange") as exchange:
        for block in exchange.blocks(admitted["height"], 1):
            exchange.checked_block(block["bytes"])


def test_a_killed_node_comes_back(network: Path) -> None:
    node = Network(network).node("bankC")
    pid = node.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    node.stop()
    assert node.pid is None
    [started] = Network(network).up(["bankC"]).values()
    assert started != pid
    status = node.status()
    assert status is not None
    assert status["node"] == "bankC"


def test_any_flipped_byte_of_the_log_is_found(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    """R23: "Flip one byte of any stored block … → `verify` names height and fails"."""
    node = Network(network).node("bankC")
    node.stop()
    try:
        verify = ["verify", "--home", str(node.home), "--json"]
        capsys.readouterr()
        assert run(verify) == Exit.OK, capsys.readouterr().out
        [segment] = (node.home / "log").glob("*.seg")
        whole = segment.read_bytes()
        for place in range(200, len(whole), max(1, len(whole) // 25)):
            changed = bytearray(whole)
            changed[place] ^= 1
            segment.write_bytes(changed)
            capsys.readouterr()
            assert run(verify) == Exit.DAMAGED, place
            [error, *_] = json.loads(capsys.readouterr().out)["errors"]
            assert error["file"].endswith(segment.name)
            assert error["offset"] <= place
            assert error["height"] is not None
        segment.write_bytes(whole)
    finally:
        Network(network).up(["bankC"])


def test_a_receipt_has_every_field_of_the_interfaces(network: Path) -> None:
    page = (ROOT / "docs" / "interfaces.md").read_text()
    [listed] = re.findall(r"\*\*Receipt\*\*: `([^`]+)`", page)
    with client(network, "exchange") as exchange:
        command = _native.command_deploy(999, "probe", b"not bytecode")
        others = approvers_beside(exchange.party)
        receipt = exchange.submit_control(command, approvers=others)
        again = exchange.receipt(receipt["tx_id"])
    assert set(listed.split()) <= receipt.keys()
    assert receipt["finality"] == "final"
    assert (again["height"], again["code"]) == (receipt["height"], receipt["code"])
