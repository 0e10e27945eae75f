"""The files themselves: typed, numbered, and described as they are."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from contracts.market_chain import CONTRACTS
from daicho.compiler.driver import Artefact

FILES = sorted(path.stem for path in CONTRACTS.glob("*.py"))
ROOT = CONTRACTS.parent
README = (CONTRACTS / "README.md").read_text(encoding="utf-8")


def test_contracts_pass_mypy_strict(tmp_path: Path) -> None:
    """Design §6: a contract passes `mypy --strict` without a plugin."""
    environment = os.environ | {"MYPYPATH": f"{ROOT / 'python'}:{CONTRACTS}"}
    flags = ["--strict", "--explicit-package-bases", "--config-file=", f"--cache-dir={tmp_path}"]
    files = [str(CONTRACTS / f"{name}.py") for name in FILES]
    done = subprocess.run(  # our own interpreter, our own files
        [sys.executable, "-m", "mypy", *flags, *files],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_contracts_call_only_lower_ids() -> None:
    """No re-entry: the order of the ids is an order to deploy in."""
    ids = tomllib.loads((CONTRACTS / "ids.toml").read_text(encoding="utf-8"))["contracts"]
    assert set(FILES) == {*ids, "market"}
    for name, number in ids.items():
        tree = ast.parse((CONTRACTS / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in ids:
                assert ids[node.module] < number, (name, node.module)


def test_every_number_is_written_down(artefacts: dict[str, Artefact]) -> None:
    """Design §3: ids are integers given at first deploy, so that adding a table moves none."""
    ids = tomllib.loads((CONTRACTS / "ids.toml").read_text(encoding="utf-8"))
    for name, artefact in artefacts.items():
        given = ids[name]
        assert given["entries"] == {key: item.id for key, item in artefact.abi.entries.items()}
        assert given["queries"] == {key: item.id for key, item in artefact.abi.queries.items()}
        events = {item.name: item.id for item in artefact.abi.events.values()}
        assert given.get("events", {}) == events
        text = (CONTRACTS / f"{name}.py").read_text(encoding="utf-8")
        tables = re.findall(r"^(\w+) = (?:Table|Holdings)\(", text, re.MULTILINE)
        assert set(given["tables"]) == set(tables)
        exports = re.findall(r"^@export\([^)]*\)*\ndef (\w+)", text, re.MULTILINE)
        assert set(given.get("exports", {})) == set(exports)


def _functions(name: str) -> dict[str, tuple[str, str, str]]:
    """Entry points and queries of a file: kind, arguments, roles."""
    found = {}
    for node in ast.parse((CONTRACTS / f"{name}.py").read_text(encoding="utf-8")).body:
        if not (isinstance(node, ast.FunctionDef) and node.decorator_list):
            continue
        decorator = node.decorator_list[0]
        assert isinstance(decorator, ast.Call)
        kind = ast.unparse(decorator.func)
        if kind in ("entry", "query"):
            arguments = ", ".join(
                f"{item.arg}: {ast.unparse(item.annotation or node)}" for item in node.args.args
            )
            roles = ", ".join(re.findall(r"Role\.(\w+)", ast.unparse(decorator.keywords[0].value)))
            found[node.name] = (kind, arguments, roles)
    return found


def _described(name: str) -> dict[str, tuple[str, str, str]]:
    """The same as the page tells it: tables of entries, tables of queries."""
    section = re.search(rf"^## \d {name}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert section, name
    found, kind, columns = {}, "", []
    for line in section[1].replace("\\|", "¦").splitlines():
        cells = [cell.strip().replace("¦", "|") for cell in line.strip("|").split("|")]
        if line.startswith(("| entry", "| query")):
            kind, columns = cells[0], cells
        elif line.startswith("| `"):
            row = dict(zip(columns, cells, strict=True))
            found[row[kind].strip("`")] = (kind, row["arguments"].strip("`"), row["roles"])
    return found


@pytest.mark.parametrize("name", [name for name in FILES if name != "market"])
def test_the_page_tells_the_entries_and_queries_as_they_are(name: str) -> None:
    assert _described(name) == _functions(name)


def test_the_page_tells_every_failure_code(artefacts: dict[str, Artefact]) -> None:
    words = set(re.findall(r"[A-Z][A-Z_]+[A-Z]", README))
    for artefact in artefacts.values():
        assert set(artefact.abi.errors.values()) <= words, artefact.name


def test_a_code_means_the_same_everywhere(artefacts: dict[str, Artefact]) -> None:
    numbers: dict[int, str] = {}
    for artefact in artefacts.values():
        for number, name in artefact.abi.errors.items():
            assert numbers.setdefault(number, name) == name


def test_the_events_that_the_page_names_exist(artefacts: dict[str, Artefact]) -> None:
    for artefact in artefacts.values():
        for event in artefact.abi.events.values():
            assert f"`{event.name}" in README, event.name
