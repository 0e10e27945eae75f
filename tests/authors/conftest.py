"""An author's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from authors.support import Ended, Here
from daicho.author.founding import found_project
from daicho.cli.app import run


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A new project, as `daicho new paper` leaves it."""
    found_project(tmp_path / "paper")
    return tmp_path / "paper"


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run the command in this process, in a folder."""

    def call(folder: Path, *arguments: str) -> Ended:
        monkeypatch.chdir(folder)
        capsys.readouterr()
        code = run(list(arguments))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call
