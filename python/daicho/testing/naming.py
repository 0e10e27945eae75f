"""Names of a test, found or refused with those that there are, and places in files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from daicho.compiler import Abi, Artefact
from daicho.testing.watching import code_lines, shown_file

ENTRY, QUERY = "entry point", "query"
_USES = {ENTRY: "chain.call calls it", QUERY: "chain.query asks it"}


class UnknownNameError(LookupError):
    """Nothing has this name; the message says what there is."""


UnknownNameError.__module__ = "daicho.testing"


def unknown_contract(name: object, known: Collection[str]) -> UnknownNameError:
    """The error for a contract that is not deployed."""
    choices = ", ".join(sorted(known)) or "none"
    return UnknownNameError(f"no contract {name!r} is deployed: {choices}")


def id_of(abi: Abi, name: str, kind: str) -> int:
    """The number of an entry point or a query; UnknownNameError when it is none."""
    __tracebackhide__ = True
    known, others = (abi.entries, abi.queries) if kind is ENTRY else (abi.queries, abi.entries)
    found = known.get(name)
    if found is not None:
        return found.id
    other = QUERY if kind is ENTRY else ENTRY
    choices = ", ".join(sorted(known)) or "none"
    hint = f"; {name} is {_article(other)}: {_USES[other]}" if name in others else ""
    raise UnknownNameError(f"{abi.name} has no {kind} {name!r}; it has {choices}{hint}")


def _article(kind: str) -> str:
    return f"an {kind}" if kind is ENTRY else f"a {kind}"


class Places:
    """Where a contract's failures stand: file and line, as terminals open them."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._files: dict[int, str] | None = None
        """By line; made at the first failure."""

    def at(self, line: int) -> str:
        """The line in the file that it was written in.

        Helpers of other files are compiled in. A line that has code in several of the
        files is the contract's, as is that of a source which came as a text.
        """
        if self._files is None:
            self._files = _files(self._artefact)
        return f"{self._files.get(line, self._artefact.name)}:{line}"


def _files(artefact: Artefact) -> dict[int, str]:
    if artefact.folder is None:
        return {}
    homes: defaultdict[int, set[str]] = defaultdict(set)
    for home, lines in code_lines(artefact)[1].items():
        for line in lines:
            homes[line].add(home)
    shown = {home: shown_file(artefact.folder, home) for home in set().union(*homes.values())}
    return {line: shown[min(found)] for line, found in homes.items() if len(found) == 1}
