"""The roles of the ledger as bits of one mask (docs/bytecode.md, section 8).

Bits are never reused. A test holds this list against the Rust one.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

ROLE_BITS = MappingProxyType(
    {
        "administrator": 1 << 0,
        "member": 1 << 1,
        "issuer": 1 << 2,
        "trust_bank": 1 << 3,
        "auditor": 1 << 4,
        "reader": 1 << 5,
        "regulator": 1 << 6,
        "clearing_house": 1 << 7,
        "settlement_bank": 1 << 8,
        "oracle": 1 << 9,
    }
)


def role_mask(names: Iterable[str]) -> int:
    """The mask of these roles; ValueError for a name that is no role."""
    mask = 0
    for name in names:
        if name not in ROLE_BITS:
            raise ValueError(f"{name!r} is no role")
        mask |= ROLE_BITS[name]
    return mask


def role_names(mask: int) -> list[str]:
    """The names in a mask, in bit order; unregistered bits are left out."""
    return [name for name, bit in ROLE_BITS.items() if mask & bit]
