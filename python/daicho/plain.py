"""Values as JSON carries them, the same wherever the project writes JSON."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence

JSON_INTEGER_MAX = 2**53
"""Above this a number would lose digits in other languages: it becomes a string."""


def plain(value: object) -> object:
    """A value as JSON carries it."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) <= JSON_INTEGER_MAX else str(value)
        case bytes():
            return value.hex()
        case decimal.Decimal():
            return str(value)
        case datetime.date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
        case float():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")
