"""Who may call what, and how a call fails.

A failed call changes nothing: every row, event and balance is as before.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

from daicho.contract.amounts import Amount, Rounding
from daicho.contract.ledger import OnLedgerOnly
from daicho.contract.scalars import Hash, Party, TxId
from daicho.contract.storage import Code, Compartment, Event
from daicho.contract.time import Timestamp

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_A = TypeVar("_A", bound=Amount)


class Role(enum.Enum):
    """What the administrator admitted a party as."""

    ADMINISTRATOR = 0
    MEMBER = 1
    ISSUER = 2
    TRUST_BANK = 3
    AUDITOR = 4
    READER = 5
    REGULATOR = 6
    CLEARING_HOUSE = 7
    SETTLEMENT_BANK = 8
    ORACLE = 9


ANY_ROLE: tuple[Role, ...] = tuple(Role)
"""`roles=ANY_ROLE`: every admitted party."""
ANY_CONTRACT: tuple[str, ...] = ()
"""`callers=ANY_CONTRACT`: every contract on the ledger."""


class Remainder(enum.Enum):
    """Where `allocate` puts what is left over after rounding down."""

    LARGEST_REMAINDER = 0
    FIRST = 1
    LAST = 2


LARGEST_REMAINDER = Remainder.LARGEST_REMAINDER
FIRST = Remainder.FIRST
LAST = Remainder.LAST


def entry(
    *, roles: tuple[Role, ...], signed_by: tuple[str, ...] = ()
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A function that a transaction may call.

    `roles`: the sender has one of them. `signed_by`: names of `Party`
    parameters; each of these parties has signed the transaction.
    """
    return lambda function: function


def query(*, roles: tuple[Role, ...]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A function that reads, never writes, and sees only the caller's compartments."""
    return lambda function: function


def export(*, callers: tuple[str, ...]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A function that other contracts may call: `from securities import deliver`.

    `callers`: the contracts that may, or ANY_CONTRACT. Roles are not checked
    here: the entry point that was called checked its own.
    """
    return lambda function: function


def require(condition: bool, code: Code, *detail: object) -> None:
    """Fail the call with `code` unless `condition` holds."""
    raise OnLedgerOnly


def abort(code: Code, *detail: object) -> NoReturn:
    """Fail the call with `code`."""
    raise OnLedgerOnly


def expect(value: _T | None, code: Code) -> _T:
    """The value, or fail the call with `code` if there is none."""
    raise OnLedgerOnly


def emit(event: Event, *, to: tuple[Compartment, ...]) -> None:
    """Send an event: `emit(Paid(payer=a, payee=b), to=(party(Paid.payer), party(Paid.payee)))`."""
    raise OnLedgerOnly


def sender() -> Party:
    """The party that signed and sent this transaction."""
    raise OnLedgerOnly


def has_role(role: Role) -> bool:
    """Whether the sender was admitted in this role."""
    raise OnLedgerOnly


def now() -> Timestamp:
    """The time of this block."""
    raise OnLedgerOnly


def height() -> int:
    """The height of this block."""
    raise OnLedgerOnly


def tx_id() -> TxId:
    """The name of this transaction."""
    raise OnLedgerOnly


def digest(data: bytes) -> Hash:
    """The ledger's hash, BLAKE3, of `data`."""
    raise OnLedgerOnly


def muldiv(a: int, b: int, c: int, rounding: Rounding) -> int:
    """`a * b / c`, rounded once; the product may be larger than any integer type."""
    raise OnLedgerOnly


def allocate(total: _A, weights: list[int], remainder: Remainder) -> list[_A]:
    """`total` in proportion to `weights`; the parts sum to it exactly.

    Each part is rounded down, and what is left over is placed as told.
    """
    raise OnLedgerOnly


def has_signed(who: Party, role: Role | None = None) -> bool:
    """Whether this party is the sender or a co-signer, and was admitted in `role`."""
    raise OnLedgerOnly


class Attempt:
    """How an attempt ended; to be asked after its block."""

    @property
    def ok(self) -> bool:
        """Whether the block ran to its end, and so took effect."""
        raise OnLedgerOnly

    @property
    def code(self) -> int:
        """The failure's code: 0 if there was none, below 1000 the ledger's own."""
        raise OnLedgerOnly

    def __enter__(self) -> Attempt:
        raise OnLedgerOnly

    def __exit__(self, *failure: object) -> bool:
        raise OnLedgerOnly


def attempt() -> Attempt:
    """Open a savepoint: `with` is the only place for it.

    If anything fails in the block, all of the block is undone, stored state,
    events and local variables alike, and the call goes on behind it. Running
    out of gas or memory fails the whole call.
    """
    raise OnLedgerOnly
