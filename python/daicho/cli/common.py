"""Options that several commands share."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import click

from daicho.config import ConfigError
from daicho.gateway.client import At, Receipt

Command = TypeVar("Command", bound=Callable[..., Any])


def network_option(command: Command) -> Command:
    """Add `--network DIR`."""
    return click.option(
        "--network",
        "-n",
        "network",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="DAICHO_NETWORK",
        default=Path(),
        show_default="this folder",
        help="The network's folder (DAICHO_NETWORK).",
    )(command)


def as_option(command: Command) -> Command:
    """Add `--as ID`."""
    return click.option("--as", "who", required=True, metavar="ID", help="The party that acts.")(
        command
    )


def moment_options(command: Command) -> Command:
    """Add `--at-height N` and `--at-time US`; `moment` makes one of the two."""
    height = click.option(
        "--at-height", type=click.IntRange(min=0), help="The state after this block."
    )
    time = click.option(
        "--at-time", type=click.IntRange(min=0), metavar="US", help="… as of this time."
    )
    return height(time(command))


def moment(at_height: int | None, at_time: int | None) -> At:
    """The state that is asked for: the newest when neither is given."""
    if at_height is not None and at_time is not None:
        raise ConfigError.one("CFG_USAGE", "--at-time", "give a height or a time, not both")
    if at_height is not None:
        return ("height", at_height)
    return None if at_time is None else ("time", at_time)


def timeout_option(command: Command) -> Command:
    """Add `--timeout SECONDS`."""
    return click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(min=0.1, max=3_600),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for an answer.",
    )(command)


def hex_bytes(text: str, count: int, key: str) -> bytes:
    """Bytes from hex; ConfigError when they are not `count` bytes."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != count:
        raise ConfigError.one("CFG_FORM", key, f"write {2 * count} hex digits")
    return value


def place_for(path: Path, key: str, begins: str) -> Path:
    """Where a file may be written: nothing is there, or an older one of its kind.

    `begins` is how that kind begins; empty where nothing is ever overwritten. What is
    no regular file is never replaced: a device, a pipe, a link to nowhere.
    """
    if str(path) == "-":
        raise ConfigError.one("CFG_USAGE", key, "name a file: nothing is written to stdout")
    if not os.path.lexists(path):
        return path
    if not begins or not path.is_file() or not _begins(path, begins.encode()):
        raise ConfigError.one("CFG_EXISTS", key, f"{path} is there, and is not overwritten")
    return path


def _begins(path: Path, form: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(form)) == form


def json_arguments(text: str, key: str = "--args") -> dict[str, Any]:
    """Arguments from a JSON object, or `@FILE` with one."""
    try:
        source = Path(text[1:]).read_text() if text.startswith("@") else text
        values = json.loads(source)
    except OSError as error:
        raise ConfigError.one("CFG_FILE", key, str(error)) from error
    except ValueError as error:
        raise ConfigError.one("CFG_ARGUMENTS", key, f"no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError.one("CFG_ARGUMENTS", key, "write a JSON object")
    return values


def part(name: str) -> ModuleType:
    """A part that ships with some installations only; ConfigError without it."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise ConfigError.one("CFG_NOT_BUILT", name, f"{name} is not installed here")
    return importlib.import_module(name)


def failed(receipt: Receipt) -> bool:
    """Whether a receipt says no."""
    return receipt.get("status") == "failed"
