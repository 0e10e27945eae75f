"""A network that runs: four validators and a reader, each its own process."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
from collections.abc import Iterator
from itertools import pairwise
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
from daicho.gateway import BadReplyError, LedgerClient, Party, RefusedError, UnreachableError

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


@pytest.fixture(scope="module")
def registered(network: Path) -> dict[str, Any]:
    """The reference contract deployed by command, and issuer X registered with it."""
    party = Party.open(network / "parties" / "issX").file
    source = str(ROOT / "contracts" / "reference.py")
    assert run(["contract", "deploy", source, "--as", "exchange", "-n", str(network)]) == Exit.OK
    return {
        "issuer": party.party.hex(),
        "lei": party.lei,
        "name": party.organisation,
        "account": "11" * 16,
    }


def submit(
    capsys: pytest.CaptureFixture[str], network: Path, who: str, **arguments: str
) -> tuple[int, Any]:
    return call(
        capsys, network, "tx", "submit", "reference", "register_issuer", "--as", who,
        "--args", json.dumps(arguments),
    )  # fmt: skip


def find(
    capsys: pytest.CaptureFixture[str], network: Path, who: str, issuer: str, *more: str
) -> tuple[int, Any]:
    arguments = json.dumps({"issuer": issuer})
    return call(
        capsys, network, "query", "reference", "find_issuer", "--as", who, "--args", arguments,
        *more,
    )  # fmt: skip


def test_a_contract_from_source_to_answer(
    capsys: pytest.CaptureFixture[str], network: Path, registered: dict[str, Any]
) -> None:
    """R6, R8: the administrator's entry point is the administrator's; the listed
    company's query is answered, and another company's is not.
    """
    code, refused = submit(capsys, network, "bankA", **registered)
    assert (code, refused["status"], refused["code"]) == (Exit.REFUSED, "failed", "ROLE")
    assert refused["authority"] == {"required": ["ADMINISTRATOR"], "given": ["MEMBER"]}
    code, again = call(capsys, network, "tx", "get", refused["tx_id"], "--as", "bankA")
    assert (code, again["authority"]) == (Exit.REFUSED, refused["authority"])
    code, receipt = submit(capsys, network, "exchange", **registered)
    assert (code, receipt["status"], receipt["finality"]) == (Exit.OK, "ok", "final"), receipt
    assert receipt["gas_used"] > 0
    code, again = call(capsys, network, "tx", "get", receipt["tx_id"], "--as", "exchange")
    assert (code, again["height"], again["result"]) == (Exit.OK, receipt["height"], None)
    code, twice = submit(capsys, network, "exchange", **registered)
    assert (code, twice["code"]) == (Exit.REFUSED, "DUP")

    issuer = registered["issuer"]
    code, found = find(capsys, network, "issX", issuer)
    assert (code, found["answer"]["name"]) == (Exit.OK, "Issuer X")
    code, found = find(capsys, network, "issX", issuer, "--prove")
    assert (code, len(found["equal_answers_of"])) == (Exit.OK, 3)
    before = str(receipt["height"] - 1)
    for who, more in (("issY", []), ("issX", ["--at-height", before])):
        code, hidden = find(capsys, network, who, issuer, *more)
        assert code == Exit.REFUSED
        assert hidden["errors"][0]["code"] == "ACCESS", "not found looks like not visible"


def test_rows_are_proved_complete_and_a_forged_one_is_not(
    network: Path, registered: dict[str, Any]
) -> None:
    """R99's half here: what a holder reads verifies against the certified root."""
    issuer = bytes.fromhex(registered["issuer"])
    register = bytes([3]) + issuer
    with client(network, "issX", node="exchange") as holder:
        assert register in holder.compartment_keys()
        proved = holder.rows(register, b"\0", b"\xff" * 8)
        assert proved.rows
        assert all(lo < hi for (lo, _), (hi, _) in pairwise(proved.rows))
        holder.root_certified(proved.answer)
        forged = dataclasses.replace(proved.answer, state_root=bytes(32))
        with pytest.raises(BadReplyError):
            holder.root_certified(forged)
    with client(network, "issY", node="exchange") as other:
        assert register not in other.compartment_keys()
        with pytest.raises(RefusedError) as caught:
            other.rows(register, b"\0", b"\xff" * 8)
        assert caught.value.code == "ACCESS"


def test_arguments_that_do_not_fit_are_found_before_anything_is_sent(
    capsys: pytest.CaptureFixture[str], network: Path, registered: dict[str, Any]
) -> None:
    code, document = submit(capsys, network, "exchange", lei="x")
    assert (code, document["errors"][0]["code"]) == (Exit.USAGE, "CFG_ARGUMENTS")
    code, document = call(
        capsys, network, "tx", "submit", "reference", "no_such_entry", "--as", "exchange"
    )
    assert (code, document["errors"][0]["code"]) == (Exit.USAGE, "CFG_REFERENCE")


def test_a_contract_that_does_not_compile_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = tmp_path / "broken.py"
    source.write_text("edition = 1\nx = 1.5\n")
    capsys.readouterr()
    assert run(["contract", "build", str(source), "--json"]) == Exit.CHECK_FALSE
    captured = capsys.readouterr()
    [line] = captured.out.splitlines()
    errors = json.loads(line)["errors"]
    assert errors
    assert all(error["code"].startswith("DC") for error in errors)
    assert "broken.py:2" in captured.err


# --- versions of a contract ---

NOTES = '''"""Notes that two parties sign."""
from daicho.contract import Code, Key, MaxLen, Annotated, Party, Role, Row, Str, Table, U32, entry
from daicho.contract import party, require, sender
edition = 1
class Error(Code):
    EMPTY = 1001
class Note(Row):
    holder: Key[Party]
    number: Key[U32]
    text: Annotated[Str, MaxLen(20)]
notes = Table(Note, compartment=party(Note.holder))
@entry(roles=(Role.MEMBER,), signed_by=("witness",))
def write(number: U32, text: Annotated[Str, MaxLen(20)], witness: Party) -> None:
    require(len(text) > 0, Error.EMPTY, number)
    notes.put(Note(holder=sender(), number=number, text=text))
'''


@pytest.fixture(scope="module")
def notes(network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract's source, deployed under number 60."""
    source = tmp_path_factory.mktemp("notes") / "notes.py"
    source.write_text(NOTES)
    deploy = ["contract", "deploy", str(source), "--id", "60", "--as", "exchange"]
    assert run([*deploy, "-n", str(network)]) == Exit.OK
    return source


def write(
    capsys: pytest.CaptureFixture[str], network: Path, text: str, *more: str
) -> tuple[int, Any]:
    witness = Party.open(network / "parties" / "bankB").file.party.hex()
    arguments = json.dumps({"number": 7, "text": text, "witness": witness})
    return call(
        capsys, network, "tx", "submit", "notes", "write", "--as", "bankA", "--args", arguments,
        *more,
    )  # fmt: skip


def test_a_failure_lists_the_authority_needed_and_given(
    capsys: pytest.CaptureFixture[str], network: Path, notes: Path
) -> None:
    """In names: of the parameter, of the party whose folder is here, of who signed."""
    code, refused = write(capsys, network, "x")
    assert (code, refused["code"]) == (Exit.REFUSED, "AUTHORITY")
    assert refused["authority"] == {
        "required": ["the signature of bankB (witness)"],
        "given": ["bankA"],
    }
    code, refused = write(capsys, network, "x", "--cosign", "bankC")
    assert refused["authority"]["given"] == ["bankA", "bankC"]
    code, again = call(capsys, network, "tx", "get", refused["tx_id"], "--as", "bankA")
    assert again["authority"] == {
        "required": ["the signature of bankB"],
        "given": ["bankA", "bankC"],
    }
    code, empty = write(capsys, network, "", "--cosign", "bankB")
    assert (code, empty["code"], empty["details"]) == (Exit.REFUSED, "EMPTY", [7])
    code, done = write(capsys, network, "x", "--cosign", "bankB")
    assert (code, done["code"]) == (Exit.OK, "OK"), done


def test_a_version_takes_the_place_of_another(
    capsys: pytest.CaptureFixture[str], network: Path, notes: Path
) -> None:
    def upgrade(*more: str) -> tuple[int, Any]:
        arguments = ["contract", "upgrade", str(notes), "--as", "exchange", *more]
        return call(capsys, network, *arguments)

    deploy = ["contract", "deploy", str(notes), "--id", "60", "--as", "exchange"]
    code, refused = call(capsys, network, *deploy)
    assert (code, refused["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    code, refused = call(capsys, network, *deploy[:3], "--id", "61", *deploy[-2:])
    assert (code, refused["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    away = (network / "contracts").rename(network / "away")
    code, refused = call(capsys, network, *deploy)
    assert (code, refused["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    assert "runs on the ledger" in refused["errors"][0]["message"]
    away.rename(network / "contracts")
    code, same = upgrade("--yes")
    assert (code, same["ok"], same["sent"]) == (Exit.OK, True, False)

    notes.write_text(NOTES.replace("number: Key[U32]", "number: Key[Party]")
                     .replace("number: U32", "number: Party"))  # fmt: skip
    code, cannot = upgrade("--yes")
    assert (code, cannot["ok"], cannot["sent"]) == (Exit.CHECK_FALSE, False, False)
    assert any("table 1 notes" in problem for problem in cannot["problems"])

    notes.write_text(NOTES.replace('signed_by=("witness",)', "").replace("EMPTY", "BLANK"))
    code, asked = upgrade()
    assert (code, asked["errors"][0]["code"]) == (Exit.USAGE, "CFG_USAGE"), "nobody to ask"
    code, unchanged = write(capsys, network, "")
    assert unchanged["code"] == "AUTHORITY"
    code, done = upgrade("--yes")
    assert (code, done["ok"], done["sent"], done["contract"]) == (Exit.OK, True, True, 60), done
    assert {row["kind"] for row in done["changed"]} == {"entry", "error"}
    code, blank = write(capsys, network, "")
    assert (code, blank["code"]) == (Exit.REFUSED, "BLANK")

    # A migration that fails leaves the version before; one that does not runs once.
    new = notes.read_text().replace("BLANK", "EMPTY")
    new = new.replace("edition = 1", "from daicho.contract import migrate\n\nedition = 1")
    never = "\n\n@migrate\ndef take_over() -> None:\n    require(1 > 2, Error.EMPTY, 0)\n"
    notes.write_text(new + never)
    code, failed = upgrade("--yes")
    assert (code, failed["code"]) == (Exit.REFUSED, "BAD_ARTEFACT"), failed
    code, still = write(capsys, network, "")
    assert (code, still["code"]) == (Exit.REFUSED, "BLANK")
    notes.write_text(new + never.replace("1 > 2", "1 < 2"))
    code, done = upgrade("--yes")
    assert (code, done["code"]) == (Exit.OK, "OK"), done
    code, empty = write(capsys, network, "")
    assert (code, empty["code"]) == (Exit.REFUSED, "EMPTY")
