"""docs/contracts: every example compiles, runs, and fails as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from daicho.compiler import (
    CompileError,
    compile_path,
    compile_source,
    driver,
    load_ids,
    step1_parse,
    types,
)
from daicho.compiler.step2_check import (
    annotations,
    assignments,
    classes,
    failures,
    limits,
    matching,
    signatures,
    tables,
)
from daicho.compiler.step3_lower import state
from daicho.testing import Chain

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
    assert {"bring_in", "lend", "recall_all", "watch"} <= set(artefact.abi.entries)
    assert sorted(artefact.abi.scheduled) == ["fall_due", "remind"]


def test_they_pass_mypy_strict(folder: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "loans.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


TESTS = re.findall(r"^def (test_\w+)", "".join(pieces("python", "test")), re.MULTILINE)


@pytest.mark.parametrize("name", TESTS)
def test_its_tests_pass(folder: Path, name: str) -> None:
    (program,) = pieces("python", "test")
    names: dict[str, object] = {}
    exec(compile(program, "language.md", "exec"), names)
    test = names[name]
    assert callable(test)
    test(folder)


def test_it_touches_what_is_printed(folder: Path) -> None:
    (printed,) = pieces("text", "access")
    made = compile_path(folder / "loans.py").texts["access"]
    sets = re.findall(r"^\w+ \w+\n(?:  .*\n)*", made, re.MULTILINE)
    assert re.findall(r"^\w+ \w+\n(?:  .*\n)*", printed, re.MULTILINE)
    for item in re.findall(r"^\w+ \w+\n(?:  .*\n)*", printed, re.MULTILINE):
        assert item in sets


def test_an_export_is_called_by_those_it_names(tmp_path: Path) -> None:
    """The two contracts as printed; a third that is not named does not compile."""
    for name in ("pledges", "repo"):
        (tmp_path / f"{name}.py").write_text(*pieces("python", name))
    (tmp_path / "ids.toml").write_text("[contracts]\npledges = 7\nrepo = 8\nother = 9\n")
    chain = Chain()
    for name in ("pledges", "repo"):
        made = compile_path(tmp_path / f"{name}.py")
        chain.deploy(made, made.contract_id)
    bank, seller = chain.party("bank", "MEMBER"), chain.party("seller", "MEMBER")
    pledge = {"seller": seller.id, "isin": "JP0000000001", "count": 5}
    assert chain.call(bank, "repo", "open_repo", signed_by=[seller], **pledge) == 5
    assert chain.call(seller, "repo", "open_repo", **pledge) == 10
    other = (tmp_path / "repo.py").read_text()
    with pytest.raises(CompileError, match=r"DC0073 `pledge` of `pledges` may be called by repo"):
        compile_source(other, "other.py", ids=load_ids(tmp_path / "ids.toml"), folder=tmp_path)
    with pytest.raises(CompileError, match=r"hint: give it a number in ids\.toml"):
        compile_source(*pieces("python", "pledges"), "pledges.py")


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


def test_the_bounds_are_the_compilers() -> None:
    bounds = {
        "bytes of a file": step1_parse.SOURCE_BYTES_MAX,
        "opening braces of a file": step1_parse.BRACES_MAX,
        "levels of a statement or an expression": step1_parse.DEPTH_MAX,
        "loops and attempts within one another": limits.LOOPS_MAX,
        "letters of a name": step1_parse.NAME_MAX,
        "letters of a contract's name": driver.CONTRACT_NAME_MAX,
        "parameters of a function": signatures.PARAMS_MAX,
        "locals of a function": assignments.LOCALS_MAX,
        "cases of a `match`": matching.CASES_MAX,
        "fields of a record": annotations.FIELDS_MAX,
        "items of a tuple": annotations.FIELDS_MAX,
        "members of an enum": classes.MEMBERS_MAX,
        "types within types": annotations.DEPTH_MAX,
        "values of a tuple, those of tuples in it too": types.PARTS_MAX,
        "key columns of a table": tables.KEY_COLUMNS_MAX,
        "items or characters of a bounded type": annotations.LENGTH_MAX,
        "bytes of a text in the source": step1_parse.TEXT_BYTES_MAX,
        "details of a failure": failures.DETAILS_MAX,
        "addressees of an event": failures.ADDRESSEES_MAX,
        "contracts that `callers` names": signatures.CALLERS_MAX,
        "digits of a decimal or an amount": types.DIGITS_MAX,
        "rows of one scan": state.SCAN_ROWS_MAX,
    }
    chapter = PAGE[PAGE.index("## Bounds") : PAGE.index("## What a call touches")]
    printed = dict(re.findall(r"^\| (\S.*\S) \| ([\d,]+) \|$", chapter, re.MULTILINE))
    assert printed == {what: f"{most:,}" for what, most in bounds.items()}


def test_every_piece_is_of_a_kind_that_is_tested() -> None:
    kinds = {(kind, said) for kind, said, _ in BLOCKS}
    assert kinds == {
        ("python", ""),
        ("python", "wrong"),
        ("python", "test"),
        ("python", "pledges"),
        ("python", "repo"),
        ("text", ""),
        ("text", "access"),
        ("toml", ""),
    }
