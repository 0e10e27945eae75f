"""What was seen during the day, written down once and never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

Figure = bool | int | Decimal | str | Sequence["Figure"]
"""What an observation may be: a truth, a quantity, a code or name, or a row of these."""


class Observations:
    """Figures by name, in the order of the day. A name is `act.figure`."""

    def __init__(self) -> None:
        self._seen: dict[str, Figure] = {}

    def note(self, name: str, figure: Figure) -> None:
        """Write one figure down; each name once."""
        assert name not in self._seen, f"{name} was observed twice"
        assert "." in name, f"{name} does not say which act it is of"
        self._seen[name] = figure

    def __getitem__(self, name: str) -> Figure:
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)

    def figures(self) -> Mapping[str, Figure]:
        """All figures by name."""
        return dict(self._seen)
