"""What a command prints: data on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from daicho.plain import plain as plain
from daicho.text import table as table

if TYPE_CHECKING:
    from daicho.config import Problem


class Output:
    """Prints for people, or as JSON for programs."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, document: Mapping[str, object], text: str | None = None) -> None:
        """The one result of a command: an object, or words for people."""
        if self.as_json:
            click.echo(json.dumps(plain(document)))
        else:
            click.echo(text if text is not None else readable(document))

    def line(self, document: Mapping[str, object], text: str | None = None) -> None:
        """One line of a stream."""
        self.result(document, text if text is not None else json.dumps(plain(document)))
        sys.stdout.flush()

    def note(self, words: str) -> None:
        """Words for the person who waits; never data."""
        click.echo(words, err=True)

    def problems(self, problems: Sequence[Problem]) -> None:
        """What went wrong: words on stderr, and the object if JSON was asked for."""
        if self.as_json:
            errors = [asdict(problem) for problem in problems]
            click.echo(json.dumps({"ok": False, "errors": errors}))
        for problem in problems:
            place = f" {problem.key}" if problem.key else ""
            self.note(f"{problem.code}{place}: {problem.message}")
            if problem.hint:
                self.note(f"  hint: {problem.hint}")


def readable(document: Mapping[str, object], indent: str = "") -> str:
    """An object as lines of `key: value`."""
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{key}:", readable(value, indent + "  ")]
        else:
            shown = plain(value)
            lines.append(f"{indent}{key}: {shown if isinstance(shown, str) else json.dumps(shown)}")
    return "\n".join(lines)


Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add `--json`; the command gets `output`."""

    def made(_context: click.Context, _option: click.Parameter, value: bool) -> Output:
        return Output(value)

    option = click.option(
        "--json",
        "output",
        is_flag=True,
        callback=made,
        help="Print one JSON object on stdout.",
    )
    return option(command)
