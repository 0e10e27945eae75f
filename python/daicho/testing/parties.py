"""Somebody who signs, and the ids that stand for names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from daicho.authority import ROLE_BITS, roles_in

ID_BYTES = 16


@dataclass(frozen=True)
class Party:
    """Somebody who signs: a name for the test, an id and roles for the ledger.

    Wherever a call's argument is a `Party`, the party itself may stand for its id.
    """

    name: str
    id: bytes
    roles: int

    def compartments(self) -> list[bytes]:
        """What this party can read beside public rows: its book and its register.

        Roles have no part in it, as on the ledger.
        """
        return [b"\2" + self.id, b"\3" + self.id]

    def sees_everything(self) -> bool:
        """Whether it is an administrator, who holds every compartment."""
        return bool(self.roles & ROLE_BITS["ADMINISTRATOR"])

    def __repr__(self) -> str:
        return f"Party({', '.join([repr(self.name), *roles_in(self.roles)])})"


def account(name: str) -> bytes:
    """Sixteen bytes made of a name: an account, a party."""
    return hashlib.sha256(name.encode()).digest()[:ID_BYTES]


def with_ids(value: object) -> object:
    """A call's argument, with every party in it replaced by its id."""
    kind = type(value)
    if kind is Party:
        assert isinstance(value, Party)
        return value.id
    if isinstance(value, Mapping):
        return {with_ids(key): with_ids(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        assert isinstance(value, list | tuple)
        return [with_ids(item) for item in value]
    return value
