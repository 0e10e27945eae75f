"""`daicho check`: every fault of every file, once and on every change."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

import interrupts
from authors.support import Here, daicho, environment
from daicho.cli.exits import Exit
from daicho.compiler.codes import REGISTRY

WRONG = '''"""Three mistakes."""
from daicho.contract import Int, Role, entry
edition = 1
@entry(roles=(Role.MEMBER,))
def a(x: Int) -> Int:
    return x / 2
'''


def break_paper(paper: Path) -> None:
    """One fault in the contract, another in a second one beside it."""
    contract = paper / "contracts" / "paper.py"
    contract.write_text(contract.read_text().replace("amount > JPY(0)", "amount > 0", 1))
    (paper / "contracts" / "other.py").write_text(WRONG)


def test_nothing_is_wrong_with_a_new_project(here: Here, paper: Path) -> None:
    for arguments in (["check"], ["check", "."], ["check", "contracts/paper.py"]):
        ended = here(paper, *arguments, "--json")
        assert (ended.code, ended.json["ok"]) == (Exit.OK, True)
        assert ended.json["files"] == ["contracts/paper.py"]
    assert here(paper / "tests", "check").code == Exit.OK


def test_all_faults_of_all_files_come_at_once(here: Here, paper: Path) -> None:
    break_paper(paper)
    ended = here(paper, "check", "--json")
    assert (ended.code, ended.json["ok"]) == (Exit.CHECK_FALSE, False)
    errors = ended.json["errors"]
    assert {error["file"] for error in errors} == {"contracts/paper.py", "contracts/other.py"}
    for error in errors:
        place = f"{error['file']}:{error['line']}:{error['column']}"
        assert error["key"] == place
        assert f"{place}: {error['code']} {error['message']}" in ended.err
        assert error["code"] in REGISTRY
    assert {"code", "key", "message", "hint"} <= errors[0].keys()
    assert "^" in ended.err


def test_a_fault_of_a_helper_is_told_once_in_its_own_file(here: Here, paper: Path) -> None:
    """Three files import it; the one that is looked at alone says how it gets there."""
    contracts = paper / "contracts"
    (contracts / "zones.py").write_text('"""Helpers."""\nedition = 1\nHALF = 0.5\n')
    for name in ("asia", "europe"):
        (contracts / f"{name}.py").write_text("from zones import HALF\nedition = 1\n")
    [error] = here(paper, "check", "--json").json["errors"]
    assert (error["file"], error["line"], error["code"]) == ("contracts/zones.py", 3, "DC0007")
    ended = here(paper, "check", "contracts/europe.py", "--json")
    [error] = ended.json["errors"]
    assert error["key"] == "contracts/zones.py:3:8"
    [note] = error["notes"]
    assert (note["file"], note["line"]) == ("contracts/europe.py", 1)
    assert "note: imported here: contracts/europe.py:1:1" in ended.err


def test_numbers_for_a_contract_that_is_not_there(here: Here, paper: Path) -> None:
    ids = paper / "contracts" / "ids.toml"
    ids.write_text(ids.read_text().replace("paper = 1", "paper = 1\nbond = 2", 1))
    ended = here(paper, "check", "--json")
    assert ended.code == Exit.CHECK_FALSE
    [error] = ended.json["errors"]
    assert error["code"] == "CFG_REFERENCE"
    assert "bond" in error["message"]
    ids.write_text("[contracts]\npaper = 0\n")
    ended = here(paper, "check", "--json")
    assert [error["code"] for error in ended.json["errors"]] == ["CFG_SYNTAX"]
    break_paper(paper)
    (paper / "contracts" / "latin.py").write_bytes(b"# caf\xe9")
    files = [error["file"] for error in here(paper, "check", "--json").json["errors"]]
    assert files[0] == "contracts/ids.toml"
    assert set(files[1:]) == {f"contracts/{name}.py" for name in ("paper", "other", "latin")}


def test_what_is_no_contract_file_hides_nothing(here: Here, paper: Path) -> None:
    """An editor's lock is a link to nowhere; a folder may be called anything."""
    contracts = paper / "contracts"
    (contracts / ".#paper.py").symlink_to("somebody@somewhere.1")
    (contracts / "gone.py").symlink_to("nowhere")
    (contracts / "folder.py").mkdir()
    (contracts / ".draft.py").write_text(WRONG)
    ended = here(paper, "check", "--json")
    assert (ended.code, ended.json["files"]) == (Exit.OK, ["contracts/paper.py"]), ended.err
    break_paper(paper)
    files = {error["file"] for error in here(paper, "check", "--json").json["errors"]}
    assert files == {"contracts/paper.py", "contracts/other.py"}


def test_a_file_that_cannot_be_read_hides_no_other(
    here: Here, paper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs this may read everything, so that the refusal is made."""
    break_paper(paper)
    opened = Path.open

    def refuse(path: Path, *how: Any, **options: Any) -> Any:
        if path.name in {"paper.py", "ids.toml"}:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *how, **options)

    monkeypatch.setattr(Path, "open", refuse)
    errors = here(paper, "check", "--json").json["errors"]
    told = [(error["file"], error["code"]) for error in errors]
    assert told[0] == ("contracts/ids.toml", "CFG_FILE")
    assert ("contracts/paper.py", "CFG_FILE") in told
    assert "contracts/other.py" in {file for file, _ in told}


def test_a_network_is_checked_where_one_is_named_or_stands(
    here: Here, paper: Path, seed_network: Path
) -> None:
    """The command had this meaning first."""
    ok = {"ok": True, "errors": []}
    assert here(paper, "check", "--network", str(seed_network), "--json").json == ok
    assert here(seed_network, "check", "--json").json == ok
    assert here(seed_network, "check", "--watch").code == Exit.USAGE
    # Contracts that are named are checked wherever one stands.
    named = here(seed_network, "check", str(paper), "--json")
    assert named.json["files"] == [str(paper / "contracts" / "paper.py")]


def test_a_folder_without_either_is_an_error(here: Here, tmp_path: Path) -> None:
    assert here(tmp_path, "check").code == Exit.USAGE
    (tmp_path / "empty").mkdir()
    assert here(tmp_path, "check", "empty").code == Exit.USAGE
    assert here(tmp_path, "check", "nowhere.py").code == Exit.USAGE


@contextmanager
def watching(folder: Path, *paths: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """`daicho check --watch --json`, running."""
    command = [sys.executable, "-m", "daicho", "check", "--watch", "--json", *paths]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interrupts.heard,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def test_it_watches_until_it_is_interrupted(paper: Path) -> None:
    with watching(paper) as (process, lines):
        assert json.loads(lines.readline())["ok"] is True
        break_paper(paper)
        # Two files changed, one after the other: it may look in between.
        seen = [json.loads(lines.readline())]
        while len({error["file"] for error in seen[-1]["errors"]}) < 2:
            seen.append(json.loads(lines.readline()))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == Exit.INTERRUPTED
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(("paths", "code"), [([], "CFG_REFERENCE"), (["paper.py"], "CFG_FILE")])
def test_it_watches_on_when_the_only_contract_is_away(
    paper: Path, paths: list[str], code: str
) -> None:
    contract = paper / "contracts" / "paper.py"
    with watching(contract.parent, *paths) as (process, lines):
        assert json.loads(lines.readline())["ok"] is True
        away = contract.rename(paper / "away.py")
        assert json.loads(lines.readline())["errors"][-1]["code"] == code
        away.rename(contract)
        assert json.loads(lines.readline())["ok"] is True
        assert process.poll() is None


@pytest.mark.parametrize("arguments", [["check"], ["check", "--json"]])
def test_as_a_process_too(paper: Path, arguments: list[str]) -> None:
    assert daicho(paper, *arguments).code == Exit.OK
    break_paper(paper)
    assert daicho(paper, *arguments).code == Exit.CHECK_FALSE
