"""What a contract keeps: rows in tables, and the compartment each lies in.

A row is a frozen record; its `Key[...]` columns, in the order written, are the
ordered key. Every table says in whose **compartment** a row lies, by a key
column or for all rows alike: that party alone holds the key that opens it.
Rows that two parties must see are two rows, written in the same transaction.

Nothing here runs when a contract is compiled; on the ledger the virtual
machine does what these methods say.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Self, TypeVar, dataclass_transform

from daicho.contract.amounts import Amount
from daicho.contract.ledger import on_ledger_only
from daicho.contract.scalars import Hash, Party, TxId
from daicho.contract.time import Timestamp


@dataclass(frozen=True)
class _KeyMark:
    """Marks a column as part of its table's key."""


_T = TypeVar("_T")
_K = TypeVar("_K")
_R = TypeVar("_R", bound="Row")
_A = TypeVar("_A", bound=Amount)

Key = Annotated[_T, _KeyMark()]
"""`bank: Key[Party]` makes `bank` a key column."""


@dataclass(frozen=True)
class Column:
    """`Position.bank` outside an instance: the column, not a value."""

    row: str
    name: str


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """A value of named fields that never changes."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            if field.default is dataclasses.MISSING:
                setattr(cls, field.name, Column(cls.__name__, field.name))

    def replace(self, **changes: Any) -> Self:
        """A copy with the named fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


class Row(Record):
    """A record kept in a table."""


class Event(Record):
    """A record sent to its addressees with the receipt."""


@dataclass(frozen=True)
class Compartment:
    """Whose rows these are, and who can read them."""

    kind: str
    holder: object = None


PUBLIC = Compartment("public")
"""Readable by every admitted party."""
ADMINISTRATOR = Compartment("administrator")
"""Readable by the administrator alone."""
KEY: Any = Column("", "key")
"""The key of a `Map`, for its compartment: `Map(compartment=party(KEY))`."""


def party(holder: Party) -> Compartment:
    """The books of one institution or investor, and the administrator."""
    return Compartment("party", holder)


def register(issuer: Party) -> Compartment:
    """The register of one issuer, and the administrator."""
    return Compartment("register", issuer)


class Var(Generic[_T]):
    """One value: `paused: Var[bool] = Var(False, compartment=PUBLIC)`."""

    def __init__(self, initial: _T, *, compartment: Compartment) -> None:
        self.initial = initial
        self.compartment = compartment

    def get(self) -> _T:
        """The value, or the initial one if it was never set."""
        on_ledger_only()

    def set(self, value: _T) -> None:
        """Replace the value."""
        on_ledger_only()


class Map(Generic[_K, _T]):
    """Values by one key: `names: Map[Party, Name] = Map(compartment=PUBLIC)`."""

    def __init__(self, *, compartment: Compartment) -> None:
        self.compartment = compartment

    def __getitem__(self, key: _K) -> _T:
        on_ledger_only()

    def __setitem__(self, key: _K, value: _T) -> None:
        on_ledger_only()

    def __delitem__(self, key: _K) -> None:
        on_ledger_only()

    def __contains__(self, key: _K) -> bool:
        on_ledger_only()

    def get(self, key: _K) -> _T | None:
        """The value, or None."""
        on_ledger_only()


class Ordered(Generic[_R]):
    """Rows in an order: a table's in that of its key, an index's in that of its columns."""

    def scan(
        self,
        *prefix: Any,
        lo: Any = None,
        hi: Any = None,
        after: _R | None = None,
        limit: int | None = None,
    ) -> list[_R]:
        """The rows whose first columns equal `prefix`, in order.

        The prefix reaches at least to the compartment's column; `lo <= column
        < hi` bounds the column after it. With `limit`, at most that many,
        resuming `after` a row of the scan before; without, all of them, and
        more than the ledger's bound abort the call.
        """
        on_ledger_only()


class Snapshot(Ordered[_R]):
    """A table as it stood at the end of some block: read only."""

    def __getitem__(self, key: Any) -> _R:
        """The row of that key, which must exist."""
        on_ledger_only()

    def __contains__(self, key: Any) -> bool:
        on_ledger_only()

    def get(self, *key: Any) -> _R | None:
        """The row of that key, or None."""
        on_ledger_only()


class Table(Snapshot[_R]):
    """Rows by their key columns.

    `trades = Table(Trade, compartment=party(Trade.holder))`
    """

    def __init__(self, row: type[_R], *, compartment: Compartment) -> None:
        self.row = row
        self.compartment = compartment

    def as_of(self, time: Timestamp | int) -> Snapshot[_R]:
        """The table after the last block with time <= `time`, or after that height."""
        on_ledger_only()

    def insert(self, row: _R) -> None:
        """Add a row whose key is new."""
        on_ledger_only()

    def put(self, row: _R) -> None:
        """Add a row, or replace the row of that key."""
        on_ledger_only()

    def update(self, row: _R) -> None:
        """Replace the row of that key, which must exist."""
        on_ledger_only()

    def delete(self, *key: Any) -> None:
        """Remove the row of that key, if there is one."""
        on_ledger_only()


class Holdings(Snapshot[_R]):
    """Balances that move and never appear or vanish, but by issue and redeem.

    `positions = Holdings(Position, per=Position.isin, compartment=party(Position.bank))`

    The columns beside the key are amounts, none of them ever negative. For
    each value of the `per` column the ledger itself checks at the end of a
    transaction that what was added equals what was issued less what was
    redeemed. An emptied row stays, with zeros.

    A column that `locked` names changes by `lock` and `unlock` alone. The ledger
    keeps what each lock holds, so that nobody spends what is locked for one purpose
    under another's name, releases it twice, or releases another amount.

    `Holdings(…, locked=(Position.earmarked, Position.pledged))`
    """

    def __init__(
        self,
        row: type[_R],
        *,
        per: object,
        compartment: Compartment,
        locked: tuple[object, ...] = (),
    ) -> None:
        self.row = row
        self.per = per
        self.compartment = compartment
        self.locked_columns = locked

    def as_of(self, time: Timestamp | int) -> Snapshot[_R]:
        """The balances after the last block with time <= `time`, or after that height."""
        on_ledger_only()

    def at(self, *key: Any) -> _R:
        """The place of a balance: `positions.at(bank, account, isin).available`."""
        on_ledger_only()

    def move(self, amount: _A, *, source: _A, target: _A) -> None:
        """Take `amount` from one place to another; aborts INSUFFICIENT if it is not there."""
        on_ledger_only()

    def issue(self, amount: _A, *, target: _A) -> None:
        """Create `amount` at a place."""
        on_ledger_only()

    def redeem(self, amount: _A, *, source: _A) -> None:
        """Destroy `amount` taken from a place; aborts INSUFFICIENT if it is not there."""
        on_ledger_only()

    def lock(self, amount: _A, *, source: _A, target: _A, lock: Hash | TxId) -> None:
        """Take `amount` to a locked column, under the name `lock`.

        Aborts DOMAIN unless it is above zero, EXISTS if the place has a lock of that
        name, INSUFFICIENT if the amount is not there.
        """
        on_ledger_only()

    def unlock(self, *, source: _A, target: _A, lock: Hash | TxId, amount: _A | None = None) -> _A:
        """Take what is locked under a name, or a part of it, to a column that is not locked.

        Gives the amount. Aborts MISSING if the place has no lock of that name,
        INSUFFICIENT if it holds less than the part, DOMAIN unless that is above zero.
        """
        on_ledger_only()

    def locked(self, place: _A, *, lock: Hash | TxId) -> _A | None:
        """What is locked at a place under a name, or None."""
        on_ledger_only()


class Index(Ordered[_R]):
    """A table's rows in another order, kept by the ledger.

    `loans_by_borrower = Index(loans, Loan.holder, Loan.borrower)`

    It lies in the rows' compartments, so it names the compartment's column.
    """

    def __init__(self, table: Table[_R] | Holdings[_R], *columns: object) -> None:
        self.table = table
        self.columns = columns

    def as_of(self, time: Timestamp | int) -> Ordered[_R]:
        """The rows in this order after the last block with time <= `time`, or that height."""
        on_ledger_only()


class Code(enum.Enum):
    """The contract's own failure codes: `class Error(Code): UNKNOWN = 1`."""
