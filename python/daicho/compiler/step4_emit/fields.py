"""The fields an artefact is made of: little-endian numbers, texts, vectors."""

from __future__ import annotations

import struct


def u8(value: int) -> bytes:
    """One byte."""
    return struct.pack("<B", value)


def u16(value: int) -> bytes:
    """Two bytes."""
    return struct.pack("<H", value)


def u32(value: int) -> bytes:
    """Four bytes."""
    return struct.pack("<I", value)


def text(value: str) -> bytes:
    """A `name` or `str`: its length and its UTF-8."""
    data = value.encode()
    return u32(len(data)) + data


def vector(items: list[bytes]) -> bytes:
    """A count and the items."""
    return u32(len(items)) + b"".join(items)
