"""Writes TOML with comments: the few shapes that these files have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

Scalar = str | int | bool | bytes
Value = Scalar | Sequence[str]


def toml_value(value: Value) -> str:
    """One value as TOML. Bytes become lower-case hex."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}" if abs(value) >= 1_000_000 else str(value)
        case bytes():
            return f'"{value.hex()}"'
        case str():
            return _basic_string(value)
        case _:
            return "[" + ", ".join(_basic_string(item) for item in value) + "]"


def _basic_string(text: str) -> str:
    named = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return (
        '"' + "".join(named.get(c) or (c if c >= " " else f"\\u{ord(c):04x}") for c in text) + '"'
    )


class TomlWriter:
    """Builds a document from the top down."""

    def __init__(self, comment: str) -> None:
        self._lines: list[str] = []
        self.comment(comment)

    def comment(self, text: str) -> None:
        """Whole lines of comment."""
        self._lines += [f"# {line}".rstrip() for line in text.strip().splitlines()]

    def blank(self) -> None:
        """An empty line."""
        self._lines.append("")

    def pair(self, key: str, value: Value, comment: str = "") -> None:
        """`key = value`, with a comment behind it."""
        line = f"{key} = {toml_value(value)}"
        self._lines.append(f"{line}  # {comment}" if comment else line)

    def pairs(self, values: Mapping[str, Value], comments: Mapping[str, str] | None = None) -> None:
        """Several pairs."""
        for key, value in values.items():
            self.pair(key, value, (comments or {}).get(key, ""))

    def table(self, name: str, *, array: bool = False) -> None:
        """The head of a table, or of the next one of an array of tables."""
        self.blank()
        self._lines.append(f"[[{name}]]" if array else f"[{name}]")

    def record(self, name: str, record: BaseModel, *, array: bool = False) -> None:
        """A table with the fields of `record`; nested records become sub-tables."""
        self.table(name, array=array)
        nested: dict[str, BaseModel] = {}
        for key in type(record).model_fields:
            value = getattr(record, key)
            if isinstance(value, BaseModel):
                nested[key] = value
            elif value is not None:
                self.pair(key, value)
        for key, inner in nested.items():
            self.record(f"{name}.{key}", inner)

    def render(self) -> bytes:
        """The document."""
        return ("\n".join(self._lines) + "\n").encode()
