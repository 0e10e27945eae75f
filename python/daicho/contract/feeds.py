"""What comes from outside the ledger: readings of oracles, and chance."""

from __future__ import annotations

from typing import Generic, TypeVar

from daicho.contract.ledger import OnLedgerOnly
from daicho.contract.scalars import Hash
from daicho.contract.time import Duration, Timestamp

_T = TypeVar("_T")


class Feed(Generic[_T]):
    """A feed's readings are of one type: `usd_jpy: Feed[Rate] = Feed(1)`.

    The number is the feed's in the control state. Readings come with a block
    and are the same for everybody.
    """

    def __init__(self, number: int) -> None:
        self.number = number


class Oracle:
    """The last reading of each feed; `oracle` is the one there is."""

    def read(self, feed: Feed[_T], *, max_age: Duration) -> _T:
        """The feed's last reading; aborts FEED if it is older than `max_age`, or none."""
        raise OnLedgerOnly

    def find(self, feed: Feed[_T], *, max_age: Duration) -> _T | None:
        """The feed's last reading, or None if it is older than `max_age`."""
        raise OnLedgerOnly

    def time(self, feed: Feed[_T]) -> Timestamp | None:
        """When the feed's last reading was taken; None if there is none."""
        raise OnLedgerOnly


oracle = Oracle()


def random(tag: str | bytes) -> Hash:
    """32 bytes that nobody knew before the block was agreed on, the same on every node.

    Another tag or another transaction gives other bytes: `random("lottery").below(n)`.
    """
    raise OnLedgerOnly
