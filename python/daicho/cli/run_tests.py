"""`daicho test`: pytest on an author's contracts."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option
from daicho.config import ConfigError, Problem

PLUGIN = "daicho.pytest_plugin"
# pytest's exit codes (pytest.ExitCode) → ours.
EXITS = {
    0: Exit.OK,
    1: Exit.CHECK_FALSE,
    2: Exit.INTERRUPTED,
    3: Exit.BUG,
    4: Exit.USAGE,
    5: Exit.USAGE,
}
NO_TESTS = 5
STDERR = 2


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PATHS] [PYTEST OPTIONS]")
@click.option(
    "--backend",
    type=click.Choice(["vm", "python", "both"]),
    default="vm",
    show_default=True,
    help="What runs contracts: the real machine, CPython for the debugger, or both, "
    "failing on any difference.",
)
@click.option("--gas", is_flag=True, help="Report gas and steps of every entry and query.")
@click.option("--cover", is_flag=True, help="Report which contract lines never ran.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write both reports as JSON."
)
@json_option
def test(
    arguments: tuple[str, ...],
    backend: str,
    gas: bool,
    cover: bool,
    report: Path | None,
    output: Output,
) -> None:
    """Run contracts' tests with pytest, whose options may follow: -k, -x, -n, --pdb."""
    if importlib.util.find_spec("pytest") is None:
        hint = "pip install 'daicho[test]'"
        raise ConfigError([Problem("CFG_NOT_BUILT", "pytest", "it is not installed here", hint)])
    if report is not None and not report.absolute().parent.is_dir():
        raise ConfigError.one("CFG_FILE", "--report", f"there is no folder {report.parent}")
    options = [f"--daicho-backend={backend}"]
    options += ["--daicho-gas"] if gas else []
    options += ["--daicho-cover"] if cover else []
    with tempfile.TemporaryDirectory(prefix="daicho-test-") as folder:
        results, written = Path(folder) / "results.json", Path(folder) / "report.json"
        options += [f"--daicho-report={written}"] if report or output.as_json else []
        options += [f"--daicho-results={results}"] if output.as_json else []
        code = _pytest([*options, *arguments], output.as_json)
        if report is not None and written.exists():
            report.write_bytes(written.read_bytes())
        if output.as_json:
            output.result(_document(code, results, written))
    if code == NO_TESTS:
        output.note("no tests were found here; `daicho new NAME` begins a project with some")
    end = EXITS.get(code, Exit.BUG)
    if end is not Exit.OK:
        raise EndError(end)


def _pytest(options: Sequence[str], quiet: bool) -> int:
    """Run pytest in a process of its own; what it prints goes to stderr if `quiet`."""
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, *options]
    stdout = STDERR if quiet else None
    with subprocess.Popen(command, stdout=stdout) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # pytest has been interrupted too: it reports, and ends.
                continue


def _document(code: int, results: Path, report: Path) -> dict[str, Any]:
    """One object: counts, the tests that failed, the reports."""
    ran = json.loads(results.read_bytes()) if results.exists() else {"tests": {}, "failures": []}
    said = json.loads(report.read_bytes()) if report.exists() else {"gas": {}, "lines": {}}
    return {"ok": code == 0, **ran, **said}
