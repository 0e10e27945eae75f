"""The fields an artefact is made of: little-endian numbers, texts, vectors."""

from __future__ import annotations

from struct import Struct

u8 = Struct("<B").pack
"""One byte."""
u16 = Struct("<H").pack
"""Two bytes."""
u32 = Struct("<I").pack
"""Four bytes."""
i64 = Struct("<q").pack
"""Eight bytes with a sign."""


def text(value: str) -> bytes:
    """A `name` or `str`: its length and its UTF-8."""
    data = value.encode()
    return u32(len(data)) + data


def vector(items: list[bytes]) -> bytes:
    """A count and the items."""
    return u32(len(items)) + b"".join(items)
