"""`daicho test`: pytest on an author's contracts, and its reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from authors.support import TIMEOUT_S, Here, daicho, environment
from conftest import ROOT
from daicho.cli.exits import Exit
from daicho.compiler import compile_folder
from daicho.testing.watching import code_lines

UNTESTED = """

@query(roles=ANY_ROLE)
def twice(amount: JPY) -> JPY:
    return amount + amount


@query(roles=ANY_ROLE)
def unknown(paper: PaperId) -> Bool:
    found = papers.get(paper)
    require(found is not None, Error.UNKNOWN_PAPER)
    return found is None
"""
PART = """
def test_part(chain, party, aborts):
    with aborts("UNKNOWN_PAPER"):
        chain.query(party("bank", "MEMBER"), "paper", "unknown", paper="x")
"""
SLIPS = """
def test_contract(chain, party):
    chain.query(party("bank", "MEMBER"), "papers", "find_paper", paper="x")

def test_file(deploy):
    deploy("bonds")

def test_argument(chain, party):
    chain.query(party("bank", "MEMBER"), "paper", "price", paper="x", amount=1)
"""
FAILING = """
from daicho.testing import aborts

def test_wrong(chain, party):
    with aborts("DUP"):
        chain.query(party("bank", "MEMBER"), "paper", "find_paper", paper="x")
"""


def test_the_template_s_tests_are_green_at_once(paper: Path) -> None:
    """R128: "Contract author: new product from template ≤ 1 day; unit tests under plain
    CPython". The machine's half: no setting, no network, one command."""
    ended = daicho(paper, "test", "--json")
    assert ended.code == Exit.OK, ended.err
    assert ended.json["ok"] is True
    assert ended.json["tests"]["passed"] >= 10
    assert ended.json["tests"]["failed"] == 0
    assert "passed" in ended.err


def test_contracts_that_do_not_compile_are_told_once_and_without_a_traceback(paper: Path) -> None:
    """The author sees what `daicho check` says: all faults, in the contracts' own lines."""
    contract = paper / "contracts" / "paper.py"
    text = contract.read_text().replace("amount > JPY(0)", "amount > 0", 1)
    contract.write_text(text.replace("def price(", "def price(\n    odd: float,\n    ", 1))
    ended = daicho(paper, "test")
    assert ended.code == Exit.CHECK_FALSE
    said = ended.out + ended.err
    assert said.count("DC0041 `>` is not defined between JPY and Int") == 1
    assert said.count("DC0022") == 1
    assert "hint: write `JPY(0)`" in said
    assert "the contracts do not compile, as told above" in said
    assert "Traceback" not in said
    assert "driver.py" not in said


def test_a_failing_test_is_a_false_check(paper: Path) -> None:
    (paper / "tests" / "test_wrong.py").write_text(FAILING)
    ended = daicho(paper, "test", "--json", "-k", "wrong")
    assert ended.code == Exit.CHECK_FALSE
    assert ended.json["failures"] == ["tests/test_wrong.py::test_wrong"]
    assert "UNKNOWN_PAPER" in ended.err
    assert "UNKNOWN_PAPER at contracts/paper.py:" in ended.err, "the line that said no"


def test_a_slip_in_a_test_shows_the_test_s_own_line(paper: Path) -> None:
    (paper / "tests" / "test_slips.py").write_text(SLIPS)
    ended = daicho(paper, "test", "tests/test_slips.py")
    assert ended.code == Exit.CHECK_FALSE
    assert "no contract 'papers' is deployed: paper" in ended.out
    assert "no contract 'bonds' in" in ended.out
    assert "missing ['rate']" in ended.out
    for ours in ("testing/", "pytest_plugin.py", "author/project.py"):
        assert ours not in ended.out, "frames of ours say nothing to the author"


def test_the_debugger_is_in_the_contract_after_a_failure(paper: Path) -> None:
    """`--pdb` begins where the call failed, with the contract's own names."""
    (paper / "tests" / "test_wrong.py").write_text(FAILING)
    done = subprocess.run(
        [sys.executable, "-m", "daicho", "test", "--backend=python", "--pdb", "-k", "wrong"],
        cwd=paper, env=environment(), input="p 'at ' + paper\nq\n", capture_output=True,
        text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert "contracts/paper.py(" in done.stdout, done.stdout
    assert "'at x'" in done.stdout


def test_options_of_pytest_pass_and_wrong_ones_are_usage(paper: Path) -> None:
    listed = daicho(paper, "test", "--collect-only", "-q")
    assert (listed.code, "test_a_term_is_a_year_at_most[366]" in listed.out) == (Exit.OK, True)
    assert daicho(paper, "test", "--no-such-option").code == Exit.USAGE
    assert daicho(paper, "test", "--backend=fast").code == Exit.USAGE
    none = daicho(paper, "test", "-k", "nothing_is_called_so")
    assert (none.code, "no tests were found" in none.err) == (Exit.USAGE, True)


def test_several_processes_report_as_one(paper: Path) -> None:
    alone = daicho(paper, "test", "--json", "--gas", "tests/test_paper.py")
    several = daicho(paper, "test", "--json", "--gas", "-n", "2", "tests/test_paper.py")
    assert (alone.code, several.code) == (Exit.OK, Exit.OK), several.err
    assert several.json["tests"] == alone.json["tests"]
    assert several.json["gas"] == alone.json["gas"]


def test_the_gas_of_every_entry(paper: Path) -> None:
    ended = daicho(paper, "test", "--gas", "--report", "report.json", "tests/test_paper.py")
    assert ended.code == Exit.OK
    gas = json.loads((paper / "report.json").read_text())["gas"]
    assert {"paper.issue", "paper.transfer", "paper.redeem", "paper.price"} <= gas.keys()
    issue = gas["paper.issue"]
    assert (issue["failed"], issue["calls"] - issue["failed"]) == (4, 5)
    for usage in gas.values():
        for spread in (usage["gas"], usage["steps"]):
            assert 0 < spread["min"] <= spread["median"] <= spread["max"]
    [line] = [line for line in ended.out.splitlines() if line.startswith("paper.issue ")]
    assert line.split()[1:6] == [str(issue[key]) for key in ("calls", "failed")] + [
        str(issue["gas"][key]) for key in ("min", "median", "max")
    ]


def test_a_report_that_has_no_place_is_told_before_the_tests_run(here: Here, paper: Path) -> None:
    ended = here(paper, "test", "--report", "nowhere/r.json", "--json")
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_FILE")


def test_cpython_has_no_gas_to_report(paper: Path) -> None:
    """It counts nothing, and does not say that it counted 0."""
    ended = daicho(paper, "test", "--gas", "--backend=python", "--json", "tests/test_paper.py")
    assert ended.code == Exit.OK, ended.err
    issue = ended.json["gas"]["paper.issue"]
    assert (issue["calls"], issue["gas"], issue["steps"]) == (9, None, None)


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_the_lines_that_ran(paper: Path, more: list[str]) -> None:
    """Of an entry that no test calls no line ran; of one that aborts those before it did."""
    contract = paper / "contracts" / "paper.py"
    text = contract.read_text().replace("import (", "import (\n    Bool,", 1)
    contract.write_text(text + UNTESTED)
    (paper / "tests" / "test_part.py").write_text(PART)
    ended = daicho(paper, "test", "--json", *more, "tests/test_part.py", "tests/test_paper.py")
    assert ended.code == Exit.OK, ended.err
    lines = ended.json["lines"]["paper"]
    source = contract.read_text().splitlines()
    missing = [source[number - 1].strip() for number in lines["missing"]]
    assert "return amount + amount" in missing
    assert "found = papers.get(paper)" not in missing
    assert "return found is None" in missing
    assert lines["file"] == "contracts/paper.py"
    assert lines["executed"] == lines["executable"] - len(missing)


def test_lines_belong_to_the_file_they_were_written_in(root: Path) -> None:
    """Helpers of another file are compiled into whoever calls them."""
    for name, artefact in compile_folder(root / "contracts").items():
        homes, lines = code_lines(artefact)
        assert lines[name]
        for home, numbers in lines.items():
            text = (root / "contracts" / f"{home}.py").read_text().splitlines()
            assert max(numbers) <= len(text)
            assert not [n for n in numbers if not text[n - 1].strip() or text[n - 1][0] == "#"]
        assert set(homes) == set(lines)
    assert "market" in {
        home
        for artefact in compile_folder(root / "contracts").values()
        for home in code_lines(artefact)[1]
    }


def test_without_pytest_it_says_what_to_install(paper: Path) -> None:
    """The plain package has no test tools, and its commands do not need them."""
    hidden = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda n, p=None: None if n == 'pytest' else find(n, p)\n"
        "from daicho.cli.app import run; sys.exit(run(['test', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden],
        cwd=paper,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.USAGE
    assert json.loads(done.stdout)["errors"][0]["code"] == "CFG_NOT_BUILT"
    assert "daicho[test]" in done.stderr


@pytest.mark.parametrize("command", [["daicho", "test"], ["pytest"]])
def test_the_plugin_where_the_package_is_installed(
    paper: Path, tmp_path: Path, command: list[str]
) -> None:
    """pytest finds it by its entry point, and `daicho test` does not name it twice."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [(name, module)] = project["entry-points"]["pytest11"].items()
    installed = tmp_path / "site" / "installed-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{name} = {module}\n")
    paths = f"{installed.parent}{os.pathsep}{ROOT / 'python'}"
    done = subprocess.run(
        [sys.executable, "-m", *command, "-q", "tests/test_paper.py"],
        cwd=paper,
        env=environment() | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


def test_a_run_without_contracts_pays_for_one_small_module(tmp_path: Path) -> None:
    """The plugin is loaded in every run of pytest where the package is installed."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_other():\n"
        "    loaded = {name for name in sys.modules if name.split('.')[0] == 'daicho'}\n"
        "    assert loaded == {'daicho', 'daicho.pytest_plugin'}\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "daicho.pytest_plugin"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_package_itself_needs_no_test_tool() -> None:
    code = (
        "import sys, daicho.testing, daicho.cli.run_tests, daicho.author\n"
        "assert not {'pytest', 'hypothesis'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)
