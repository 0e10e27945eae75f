"""Where an author's contracts are, compiled once for a whole test run.

A project is a folder with `contracts/ids.toml`, or with `ids.toml` itself; it is
looked for from a test's folder upwards.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from daicho.compiler import Artefact, compile_folder, compile_path
from daicho.compiler.driver import IDS_FILE

CONTRACTS = "contracts"
Stamp = tuple[tuple[str, int, int], ...]

_compiled: dict[Path, tuple[Stamp, dict[str, Artefact]]] = {}


class NoProjectError(LookupError):
    """No folder from here upwards has contracts."""


def contracts_folder(start: Path) -> Path:
    """The folder of contracts that belongs to `start`, a file or a folder."""
    here = start.resolve()
    for folder in (here, *here.parents):
        for found in (folder / CONTRACTS, folder):
            if (found / IDS_FILE).is_file():
                return found
    raise NoProjectError(f"no {CONTRACTS}/{IDS_FILE} in {start} or above it")


def source_files(folder: Path) -> list[Path]:
    """The contract files of a folder, in the order of their names.

    What an editor puts beside them, links to nowhere and folders are none.
    """
    return sorted(path for path in folder.glob("*.py") if _is_source(path))


def _is_source(path: Path) -> bool:
    return path.name.isascii() and not path.name.startswith(".") and path.is_file()


def stamp(folder: Path) -> Stamp:
    """Changes when a file of the folder does; nothing is read."""
    seen: list[tuple[str, int, int]] = []
    for path in [*source_files(folder), folder / IDS_FILE]:
        # It may be gone since it was listed: an editor puts another in its place.
        with suppress(OSError):
            found = path.stat()
            seen.append((path.name, found.st_mtime_ns, found.st_size))
    return tuple(seen)


def artefacts(folder: Path) -> dict[str, Artefact]:
    """Every contract of the folder's `ids.toml`, compiled when a file has changed."""
    now = stamp(folder)
    known = _compiled.get(folder)
    if known is None or known[0] != now:
        _compiled[folder] = known = (now, compile_folder(folder))
    return known[1]


def artefact(source: str | Path, folder: Path) -> Artefact:
    """A contract by its name in `folder`, or by a path; LookupError when there is none."""
    __tracebackhide__ = True
    if isinstance(source, str):
        known = artefacts(folder)
        if source in known:
            return known[source]
        source = folder / f"{source.removesuffix('.py')}.py"
    if not source.is_file():
        choices = ", ".join(path.stem for path in source_files(source.parent)) or "none"
        raise LookupError(f"no contract {source.stem!r} in {source.parent}: {choices}")
    return compile_path(source)
