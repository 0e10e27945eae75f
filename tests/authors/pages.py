"""Runs a page of the documentation as it stands.

    ```console          lines with `$` are commands, those below it what they print
    ```diff FILE        a change: the lines with - or a space stand in the file once
    ```python FILE      the whole file

`…` in what is printed stands for anything, over lines too; `ID` in a command for the
transaction that was printed last.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from authors.support import TIMEOUT_S, environment

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TX_ID = re.compile(r"^tx_id: ([0-9a-f]{64})$", re.MULTILINE)
ANYTHING = "…"


@dataclass
class Page:
    """A page on its way, in a folder of its own."""

    folder: Path
    more: Callable[[list[str]], list[str]] = lambda arguments: arguments
    """What a test adds to a command."""
    commands: int = 0
    tx_id: str = "ID"

    def run(self, text: str) -> None:
        """Every block in order; AssertionError where the page is wrong."""
        for kind, name, body in BLOCK.findall(text):
            match kind:
                case "console":
                    self._console(body)
                case "diff":
                    self._edit(self.folder / name, body)
                case _ if name:
                    (self.folder / name).parent.mkdir(exist_ok=True)
                    (self.folder / name).write_text(body)

    def _console(self, body: str) -> None:
        for step in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, wanted = step.partition("\n")
            words = shlex.split(command)
            self.commands += 1
            if words[0] == "cd":
                self.folder = self.folder / words[1]
                continue
            printed = self._run([self.tx_id if word == "ID" else word for word in words])
            self.tx_id = (TX_ID.findall(printed) or [self.tx_id])[-1]
            assert fits(printed, wanted), f"$ {command}\n{printed}\n--- the page says:\n{wanted}"

    def _run(self, words: list[str]) -> str:
        assert words[0] == "daicho", words
        done = subprocess.run(
            [sys.executable, "-m", "daicho", *self.more(words[1:])],
            cwd=self.folder,
            env=environment() | {"PYTHONUNBUFFERED": "1", "COLUMNS": "80"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return done.stdout

    def _edit(self, path: Path, body: str) -> None:
        lines = body.splitlines()
        assert all(line[:1] in {"-", "+", " "} for line in lines), f"{path.name}: {body}"
        before, after = ("".join(f"{x[1:]}\n" for x in lines if x[0] in f" {s}") for s in "-+")
        text = path.read_text()
        assert text.count(before) == 1, f"{path.name} has not once:\n{before}"
        path.write_text(text.replace(before, after))


def fits(printed: str, wanted: str) -> bool:
    """Whether it is what the page says, spaces at the ends of lines aside."""
    parts = [re.escape(part) for part in _plain(wanted).split(ANYTHING)]
    return re.fullmatch(".*?".join(parts), _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
