"""Contracts as commands take them: sources that compile, or artefacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daicho.cli.common import part
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output
from daicho.config import ConfigError

if TYPE_CHECKING:
    from daicho.author.interface import Interface
    from daicho.compiler import Artefact

SOURCE = click.Path(path_type=Path, dir_okay=False)
SOURCE_SUFFIX = ".py"


def compiled(source: Path, output: Output) -> Artefact:
    """The artefact; a contract that does not compile ends the command."""
    part("daicho.compiler")
    from daicho.author.checking import Checked, note_faults
    from daicho.compiler import CompileError, compile_path

    if not source.is_file():
        raise ConfigError.one("CFG_FILE", "SOURCE", f"{source} is no file")
    try:
        return compile_path(source)
    except CompileError as error:
        found = Checked()
        note_faults(source, error, found)
        if output.as_json:
            output.result({"ok": False, "errors": found.errors})
        output.note(found.text)
        raise EndError(Exit.CHECK_FALSE) from error
    except ValueError as error:
        raise ConfigError.one("CFG_SYNTAX", "ids.toml", str(error)) from error


def interface(path: Path, output: Output) -> Interface:
    """The border of a source, or of an artefact that was built of one."""
    if path.suffix == SOURCE_SUFFIX:
        return interface_of_bytes(compiled(path, output).data, str(path))
    if not path.is_file():
        raise ConfigError.one("CFG_FILE", "SOURCE", f"{path} is no file")
    return interface_of_bytes(path.read_bytes(), str(path))


def interface_of_bytes(artefact: bytes, where: str) -> Interface:
    """The border of an artefact; ConfigError when the bytes are none."""
    from daicho.author.interface import interface_of
    from daicho.compiler import AbiError

    try:
        return interface_of(artefact)
    except AbiError as error:
        raise ConfigError.one("CFG_FORM", where, f"it is no artefact: {error}") from error
