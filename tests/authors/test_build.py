"""`daicho contract build`: where an artefact may go, and how a fault is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from authors.support import Here
from daicho.cli.exits import Exit

SOURCE = "contracts/paper.py"


def test_an_older_artefact_is_replaced(here: Here, paper: Path) -> None:
    for _ in range(2):
        ended = here(paper, "contract", "build", SOURCE, "--json")
        assert (ended.code, ended.json["artefact"]) == (Exit.OK, "contracts/paper.dcb")


@pytest.mark.parametrize("out", [SOURCE, "contracts/ids.toml", "empty", "beside", "nowhere"])
def test_no_other_file_is_overwritten(here: Here, paper: Path, out: str) -> None:
    (paper / "empty").touch()
    (paper / "beside").hardlink_to(paper / SOURCE)
    (paper / "nowhere").symlink_to("gone")
    before = {path: path.read_bytes() for path in paper.rglob("*") if path.is_file()}
    ended = here(paper, "contract", "build", SOURCE, "--out", out, "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    assert {path: path.read_bytes() for path in paper.rglob("*") if path.is_file()} == before
    assert (paper / "nowhere").is_symlink()


def test_what_is_no_regular_file_stays_what_it_is(here: Here, paper: Path) -> None:
    """A pipe stands for every device: none is touched here."""
    os.mkfifo(paper / "pipe")
    ended = here(paper, "contract", "build", SOURCE, "--out", "pipe", "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    assert (paper / "pipe").is_fifo()
    ended = here(paper, "contract", "build", SOURCE, "--out", "-", "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_USAGE")
    assert not (paper / "-").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["ca", "issue", "a.csr", "--out"],
        ["tx", "get", "00" * 32, "--as", "bank", "--export"],
        [
            "audit",
            "certify",
            "--as",
            "x",
            "--contract",
            "c",
            "--table",
            "t",
            "--key",
            "{}",
            "--out",
        ],
    ],
)
def test_other_commands_that_write_a_file_spare_what_is_there(
    here: Here, paper: Path, command: list[str]
) -> None:
    (paper / "a.csr").write_text("a request")
    before = (paper / SOURCE).read_bytes()
    ended = here(paper, *command, SOURCE, "--json")
    assert ended.json["errors"][0]["code"] == "CFG_EXISTS", ended.err
    assert (paper / SOURCE).read_bytes() == before


def test_faults_are_told_as_by_check(here: Here, paper: Path) -> None:
    """With the path as it was given, in a helper too, and the same exit code."""
    (paper / "contracts" / "zones.py").write_text("edition = 1\nHALF = 0.5\n")
    (paper / "contracts" / "asia.py").write_text("from zones import HALF\nedition = 1\n")
    said = [
        here(paper, *command, "contracts/asia.py", "--json")
        for command in (["check"], ["contract", "build"])
    ]
    checked, built = said
    assert (built.code, built.json["errors"]) == (Exit.CHECK_FALSE, checked.json["errors"])
    assert built.err == checked.err
    assert "contracts/zones.py:2:8: DC0007" in built.err
