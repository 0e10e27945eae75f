"""`daicho check`: contracts as their author edits them, or a network's configuration."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from daicho.cli.common import part
from daicho.cli.compiling import SOURCE_SUFFIX
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option
from daicho.config import ConfigError, check_network

WATCH_PAUSE_S = 0.3
NO_CONTRACT = "there is no contract in it"
NETWORK_FILES = ("genesis.toml", "network.toml")
WORDS = {
    "network": "The network's folder: check its configuration instead (DAICHO_NETWORK).",
    "watch": "Check again whenever a file changes, until interrupted.",
}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--network",
    "-n",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DAICHO_NETWORK",
    help=WORDS["network"],
)
@click.option("--watch", is_flag=True, help=WORDS["watch"])
@json_option
def check(paths: tuple[Path, ...], network: Path | None, watch: bool, output: Output) -> None:
    """Check contracts: files, or folders of them. One run reports everything.

    With no PATHS it checks the network that --network names or that stands in this
    folder, and otherwise the contracts of the project around this folder.
    """
    if not paths:
        chosen = _network(network)
        if chosen is not None:
            _check_network(chosen, watch, output)
            return
        paths = (Path(),)
    part("daicho.compiler")
    if watch:
        _watch(paths, output)
    if not _check_once(_sources(paths), output):
        raise EndError(Exit.CHECK_FALSE)


def _network(given: Path | None) -> Path | None:
    """The network to check when no contracts are named."""
    from daicho.author.project import NoProjectError, contracts_folder

    here = Path()
    if given is not None:
        return given
    if any((here / name).exists() for name in NETWORK_FILES):
        return here
    try:
        contracts_folder(here)
    except NoProjectError:
        return here
    return None


def _check_network(network: Path, watch: bool, output: Output) -> None:
    if watch:
        raise click.UsageError("--watch is for contracts")
    problems = check_network(network)
    if problems:
        raise ConfigError(problems)
    output.result({"ok": True, "errors": []}, f"{network}: nothing is wrong")


def _sources(paths: Sequence[Path]) -> list[Path]:
    """Every contract file that the paths mean, each once."""
    from daicho.author.project import NoProjectError, contracts_folder, source_files

    found: dict[Path, None] = {}
    for path in paths:
        # A file that is gone since the command began is still meant.
        if path.is_file() or (path.suffix == SOURCE_SUFFIX and not path.is_dir()):
            found[path] = None
            continue
        try:
            folder = contracts_folder(path)
        except NoProjectError:
            folder = path
        found |= dict.fromkeys(_relative(file) for file in source_files(folder))
    if not found:
        raise ConfigError.one("CFG_REFERENCE", "PATHS", NO_CONTRACT)
    return list(found)


def _relative(path: Path) -> Path:
    """As a person would name it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _check_once(sources: Sequence[Path], output: Output) -> bool:
    """Compile everything, say what is wrong; whether nothing is."""
    from daicho.author.checking import check_sources

    checked = check_sources(sources)
    document: dict[str, Any] = {
        "ok": not checked.errors,
        "files": [str(path) for path in sources],
        "errors": checked.errors,
    }
    if checked.errors:
        output.note(checked.text)
    word = "file" if len(sources) == 1 else "files"
    said = f"{len(checked.errors)} wrong in" if checked.errors else "nothing is wrong in"
    output.line(document, f"{said} {len(sources)} {word}")
    return not checked.errors


def _watch(paths: Sequence[Path], output: Output) -> None:
    """Check, wait for a change, check again; Ctrl-C is the way out."""
    _sources(paths)  # what means nothing at the start is a mistake
    for sources in _changes(paths):
        if not output.as_json:
            click.clear()
        if sources:
            _check_once(sources, output)
        else:
            _none_now(output)
        output.note("watching; Ctrl-C ends")


def _none_now(output: Output) -> None:
    error = {"code": "CFG_REFERENCE", "key": "PATHS", "message": NO_CONTRACT, "hint": ""}
    output.line({"ok": False, "files": [], "errors": [error]}, f"{NO_CONTRACT} now")


def _changes(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The sources now, and again whenever a file near them differs.

    None at all is no end: whoever moves files about puts them back.
    """
    from daicho.author.project import stamp

    seen: object = None
    while True:
        try:
            sources = _sources(paths)
        except ConfigError:
            sources = []
        now = [stamp(folder) for folder in sorted({path.parent for path in sources})]
        if now != seen:
            seen = now
            yield sources
        time.sleep(WATCH_PAUSE_S)
