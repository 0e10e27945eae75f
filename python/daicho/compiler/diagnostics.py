"""Places in a source file, and what the compiler says about them.

A diagnostic is for the author: code, place, what is wrong, and how to put it
right. As text it shows the line with carets below it; as JSON an editor reads
it. A fault of the compiler itself is an `InternalError` and never a diagnostic.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cached_property

from daicho.compiler.codes import REGISTRY, Code


@dataclass(frozen=True, order=True)
class Span:
    """From (line, column) to (end line, end column), all counted from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


START = Span(1, 1, 1, 1)


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One thing that is wrong, and where."""

    span: Span
    code: str
    message: str
    hint: str


SHOWN_MAX = 60
"""Characters of a piece of source that a message repeats."""
LINE_MAX = 160
"""Characters of a source line that stand above the carets."""
DIAGNOSTICS_MAX = 100
"""Reports after which the compiler stops looking for more."""


class InternalError(Exception):
    """The compiler broke one of its own rules: our fault, not the author's."""


class CompileError(Exception):
    """The source does not compile; `diagnostics` says why, in source order."""

    def __init__(self, source: Source, diagnostics: list[Diagnostic]) -> None:
        self.source = source
        self.diagnostics = sorted(set(diagnostics))
        super().__init__(render_text(source, self.diagnostics))


@dataclass(frozen=True)
class Source:
    """A file's name, as shown, and its text."""

    filename: str
    text: str

    def line(self, number: int) -> str:
        """The text of one line, without its end."""
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        """As Python counts lines, which is not as `str.splitlines` does."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").split("\n")

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands. Python counts columns in bytes; we in characters."""
        line = int(getattr(node, "lineno", 1))
        end_line = int(getattr(node, "end_lineno", None) or line)
        column = self._column(line, int(getattr(node, "col_offset", 0)))
        end_column = self._column(end_line, int(getattr(node, "end_col_offset", None) or 0))
        return Span(line, column, end_line, end_column)

    def _column(self, line: int, byte_offset: int) -> int:
        text = self.line(line)
        if text.isascii():
            return byte_offset + 1
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
        self.diagnostics.append(Diagnostic(span, code.id, message, hint or code.hint))
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
        span = item.span
        parts.append(f"{source.filename}:{span.line}:{span.column}: {item.code} {item.message}")
        parts += _pointed(source.line(span.line), span)
        if item.hint:
            parts.append(f"    hint: {item.hint}")
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


def render_json(source: Source, diagnostics: list[Diagnostic]) -> str:
    """The same for editors: one JSON array."""
    rows = [
        {
            "file": source.filename,
            "line": item.span.line,
            "column": item.span.column,
            "end_line": item.span.end_line,
            "end_column": item.span.end_column,
            "code": item.code,
            "message": item.message,
            "hint": item.hint,
        }
        for item in diagnostics
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def explain(code_id: str) -> str:
    """The long text of one compiler code; KeyError for an unknown one."""
    code = REGISTRY[code_id]
    return f"{code.id}: {code.title}\n\n{code.text}\n\nHint: {code.hint}"
