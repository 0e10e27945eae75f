"""`daicho demo` from outside: what it prints, how it ends, what it leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import interrupts
from daicho.admin import deploy
from daicho.admin.network import Network
from daicho.demo import EXPECTED_FILE, compare, load, observe
from daicho.gateway import RefusedError
from daicho.resources import contract_set

pytestmark = pytest.mark.slow

END_S = 120.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for a network, which is taken down whatever happens."""
    folder = tmp_path / "market"
    yield folder
    if (folder / "network.toml").exists():
        Network(folder).down()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "daicho", "demo", *arguments]


def processes_of(folder: Path) -> list[int]:
    """Every process whose command line names the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder / "nodes") in words:
            found.append(int(entry.name))
    return found


def test_a_changed_figure_ends_with_1_from_any_folder(home: Path, tmp_path: Path) -> None:
    """The whole way: another figure in the file, one object on stdout, exit 1 naming it."""
    file = tmp_path / "figures.toml"
    file.write_text(EXPECTED_FILE.read_text().replace("is = 2_000.50", "is = 2_000.51"))
    ended = subprocess.run(
        command("--json", "--expect", str(file), "--folder", str(home)),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    [line] = ended.stdout.splitlines()
    report = json.loads(line)
    assert report["ok"] is False
    assert [name for name, held in report["checks"].items() if not held] == ["dividend.mori"]
    assert report["expected_file"] == str(file)
    assert "FALSE dividend.mori: expected 2,000.51 (1,000.25 x 2" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert processes_of(home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_day_leaves_no_process(home: Path, number: signal.Signals) -> None:
    """Ctrl-C, or a TERM signal: exit 130, and every process that was started is gone."""
    process = subprocess.Popen(
        command("--folder", str(home)),
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interrupts.heard,
    )
    assert process.stderr is not None
    # The first line says that all nodes are up.
    line = process.stderr.readline()
    assert "nodes, one process each" in line
    assert processes_of(home)
    os.kill(process.pid, number)
    rest = process.stderr.read()
    assert process.wait(END_S) == 130
    assert "Traceback" not in rest
    assert processes_of(home) == []


def test_a_kept_network_goes_on(home: Path) -> None:
    """`--keep` says how to talk to the network, and that works."""
    ended = subprocess.run(
        command("--keep", "--folder", str(home)),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = [line for line in ended.stdout.splitlines() if line.startswith("  daicho ")]
    assert len(told) >= 3, "the last lines say how to talk to it"
    for words in map(shlex.split, told):
        talk = subprocess.run(
            [sys.executable, "-m", *words],
            cwd="/",
            capture_output=True,
            text=True,
            timeout=END_S,
            check=False,
        )
        assert talk.returncode == 0, (words, talk.stderr)
    assert processes_of(home) == [], "the last thing told is how to end it"


def test_one_edited_line_of_a_contract_changes_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the day shows comes out of the contracts' source, and of nothing else."""
    edited = tmp_path / "contracts"
    shutil.copytree(contract_set(), edited)
    source = edited / "trades.py"
    text = source.read_text()
    assert text.count('names += "price "') == 1
    source.write_text(text.replace('names += "price "', 'names += "rate "'))
    monkeypatch.setattr(deploy, "contract_set", lambda: edited)
    day = observe("seed", None, keep=False, note=lambda _: None)
    checks = compare(load(EXPECTED_FILE, "seed"), day.figures)
    assert [check.name for check in checks if not check.holds] == ["mismatch.fields"]


def test_an_act_that_fails_is_named_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A no that the day does not know of ends it: which act, which call, which code."""
    edited = tmp_path / "contracts"
    shutil.copytree(contract_set(), edited)
    source = edited / "reference.py"
    text = source.read_text()
    place = "@entry(roles=(Role.ADMINISTRATOR,))\ndef register_institution("
    assert place in text
    source.write_text(text.replace(place, place.replace("ADMINISTRATOR", "AUDITOR")))
    monkeypatch.setattr(deploy, "contract_set", lambda: edited)
    home = tmp_path / "market"
    with pytest.raises(RefusedError) as caught:
        observe("seed", home, keep=False, note=lambda _: None)
    assert caught.value.code == "ROLE"
    assert "Issuers and instruments" in str(caught.value)
    assert "reference.register_institution" in str(caught.value)
    assert processes_of(home) == []


def test_a_file_that_is_no_file_is_said_before_anything_starts(home: Path) -> None:
    begun = time.monotonic()
    ended = subprocess.run(
        command("--expect", "/nowhere.toml", "--folder", str(home)),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert ended.returncode == 2
    assert "CFG_FILE" in ended.stderr
    assert not home.exists()
    assert time.monotonic() - begun < END_S
