"""Text, truth, choices and identities."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class MaxLen:
    """The bound of a text (characters), of bytes, of a list or a map (items)."""

    length: int


Str = str
Bytes = bytes
Bool = bool
Enum = enum.Enum
"""A closed list of choices; the values are the integers on the wire."""


class Id:
    """Sixteen opaque bytes. Two kinds of identity never compare equal."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, value: str) -> None:
        self._value = bytes.fromhex(value)
        if len(self._value) != 16:
            raise ValueError("an identity has 32 hexadecimal digits")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Id) and self._value == other._value

    def __lt__(self, other: Self) -> bool:
        return self._value < other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self._value.hex()}')"


class Party(Id):
    """An institution, an issuer or the administrator: whoever signs."""

    __slots__ = ()


class Account(Id):
    """An account in somebody's books."""

    __slots__ = ()


class Digest:
    """Thirty-two bytes. Not used itself."""

    __slots__ = ("_value",)
    _value: bytes

    def __init__(self, value: str) -> None:
        self._value = bytes.fromhex(value)
        if len(self._value) != 32:
            raise ValueError("a digest has 64 hexadecimal digits")

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other) and isinstance(other, Digest) and self._value == other._value
        )

    def __lt__(self, other: Self) -> bool:
        return self._value < other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self._value.hex()}')"


class TxId(Digest):
    """The name of a transaction."""

    __slots__ = ()


class Hash(Digest):
    """The digest of something kept elsewhere: a request, a document; or 32 random bytes."""

    __slots__ = ()

    def below(self, bound: int) -> int:
        """These bytes as a number, modulo `bound`, which is above 0: 0 to bound - 1."""
        if bound <= 0:
            raise ValueError("the bound is above 0")
        return int.from_bytes(self._value, "big") % bound
