"""What is wrong with contract files, all of it in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from daicho.compiler import CompileError, Diagnostic, Ids, compile_path, load_ids, render_text
from daicho.compiler.diagnostics import Source, place
from daicho.compiler.driver import IDS_FILE


@dataclass
class Checked:
    """Every fault, as objects for programs and as text for people."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    told: set[tuple[object, ...]] = field(default_factory=set)
    """Faults by file, place, code and message; only looked up."""

    @property
    def text(self) -> str:
        """What a person reads."""
        return "\n".join(self.texts)


def check_sources(sources: Iterable[Path]) -> Checked:
    """Compile each file, and hold each folder's `ids.toml` against its files."""
    found, numbers = Checked(), dict[Path, Ids]()
    for path in sources:
        if path.parent not in numbers:
            numbers[path.parent] = _check_ids(path.parent, found)
        _check_file(path, numbers[path.parent], found)
    return found


def _check_ids(folder: Path, found: Checked) -> Ids:
    """The folder's numbers; none where they are wrong, so that its files are still looked at."""
    file = folder / IDS_FILE
    try:
        ids = load_ids(file)
    except ValueError as error:
        _note(found, "CFG_SYNTAX", file, str(error))
        return Ids()
    except OSError as error:
        _note(found, "CFG_FILE", file, error.strerror or str(error))
        return Ids()
    for name in ids.contracts:
        if not (folder / f"{name}.py").is_file():
            _note(found, "CFG_REFERENCE", file, f"it numbers `{name}`, and there is no {name}.py")
    return ids


def _note(found: Checked, code: str, file: Path, message: str) -> None:
    row = {"code": code, "key": str(file), "message": message, "hint": "", "file": str(file)}
    found.errors.append(row)
    found.texts.append(f"{file}: {code} {message}")


def _check_file(path: Path, ids: Ids, found: Checked) -> None:
    try:
        compile_path(path, ids)
    except CompileError as error:
        note_faults(path, error, found)
    except UnicodeDecodeError as error:
        _note(found, "CFG_SYNTAX", path, f"it is not UTF-8: {error.reason}")
    except OSError as error:
        _note(found, "CFG_FILE", Path(error.filename or path), error.strerror or str(error))


def note_faults(path: Path, error: CompileError, found: Checked) -> None:
    """Why a file does not compile, with paths as it was named; each fault once."""
    shown = Source(str(path), error.source.text)
    told = [_located(path, item) for item in error.diagnostics]
    new = [item for item in told if _first_time(found, path, item)]
    found.errors += [_as_row(str(path), item) for item in new]
    if new:
        found.texts.append(render_text(shown, new))


def _located(path: Path, item: Diagnostic) -> Diagnostic:
    """The files that it names, as paths: all of them lie beside the one compiled."""
    notes = tuple(replace(note, filename=str(path.with_name(note.filename))) for note in item.notes)
    if item.source is None:
        return replace(item, notes=notes)
    file = Source(str(path.with_name(item.source.filename)), item.source.text)
    return replace(item, source=file, notes=notes)


def _first_time(found: Checked, path: Path, item: Diagnostic) -> bool:
    """Whether a fault was not told yet, of its own file or of another that imports it."""
    file = item.source.filename if item.source is not None else str(path)
    fault = (file, *item.fault[1:])
    is_new = fault not in found.told
    found.told.add(fault)
    return is_new


def _as_row(file: str, item: Diagnostic) -> dict[str, Any]:
    """A diagnostic as an object of `errors`, with its places for an editor."""
    span, file = item.span, item.source.filename if item.source is not None else file
    notes = [{**place(note.filename, note.span), "message": note.message} for note in item.notes]
    return {
        "code": item.code,
        "key": f"{file}:{span.line}:{span.column}",
        "message": item.message,
        "hint": item.hint,
        **place(file, span),
        **({"notes": notes} if notes else {}),
    }
