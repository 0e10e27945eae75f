"""`daicho new`: a project that works as it stands."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from authors.support import Here
from conftest import ROOT
from daicho.author.founding import TEMPLATE, renamed
from daicho.cli.exits import Exit
from daicho.compiler import compile_folder

FILES = [
    "README.md",
    "contracts/ids.toml",
    "contracts/bonds.py",
    "tests/test_bonds.py",
    "tests/test_bonds_properties.py",
]


def test_a_project_is_there_and_the_next_steps_are_said(here: Here, tmp_path: Path) -> None:
    ended = here(tmp_path, "new", "bonds", "--json")
    assert ended.code == Exit.OK
    assert sorted(ended.json["files"]) == sorted(f"bonds/{name}" for name in FILES)
    assert all((tmp_path / "bonds" / name).is_file() for name in FILES)
    assert "daicho test" in ended.err
    assert list(compile_folder(tmp_path / "bonds" / "contracts")) == ["bonds"]


def test_the_new_name_stands_wherever_the_template_s_did(tmp_path: Path, paper: Path) -> None:
    for path in paper.rglob("*.*"):
        assert "product" not in path.read_text(), path
    assert renamed("test_product products product_x", "bond") == "test_bond products bond_x"


def test_nothing_is_overwritten(here: Here, tmp_path: Path, paper: Path) -> None:
    contract = paper / "contracts" / "paper.py"
    contract.write_text("# mine")
    ended = here(tmp_path, "new", "paper", "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_EXISTS")
    assert contract.read_text() == "# mine"
    assert [path.name for path in tmp_path.iterdir()] == ["paper"]


@pytest.mark.parametrize(
    "name", ["Bonds", "9bonds", "bond-s", "class", "json", "daicho", "contracts", "x" * 41]
)
def test_a_name_that_no_contract_can_have_makes_nothing(
    here: Here, tmp_path: Path, name: str
) -> None:
    ended = here(tmp_path, "new", name, "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_FORM")
    assert list(tmp_path.iterdir()) == []


def test_the_template_is_package_data_of_the_wheel() -> None:
    """Everything under `python/` ships, so the command needs no network."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    source = ROOT / project["tool"]["maturin"]["python-source"]
    assert TEMPLATE.is_relative_to(source)
    assert (TEMPLATE / "contracts" / "product.py").is_file()
