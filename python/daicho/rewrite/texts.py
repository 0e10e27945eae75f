"""Texts and bytes: Python's own, no longer than 65,536 bytes."""

from __future__ import annotations

import re

from blake3 import blake3

from daicho.compiler.types import BytesType, StrType, Type
from daicho.rewrite.faults import Trap
from daicho.rewrite.numbers import fitter

TEXT_BYTES_MAX = 65_536
_NUMBER = re.compile(r"-?[0-9]+", re.ASCII)


def fit(value: str | bytes, type_: Type) -> str | bytes:
    """The text, if it is no longer than its type allows."""
    data = value.encode() if isinstance(value, str) else value
    bound = type_.length if isinstance(type_, (StrType, BytesType)) else None
    if len(data) > TEXT_BYTES_MAX or (bound is not None and len(value) > bound):
        raise Trap("LENGTH")
    return value


def convert(value: str | bytes, source: Type, to: Type) -> str | bytes:
    """A text as one of another type: the bytes of a text, a text of bytes, a shorter one."""
    if isinstance(source, StrType) and isinstance(to, BytesType):
        assert isinstance(value, str)
        return fit(value.encode(), to)
    if isinstance(source, BytesType) and isinstance(to, StrType):
        assert isinstance(value, bytes)
        try:
            return fit(value.decode(), to)
        except UnicodeDecodeError:
            raise Trap("DOMAIN") from None
    return fit(value, to)


def concat(left: str | bytes, right: str | bytes, type_: Type) -> str | bytes:
    """`left + right`."""
    joined = left + right  # type: ignore[operator]  # both are of one family
    assert isinstance(joined, (str, bytes))
    return fit(joined, type_)


def code_at(value: str | bytes, index: int) -> int:
    """The code point or byte at `index`."""
    try:
        found = value[index]
    except IndexError:
        raise Trap("INDEX") from None
    return ord(found) if isinstance(found, str) else found


def char_at(value: str, index: int) -> str:
    """The character at `index`."""
    try:
        return value[index]
    except IndexError:
        raise Trap("INDEX") from None


def from_code(code: int) -> str:
    """The character of a code point; a surrogate is none."""
    try:
        letter = chr(code)
        letter.encode()
    except (ValueError, OverflowError):
        raise Trap("DOMAIN") from None
    return letter


def find(value: str | bytes, wanted: str | bytes) -> int:
    """Where `wanted` first stands; -1 if nowhere."""
    return value.find(wanted)  # type: ignore[arg-type]  # both are of one family


def starts_with(value: str | bytes, wanted: str | bytes) -> bool:
    """Whether it begins so."""
    return value.startswith(wanted)  # type: ignore[arg-type]  # both are of one family


def to_int(value: str, type_: Type) -> int:
    """The number that decimal digits write."""
    if _NUMBER.fullmatch(value) is None:
        raise Trap("DOMAIN")
    return fitter(type_)(_parsed(value))


def _parsed(value: str) -> int:
    """As `int`, which refuses thousands of digits; none of them would fit."""
    digits = value.lstrip("-").lstrip("0")
    if len(digits) > 40:
        raise Trap("OVERFLOW")
    return int(f"-{digits or 0}" if value.startswith("-") else digits or "0")


def digest(value: bytes) -> bytes:
    """BLAKE3."""
    return blake3(value).digest()


def below(value: bytes, bound: int) -> int:
    """A hash as a number below `bound`."""
    if bound <= 0:
        raise Trap("DOMAIN")
    return int.from_bytes(value, "big") % bound
