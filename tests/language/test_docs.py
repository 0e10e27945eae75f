"""docs/contracts: every example compiles, runs, and fails as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from daicho.compiler import CompileError, compile_path, compile_source

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contracts" / "language.md").read_text()
BLOCK = re.compile(r"^```(\w*)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(found[1], found[2] or "", found[3]) for found in BLOCK.finditer(PAGE)]


def pieces(language: str, mark: str = "") -> list[str]:
    return [text for kind, said, text in BLOCKS if (kind, said) == (language, mark)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "loans.py").write_text("\n\n".join(pieces("python")))
    return tmp_path


def test_the_pieces_are_one_contract(folder: Path) -> None:
    artefact = compile_path(folder / "loans.py")
    assert sorted(artefact.abi.entries) == ["bring_in", "give_back", "lend", "recall"]


def test_they_pass_mypy_strict(folder: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "loans.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_its_test_passes(folder: Path) -> None:
    (program,) = pieces("python", "test")
    names: dict[str, object] = {}
    exec(compile(program, "language.md", "exec"), names)
    test = names["test_a_loan_moves_the_shares_and_comes_back"]
    assert callable(test)
    test(folder)


def test_the_mistake_is_reported_as_printed() -> None:
    (wrong,), (printed,) = pieces("python", "wrong"), pieces("text")
    before = "\n\n".join(pieces("python")) + "\n"
    with pytest.raises(CompileError) as failure:
        compile_source(before + wrong, "loans.py")
    shift = before.count("\n")
    told = re.sub(
        r"^loans\.py:(\d+)",
        lambda found: f"loans.py:{int(found[1]) - shift}",
        str(failure.value),
        flags=re.M,
    )
    assert told == printed.rstrip()


def test_every_piece_is_of_a_kind_that_is_tested() -> None:
    kinds = {(kind, said) for kind, said, _ in BLOCKS}
    assert kinds == {
        ("python", ""),
        ("python", "wrong"),
        ("python", "test"),
        ("text", ""),
        ("toml", ""),
    }
