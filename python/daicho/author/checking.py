"""What is wrong with contract files, all of it in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daicho.compiler import CompileError, Diagnostic, Ids, compile_path, load_ids, render_text
from daicho.compiler.diagnostics import Source
from daicho.compiler.driver import IDS_FILE


@dataclass
class Checked:
    """Every fault, as objects for programs and as text for people."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

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
        shown = Source(str(path), error.source.text)
        found.errors += [as_row(str(path), item) for item in error.diagnostics]
        found.texts.append(render_text(shown, error.diagnostics))
    except UnicodeDecodeError as error:
        _note(found, "CFG_SYNTAX", path, f"it is not UTF-8: {error.reason}")


def as_row(file: str, item: Diagnostic) -> dict[str, Any]:
    """A diagnostic as an object of `errors`, with its place for an editor."""
    span = item.span
    return {
        "code": item.code,
        "key": f"{file}:{span.line}:{span.column}",
        "message": item.message,
        "hint": item.hint,
        "file": file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
