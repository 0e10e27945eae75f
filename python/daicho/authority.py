"""What a call lacked: the authority it needed and the authority it came with.

The machine answers ROLE with two masks and AUTHORITY with the party that did not
sign (docs/bytecode.md, section 7); an author and an operator read names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daicho.compiler.types import ROLE

ROLE_BITS = {name: 1 << bit for name, bit in ROLE.members}
ANY = 0xFFFF_FFFF
ROLE_BYTES = 8
PARTY_BYTES = 16


@dataclass(frozen=True)
class Lack:
    """The authority a call needed, and what it was given, in names."""

    required: tuple[str, ...]
    given: tuple[str, ...]

    def __str__(self) -> str:
        needed, had = " or ".join(self.required), ", ".join(self.given)
        return f"needs {needed or 'a role that nobody has'}, was given {had or 'none'}"


def roles_in(mask: int) -> tuple[str, ...]:
    """The names of the roles in a mask, as a contract writes them."""
    if mask == ANY:
        return ("ANY_ROLE",)
    return tuple(name for name, bit in ROLE_BITS.items() if mask & bit)


def role_mask(names: Sequence[str]) -> int:
    """The mask of these roles; ValueError for a name that is none."""
    unknown = sorted(set(names) - set(ROLE_BITS))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such role; there are {', '.join(ROLE_BITS)}")
    return sum(ROLE_BITS[name] for name in set(names))


def lack_of_role(result: bytes) -> Lack | None:
    """What a ROLE failure's result says; None for bytes of another form."""
    if len(result) != ROLE_BYTES:
        return None
    required, given = (int.from_bytes(result[at : at + 4], "little") for at in (0, 4))
    return Lack(roles_in(required), roles_in(given))


def lack_of_signature(
    result: bytes, parameters: Sequence[tuple[str, bytes]], signers: Sequence[str], name: str = ""
) -> Lack | None:
    """What an AUTHORITY failure's result says; None for bytes of another form.

    `parameters` are the call's `signed_by` parameters and their values, `signers` the
    names of those who signed, `name` the missing party's, where it is known.
    """
    if len(result) != PARTY_BYTES:
        return None
    asking = " and ".join(parameter for parameter, value in parameters if value == result)
    who = name or result.hex()
    required = f"the signature of {who} ({asking})" if asking else f"the signature of {who}"
    return Lack((required,), tuple(signers))
