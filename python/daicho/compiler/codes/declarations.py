"""Codes of declarations: names, types, classes, stored state."""

from __future__ import annotations

from daicho.compiler.codes.registry import code

UNKNOWN_NAME = code(
    20,
    "unknown name",
    "nothing is called `{name}` here",
    "declare or import it",
    "The name is neither a local, a parameter, a declaration of this file nor imported. "
    "A close name is suggested where there is one.",
)
DUPLICATE = code(
    21,
    "name defined twice",
    "`{name}` is defined already",
    "choose another name; names of the language cannot be taken either",
    "One name means one thing in a file.",
)
NOT_A_TYPE = code(
    22,
    "not a type",
    "{what}",
    "types are Bool, Int, U8…U128, I8…I128, Str, Bytes, Party, Account, Hash, TxId, Date, "
    "Timestamp, "
    "Duration, list[…], dict[…, …], `T | None`, aliases and classes",
    "What stands here must name a type.",
)
MISSING_TYPE = code(
    23,
    "type missing",
    "{what} has no type",
    "write it out: `name: Type`, and `-> Type` (or `-> None`) for a function",
    "Everything that crosses a function's border is typed.",
)
BOUND = code(
    24,
    "bound of an Annotated type",
    "{what}",
    "write Annotated[Decimal, Digits(18, 4)] or Annotated[Str, MaxLen(64)]",
    "Decimals carry Digits(precision, scale) with 1 ≤ precision ≤ 38; Str, Bytes, list and "
    "dict carry MaxLen(1…65536).",
)
CLASS_BASE = code(
    25,
    "class of no known kind",
    "{what}",
    "derive from one of Record, Row, Event, Enum, Code, Money, Quantity",
    "A class declares data. Each kind of data has one base class.",
)
CLASS_BODY = code(
    26,
    "class body",
    "{what}",
    "a record has lines `name: Type`, an enum lines `NAME = 0`, a unit only `...`",
    "Classes hold no methods and no defaults; behaviour lives in functions.",
)
ENUM_VALUES = code(
    27,
    "values of an enum",
    "{what}",
    "number the members 0, 1, 2, … in the order they stand",
    "The value is the ordinal on the wire. Written out, it cannot move unseen when a member "
    "is added.",
)
CODE_VALUES = code(
    28,
    "values of failure codes",
    "{what}",
    "number failure codes from 1001, each once, in UPPER_SNAKE",
    "Codes below 1000 are the ledger's own, 1000 is the language's.",
)
UNBOUNDED = code(
    29,
    "unbounded size",
    "{what} has no bound",
    "give it one: Annotated[Str, MaxLen(64)], Annotated[list[Int], MaxLen(100)]",
    "Whatever is stored or crosses the contract's border has a size known beforehand.",
)
KEY_COLUMN = code(
    30,
    "key column",
    "{what}",
    "write the key columns first, as `bank: Key[Party]`; keys are numbers, text, identities, "
    "times and enums",
    "The key columns, in the order written, are the ordered key of a row.",
)
TABLE = code(
    31,
    "declaration of stored state",
    "{what}",
    "write `trades = Table(Trade, compartment=party(Trade.holder))` or "
    "`paused: Var[Bool] = Var(False, compartment=PUBLIC)`",
    "State is declared once, at the top level, with its compartment.",
)
COMPARTMENT = code(
    32,
    "compartment",
    "{what}",
    "write PUBLIC, ADMINISTRATOR, party(Row.column) or register(Row.column), the column a "
    "Key[Party]",
    "The compartment of a row follows from its key, so that a row can be found and stays "
    "where it is.",
)
HOLDINGS = code(
    33,
    "holdings",
    "{what}",
    "a row of Holdings has key columns and amounts of one unit; `per=` names the key column of "
    "what is conserved, an instrument or a currency: `per=Position.isin`",
    "The ledger checks that amounts of one unit, group by group, neither appear nor vanish.",
)
CONSTANT = code(
    34,
    "constant",
    "{what}",
    'a constant is a literal: a number, a text, Decimal("1.5"), JPY(100), days(2), or a '
    "tuple of such",
    "Constants are worked out by reading, not by running.",
)
OWN_NAME = code(
    35,
    "stored state of another contract",
    "`{name}` of contract `{contract}` cannot be used here",
    "call a function that it exports",
    "A contract's tables are its own. Others import its types, constants, helpers and exports.",
)

SCHEDULED = code(
    36,
    "scheduled function",
    "{what}",
    'write `@scheduled(priority=10, gas="M")` and set a timer by `name.at(time, argument, …)`',
    "A scheduled function is run by its timers alone. It returns nothing, or a cursor: an "
    "optional of its last parameter's type, with which the timer goes on in the next block.",
)
MIGRATION = code(
    37,
    "migration",
    "{what}",
    "write `@migrate` above one `def upgrade() -> None:`",
    "A migration runs once, by itself, when a new version of the contract takes over.",
)
INDEX = code(
    38,
    "index",
    "{what}",
    "write `by_borrower = Index(loans, Loan.holder, Loan.borrower)` below the table",
    "An index is another order of a table's rows, kept by the ledger. It lies in the rows' "
    "compartments, so it names the column that names the compartment; holdings are ordered by "
    "key columns only.",
)
FEED = code(
    39,
    "feed",
    "{what}",
    "write `usd_jpy: Feed[Rate] = Feed(1)` and `oracle.read(usd_jpy, max_age=minutes(5))`",
    "A feed is declared with the type of its readings and its number in the control state.",
)
