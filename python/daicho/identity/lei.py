"""Legal Entity Identifiers (ISO 17442): 18 characters and two check digits.

The check digits follow ISO 7064 MOD 97-10: letters count as 10..35, and the
whole number leaves remainder 1 when divided by 97.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_BASE = re.compile(r"[0-9A-Z]{18}")


def _as_number(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text))


def is_lei(text: str) -> bool:
    """Whether `text` has the form of an LEI and its check digits are right."""
    return _FORM.fullmatch(text) is not None and _as_number(text) % 97 == 1


def lei_with_check_digits(base: str) -> str:
    """The LEI whose first 18 characters are `base`.

    Raises ValueError when `base` is not 18 digits or capital letters.
    """
    if _BASE.fullmatch(base) is None:
        raise ValueError("an LEI starts with 18 digits or capital letters")
    lei = f"{base}{98 - _as_number(base + '00') % 97:02d}"
    assert is_lei(lei)
    return lei
