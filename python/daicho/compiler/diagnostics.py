"""Places in a source file, and what the compiler says about them.

A diagnostic is for the author: code, place, what is wrong, and how to put it
right. As text it shows the line with carets below it; as JSON an editor reads
it. A fault of the compiler itself is an `InternalError` and never a diagnostic.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from daicho.compiler.codes import REGISTRY, Code


class Span(NamedTuple):
    """From (line, column) to (end line, end column), all counted from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


START = Span(1, 1, 1, 1)
BYTE_ORDER_MARK = "\ufeff"
_place = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")


@dataclass(frozen=True)
class Note:
    """A further place that belongs to a fault."""

    filename: str
    span: Span
    message: str


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong, and where.

    A fault of a contract that is imported has that file as its `source`, and as
    `notes` the imports that lead there, the nearest first; its own file has None.
    """

    span: Span
    code: str
    message: str
    hint: str
    source: Source | None = None
    notes: tuple[Note, ...] = ()

    @property
    def here(self) -> Span:
        """Its place in the file that was compiled: where that imports what is faulty."""
        return self.notes[-1].span if self.notes else self.span

    @property
    def fault(self) -> tuple[str, Span, str, str]:
        """What is wrong, by whatever imports it was met."""
        filename = self.source.filename if self.source is not None else ""
        return (filename, self.span, self.code, self.message)


SHOWN_MAX = 60
"""Characters of a piece of source that a message repeats."""
LINE_MAX = 160
"""Characters of a source line that stand above the carets."""
HINT_MAX = 1_500
"""Characters of a hint: an import of every name of the language has fewer."""
DIAGNOSTICS_MAX = 100
"""Reports after which the compiler stops looking for more."""


class InternalError(Exception):
    """The compiler broke one of its own rules: our fault, not the author's."""


class CompileError(Exception):
    """The source does not compile; `diagnostics` says why, in source order."""

    def __init__(self, source: Source, diagnostics: list[Diagnostic]) -> None:
        self.source = source
        once = {item.fault: item for item in reversed(diagnostics)}
        self.diagnostics = sorted(once.values(), key=lambda item: (item.here, item.fault))
        super().__init__(render_text(source, self.diagnostics))


@dataclass(frozen=True)
class Source:
    """A file's name, as shown, and its text, without the mark that some editors put first."""

    filename: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.removeprefix(BYTE_ORDER_MARK))

    def line(self, number: int) -> str:
        """The text of one line, without its end."""
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        """As Python counts lines, which is not as `str.splitlines` does."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").split("\n")

    @cached_property
    def _wide(self) -> frozenset[int]:
        """Lines whose characters are not all one byte."""
        if self.text.isascii():
            return frozenset()
        return frozenset(at for at, line in enumerate(self._lines, 1) if not line.isascii())

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands. Python counts columns in bytes; we in characters."""
        try:
            line, start, end_line, end = _place(node)
        except AttributeError:
            return START  # a part without a place, as a list of parameters
        if line not in self._wide and end_line not in self._wide:
            return Span(line, start + 1, end_line, end + 1)
        return Span(line, self._column(line, start), end_line, self._column(end_line, end))

    def _column(self, line: int, byte_offset: int) -> int:
        if line not in self._wide:
            return byte_offset + 1
        text = self.line(line)
        return len(text.encode()[:byte_offset].decode(errors="replace")) + 1


class Reporter:
    """Collects diagnostics, so that one run tells everything."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []

    def error(self, code: Code, where: ast.AST | Span, hint: str = "", **values: object) -> None:
        """Report `code` at `where`; `values` fill the code's message."""
        span = where if isinstance(where, Span) else self.source.span(where)
        message = code.message.format(**values)
        chosen = hint or code.hint
        if len(chosen) > HINT_MAX:
            chosen = f"{chosen[:HINT_MAX]}…"
        self._add(Diagnostic(span, code.id, message, chosen))

    def imported(self, faults: Iterable[Diagnostic], where: ast.AST) -> None:
        """Report the faults of a contract that is imported at `where`."""
        note = Note(self.source.filename, self.source.span(where), "imported here")
        for item in faults:
            self._add(replace(item, notes=(*item.notes, note)))

    def _add(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)
        if len(self.diagnostics) >= DIAGNOSTICS_MAX:
            self.stop_if_any()

    def stop_if_any(self) -> None:
        """End the compilation here if anything was reported."""
        if self.diagnostics:
            raise CompileError(self.source, self.diagnostics)


def render_text(source: Source, diagnostics: list[Diagnostic]) -> str:
    """Every diagnostic as `file:line:col: CODE message`, source line, carets, hint."""
    parts: list[str] = []
    for item in diagnostics:
        span, file = item.span, item.source or source
        parts.append(f"{file.filename}:{span.line}:{span.column}: {item.code} {item.message}")
        parts += _pointed(file.line(span.line), span)
        if item.hint:
            parts.append(f"    hint: {item.hint}")
        for note in item.notes:
            place = f"{note.filename}:{note.span.line}:{note.span.column}"
            parts.append(f"    note: {note.message}: {place}")
    return "\n".join(parts)


def _pointed(line: str, span: Span) -> list[str]:
    """The line, or the part of a long one that matters, and carets below it."""
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start = max(0, span.column - 1 - LINE_MAX // 2) if len(line) > LINE_MAX else 0
    width = min(max(1, end - span.column), LINE_MAX)
    carets = " " * (span.column - 1 - start) + "^" * width
    return [f"    {line[start : start + LINE_MAX]}", f"    {carets}"]


def shown(node: ast.AST) -> str:
    """A piece of source as a message repeats it: one line, not too long."""
    try:
        text = ast.unparse(node).partition("\n")[0]
    except (RecursionError, ValueError):  # too deep; a number with too many digits
        return "…"
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def place(filename: str, span: Span) -> dict[str, str | int]:
    """A place as an object for editors."""
    return {
        "file": filename,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def render_json(source: Source, diagnostics: list[Diagnostic]) -> str:
    """The same for editors: one JSON array; `notes` where there are some."""
    rows: list[dict[str, object]] = []
    for item in diagnostics:
        row: dict[str, object] = {
            **place((item.source or source).filename, item.span),
            "code": item.code,
            "message": item.message,
            "hint": item.hint,
        }
        notes = [
            {**place(note.filename, note.span), "message": note.message} for note in item.notes
        ]
        if notes:
            row["notes"] = notes
        rows.append(row)
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def explain(code_id: str) -> str:
    """The long text of one compiler code; KeyError for an unknown one."""
    code = REGISTRY[code_id]
    return f"{code.id}: {code.title}\n\n{code.text}\n\nHint: {code.hint}"
