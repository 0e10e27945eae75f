"""Every form in which a value might lie on a disk or in memory, and a search for them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path


def forms(plain: Mapping[str, bytes]) -> dict[str, bytes]:
    """Each value as it is, in hex, and in base64 wherever it starts."""
    found = dict(plain)
    for name, value in plain.items():
        found[f"{name}, hex"] = value.hex().encode()
        for shift in range(3):
            found[f"{name}, base64 at {shift}"] = _base64_inside(value, shift)
    return found


def forms_of_text(name: str, text: str) -> dict[str, bytes]:
    """A text in the encodings of this world."""
    return {f"{name} as text": text.encode(), f"{name} as UTF-16": text.encode("utf-16-le")}


def search(data: bytes, needles: Mapping[str, bytes]) -> list[str]:
    """The names of what is found in some bytes."""
    return [name for name, needle in needles.items() if needle in data]


def files_below(folder: Path) -> Iterator[Path]:
    """Every file of a folder, in order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _base64_inside(value: bytes, shift: int) -> bytes:
    """The digits of base64 that stand for `value` alone, wherever it starts."""
    encoded = base64.b64encode(bytes(shift) + value + bytes(2))
    first = -(-shift * 8 // 6)
    last = (shift + len(value)) * 8 // 6
    return encoded[first:last]
