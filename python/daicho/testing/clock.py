"""The time of a `Chain`, steered by the test; nothing here reads a clock."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daicho.testing.chain import Chain

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


class Clock:
    """When the next block is."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    @property
    def now_us(self) -> int:
        """The time of the last block, or later where it was moved since."""
        return self._chain.time_us

    @property
    def now(self) -> datetime.datetime:
        """The same, in UTC."""
        return _EPOCH + datetime.timedelta(microseconds=self.now_us)

    @property
    def today(self) -> datetime.date:
        """The day, in UTC."""
        return self.now.date()

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Let time pass: the next block is so much later than it would be."""
        length = datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if length < datetime.timedelta(0):
            raise ValueError("time does not go back")
        self._chain.advance(length // _MICROSECOND)

    def set(self, moment: datetime.datetime | datetime.date | int) -> None:
        """Make it this moment; a day is its midnight, a number microseconds since 1970.

        The next block is half a second later. ValueError for a moment that is past.
        """
        wanted = microseconds(moment)
        if wanted < self.now_us:
            raise ValueError(f"time does not go back: it is {self.now.isoformat()}")
        self._chain.advance(wanted - self.now_us)


def microseconds(moment: datetime.datetime | datetime.date | int) -> int:
    """A moment as the ledger counts it. A datetime must name its zone."""
    if isinstance(moment, int):
        return moment
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time(), datetime.UTC)
    if moment.tzinfo is None:
        raise ValueError("a datetime needs a time zone: datetime(…, tzinfo=UTC)")
    return (moment - _EPOCH) // _MICROSECOND
