"""Exit codes and the shape of what is printed, as scripts rely on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from authors.support import environment
from daicho.cli.app import COMMANDS, run
from daicho.cli.exits import Exit
from daicho.cli.output import plain
from daicho.cli.verdicts import verdict
from daicho.config import ConfigError
from daicho.gateway.errors import BadReplyError, RefusedError, UnreachableError
from daicho.identity import certificate_request, lei_with_check_digits


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "network"
    assert run(["net", "init", str(folder), "--host", "127.202.1.1"]) == Exit.OK
    return folder


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Exit code, the one JSON object on stdout, stderr."""
    code = run([*arguments, "--json"])
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 1, captured.out
    return code, json.loads(lines[0]), captured.err


def test_net_init_says_what_it_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, document, _ = call(
        capsys, "net", "init", str(tmp_path / "n"), "--profile", "blind", "--readers", "0"
    )
    assert code == Exit.OK
    assert document["ok"] is True
    assert (document["validators"], document["executors"]) == (7, 3)
    assert len(document["chain_id"]) == 64
    code, document, _ = call(capsys, "check", "--network", str(tmp_path / "n"))
    assert (code, document) == (Exit.OK, {"ok": True, "errors": []})


def test_configuration_errors_are_one_object_with_all_of_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, document, words = call(
        capsys, "net", "init", str(tmp_path / "n"), "--validators", "3", "--approvals", "9"
    )
    assert code == Exit.USAGE
    assert [set(error) for error in document["errors"]] == [{"code", "key", "message", "hint"}] * 2
    assert "CFG_RANGE" in words
    assert "Traceback" not in words
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["net", "init"],
        ["net", "init", "x", "--profile", "red"],
        ["explain", "NO_SUCH_CODE"],
        ["status", "--network", "nowhere"],
        ["query", "a", "b", "--as", "x", "--at-height", "1", "--at-time", "2"],
        ["tx", "get", "xyz", "--as", "bankA"],
    ],
)
def test_usage_ends_with_2_and_no_traceback(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, document, words = call(capsys, *arguments)
    assert code == Exit.USAGE
    assert document["ok"] is False
    assert "Traceback" not in words


def test_a_node_that_does_not_answer_is_4(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    for more in ([], ["--as", "bankA", "--timeout", "0.3"]):
        code, document, _ = call(capsys, "status", "--network", str(network), *more)
        assert code == Exit.UNREACHABLE
        assert document["errors"][0]["code"] == "CFG_UNREACHABLE"


def test_status_of_a_network_that_is_down_is_a_false_check(
    capsys: pytest.CaptureFixture[str], network: Path
) -> None:
    code, document, _ = call(capsys, "net", "status", str(network))
    assert code == Exit.CHECK_FALSE
    assert {entry["node"] for entry in document["nodes"]} == {
        "exchange", "bankA", "bankB", "bankC", "reader1",
    }  # fmt: skip
    code, document, _ = call(capsys, "net", "down", str(network))
    assert (code, document) == (Exit.OK, {"ok": True, "stopped": []})


def test_the_authority_from_request_to_revocation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """R102: "CSR→cert→use; revoked cert refused"."""
    where = ["--network", str(tmp_path)]
    code, _, _ = call(capsys, "ca", "init", *where)
    assert code == Exit.OK
    lei = lei_with_check_digits("9999000000000000AB")
    request = certificate_request(Ed25519PrivateKey.generate(), "bankZ", "Bank Z", lei)
    (tmp_path / "z.csr").write_bytes(request.public_bytes(Encoding.PEM))
    csr, out = str(tmp_path / "z.csr"), str(tmp_path / "z.pem")
    code, issued, _ = call(capsys, "ca", "issue", csr, "--out", out, *where)
    assert (code, issued["lei"], len(issued["party"])) == (Exit.OK, lei, 32)
    code, revoked, _ = call(capsys, "ca", "revoke", "bankZ", "--reason", "test", *where)
    assert (code, revoked["serial"]) == (Exit.OK, issued["serial"])
    code, listed, _ = call(capsys, "ca", "list", *where)
    assert (code, listed["certificates"][0]["reason"]) == (Exit.OK, "test")
    code, again, _ = call(capsys, "ca", "revoke", "bankZ", *where)
    assert (code, again["errors"][0]["code"]) == (Exit.USAGE, "CFG_CERT_UNKNOWN")
    code, again, _ = call(capsys, "ca", "init", *where)
    assert (code, again["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")


def test_evidence_that_proves_nothing_is_1(
    capsys: pytest.CaptureFixture[str], network: Path, tmp_path: Path
) -> None:
    export = {
        "format": "daicho-evidence",
        "version": 1,
        "chain_id": "00" * 32,
        "tx_id": "11" * 32,
        "blocks": ["00ff"],
        "results": ["zz"],
    }
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(export))
    for genesis in (network / "genesis.toml", network / "nodes" / "bankA" / "genesis.bin"):
        code, report, _ = call(capsys, "audit", "verify", str(file), "--genesis", str(genesis))
        assert code == Exit.CHECK_FALSE
        codes = [error["code"] for error in report["errors"]]
        assert codes == ["VFY_CHAIN", "VFY_BLOCK", "VFY_RESULT", "VFY_RECEIPT"]
        assert {"code", "file", "offset", "height"} <= set(report["errors"][0])
    file.write_text("{}")
    code, _, _ = call(capsys, "audit", "verify", str(file), "--genesis", str(genesis))
    assert code == Exit.USAGE


def test_each_kind_of_error_ends_in_its_own_way() -> None:
    judged = {
        type(error).__name__: verdict(error)
        for error in (
            ConfigError.one("CFG_FILE", "x", "y"),
            RefusedError("READ_ONLY", "no", retry=False),
            UnreachableError("no answer"),
            BadReplyError("no quorum"),
            click.UsageError("what"),
            KeyboardInterrupt(),
        )
    }
    codes = {name: found.code for name, found in judged.items() if found}
    assert codes == {
        "ConfigError": Exit.USAGE,
        "RefusedError": Exit.REFUSED,
        "UnreachableError": Exit.UNREACHABLE,
        "BadReplyError": Exit.DAMAGED,
        "UsageError": Exit.USAGE,
        "KeyboardInterrupt": Exit.INTERRUPTED,
    }
    assert verdict(RuntimeError("ours")) is None


def test_what_the_machine_refuses_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    code, document, words = call(capsys, "net", "init", str(tmp_path / "file" / "network"))
    assert (code, document["errors"][0]["code"]) == (Exit.USAGE, "CFG_FILE")
    assert "Traceback" not in words


def test_our_bug_is_70(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise RuntimeError("a broken invariant")

    monkeypatch.setattr("daicho.cli.proof.registry", broken)
    assert run(["explain", "BUSY"]) == Exit.BUG
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "a broken invariant" in captured.err


def test_a_code_that_there_is_not_is_told_with_its_neighbours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, document, _ = call(capsys, "explain", "conservaton")
    assert document["errors"][0]["hint"] == "near it: CONSERVATION"
    _, document, _ = call(capsys, "explain", "QQQ")
    assert "its source" in document["errors"][0]["hint"]


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert run([command, "--help"]) == Exit.OK
        assert "Usage: daicho" in capsys.readouterr().out


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from daicho.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith(('daicho.cli.', 'zmq', 'pydantic'))))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == str(
        ["daicho.cli.app", "daicho.cli.exits", "daicho.cli.output"]
    )


def test_a_reader_that_goes_away_is_no_false_check() -> None:
    command = [sys.executable, "-m", "daicho", "explain", "GAS"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command, env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.CLOSED, b"")


def test_json_never_loses_digits() -> None:
    assert plain({"n": 2**53, "m": 2**53 + 1, "b": b"\xab"}) == {
        "n": 2**53,
        "m": str(2**53 + 1),
        "b": "ab",
    }
    with pytest.raises(TypeError):
        plain(object())
