"""What runs without being sent: timers and migrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, ParamSpec

from daicho.contract.ledger import OnLedgerOnly
from daicho.contract.scalars import Hash
from daicho.contract.time import Timestamp

_P = ParamSpec("_P")


class Timer(Generic[_P]):
    """A scheduled function: it is not called, its timers are set."""

    def __init__(self, function: Callable[_P, object]) -> None:
        self.function = function

    def at(self, when: Timestamp, /, *args: _P.args, **kwargs: _P.kwargs) -> Hash:
        """Run the function with these arguments in the first block of time >= `when`.

        The result names the timer. Many timers due at one time run by priority;
        what a block has no gas left for waits for the next.
        """
        raise OnLedgerOnly


def scheduled(
    *, priority: int = 128, gas: Literal["S", "M", "L"] = "M"
) -> Callable[[Callable[_P, object]], Timer[_P]]:
    """A function that timers run, as the contract itself: `sender()` is its own party.

    It returns nothing, or a cursor: an optional of its last parameter's type. A
    cursor that is not None puts the timer back, to go on with it in the next
    block. A run that fails is undone and reported, and its timer is gone.

    `priority`: 0, the first, to 255. `gas`: the class of one run.
    """
    return Timer


def cancel(timer: Hash) -> bool:
    """Remove a timer of this contract; False if there is none of that name any more."""
    raise OnLedgerOnly


def migrate(function: Callable[[], None]) -> Callable[[], None]:
    """The function that runs once when a new version of the contract takes over.

    It runs as the administrator. If it fails, the old version stays.
    """
    return function
