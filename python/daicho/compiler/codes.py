"""Every code of the compiler, in one registry. A code is never reused.

`message` is the one-line reason, filled in where the fault is found; `hint`
says how to put it right; `text` is what `daicho explain` prints. A test holds
one annotated contract for each.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One kind of fault in a contract."""

    id: str
    title: str
    message: str
    hint: str
    text: str


REGISTRY: dict[str, Code] = {}


def _code(number: int, title: str, message: str, hint: str, text: str) -> Code:
    code = Code(f"DC{number:04}", title, message, hint, text)
    assert code.id not in REGISTRY, f"{code.id} is taken"
    REGISTRY[code.id] = code
    return code


# --- 0001: the text of the file -------------------------------------------

SYNTAX = _code(
    1,
    "not Python",
    "this is not valid Python: {reason}",
    "",
    "A contract is a plain Python file. Python itself cannot read this one; its own reason "
    "is given.",
)
TOO_DEEP = _code(
    2,
    "too large or too deeply nested",
    "{what}",
    "split it into smaller functions or contracts",
    "A file may have 262,144 bytes, and an expression or a block may be nested 64 levels deep. "
    "The bounds keep the compiler's own work bounded.",
)
ASCII = _code(
    3,
    "name outside ASCII",
    "the name `{name}` has letters outside A-Z, a-z, 0-9 and _",
    "use English letters in names; text and comments may be in any language",
    "Letters that look alike must not make two names out of one.",
)
EDITION = _code(
    4,
    "no edition",
    "{reason}",
    "write `edition = 1` below the imports",
    "Each file names the edition of the language it is written in, so that it keeps its meaning "
    "when the language grows.",
)
STATEMENT = _code(
    5,
    "statement not in the language",
    "{what} is not part of the language",
    "inside a function stand assignments, if, while, for, match, return, break, continue, "
    "pass and calls",
    "Every statement of the language is accepted by name; whatever is not listed is refused, "
    "never ignored. The hint names what to write instead where there is something.",
)
EXPRESSION = _code(
    6,
    "expression not in the language",
    "{what} is not part of the language",
    "",
    "Every kind of expression is accepted by name; whatever is not listed is refused, never "
    "ignored.",
)
FLOAT = _code(
    7,
    "floating point",
    "`{text}` is a floating-point number",
    'write Decimal("{text}"), or an amount such as JPY("{text}")',
    "Floating point rounds by itself and by machine. Numbers here are integers, decimals and "
    "amounts.",
)
OPERATOR = _code(
    8,
    "operator not in the language",
    "the operator `{operator}` is not part of the language",
    "write it with the operators there are",
    "The operators are + - * // % ** & | ^ << >> ~, comparison, `in`, `and`, `or`, `not` and "
    "`is None`.",
)
DIVISION = _code(
    9,
    "division without rounding",
    "`/` does not say how to round",
    "write `a.div(b, scale=…, rounding=HALF_EVEN)`; for whole numbers `//` rounds down",
    "A quotient seldom fits its scale. Whoever divides names the rounding mode at that place.",
)
IDENTITY = _code(
    10,
    "`is` between values",
    "`is` compares identity, and values have none",
    "use `==`; `is` is for `is None` and `is not None`",
    "Two equal values are the same value. Only `None` is tested with `is`.",
)
SIGNATURE = _code(
    11,
    "kind of parameter or argument",
    "{what}",
    "give every parameter one name, a type and no default; pass every argument by itself",
    "Calls are checked one argument at a time. Stars, defaults and positional-only marks "
    "would hide one.",
)
DECORATOR = _code(
    12,
    "unknown decorator",
    "{what}",
    "decorators are @entry(roles=…), @query(roles=…) and @export(callers=…)",
    "A decorator would run code when the file is loaded. Three of them are known by name.",
)
IMPORT = _code(
    13,
    "import",
    "{what}",
    "import names from daicho.contract or from another contract: `from cash import pay`",
    "A contract uses the language and other contracts, nothing else of Python.",
)
MODULE_LEVEL = _code(
    14,
    "statement outside a function",
    "{what} cannot stand outside a function",
    "at this level stand imports, constants, types, tables and functions",
    "A contract is never executed to compile it, so nothing can run at this level.",
)

# --- 0020: declarations ----------------------------------------------------

UNKNOWN_NAME = _code(
    20,
    "unknown name",
    "nothing is called `{name}` here",
    "",
    "The name is neither a local, a parameter, a declaration of this file nor imported. "
    "A close name is suggested where there is one.",
)
DUPLICATE = _code(
    21,
    "name defined twice",
    "`{name}` is defined already",
    "choose another name; names of the language cannot be taken either",
    "One name means one thing in a file.",
)
NOT_A_TYPE = _code(
    22,
    "not a type",
    "{what}",
    "types are Bool, Int, U8…U128, I8…I128, Str, Bytes, Party, Account, Hash, TxId, Date, "
    "Timestamp, "
    "Duration, list[…], dict[…, …], `T | None`, aliases and classes",
    "What stands here must name a type.",
)
MISSING_TYPE = _code(
    23,
    "type missing",
    "{what} has no type",
    "write it out: `name: Type`, and `-> Type` (or `-> None`) for a function",
    "Everything that crosses a function's border is typed.",
)
BOUND = _code(
    24,
    "bound of an Annotated type",
    "{what}",
    "write Annotated[Decimal, Digits(18, 4)] or Annotated[Str, MaxLen(64)]",
    "Decimals carry Digits(precision, scale) with 1 ≤ precision ≤ 38; Str, Bytes, list and "
    "dict carry MaxLen(1…65536).",
)
CLASS_BASE = _code(
    25,
    "class of no known kind",
    "{what}",
    "derive from one of Record, Row, Event, Enum, Code, Money, Quantity",
    "A class declares data. Each kind of data has one base class.",
)
CLASS_BODY = _code(
    26,
    "class body",
    "{what}",
    "a record has lines `name: Type`, an enum lines `NAME = 0`, a unit only `...`",
    "Classes hold no methods and no defaults; behaviour lives in functions.",
)
ENUM_VALUES = _code(
    27,
    "values of an enum",
    "{what}",
    "number the members 0, 1, 2, … in the order they stand",
    "The value is the ordinal on the wire. Written out, it cannot move unseen when a member "
    "is added.",
)
CODE_VALUES = _code(
    28,
    "values of failure codes",
    "{what}",
    "number failure codes from 1001, each once, in UPPER_SNAKE",
    "Codes below 1000 are the ledger's own, 1000 is the language's.",
)
UNBOUNDED = _code(
    29,
    "unbounded size",
    "{what} has no bound",
    "give it one: Annotated[Str, MaxLen(64)], Annotated[list[Int], MaxLen(100)]",
    "Whatever is stored or crosses the contract's border has a size known beforehand.",
)
KEY_COLUMN = _code(
    30,
    "key column",
    "{what}",
    "write the key columns first, as `bank: Key[Party]`; keys are numbers, text, identities, "
    "times and enums",
    "The key columns, in the order written, are the ordered key of a row.",
)
TABLE = _code(
    31,
    "declaration of stored state",
    "{what}",
    "write `trades = Table(Trade, compartment=party(Trade.holder))` or "
    "`paused: Var[Bool] = Var(False, compartment=PUBLIC)`",
    "State is declared once, at the top level, with its compartment.",
)
COMPARTMENT = _code(
    32,
    "compartment",
    "{what}",
    "write PUBLIC, ADMINISTRATOR, party(Row.column) or register(Row.column), the column a "
    "Key[Party]",
    "The compartment of a row follows from its key, so that a row can be found and stays "
    "where it is.",
)
HOLDINGS = _code(
    33,
    "holdings",
    "{what}",
    "a row of Holdings has key columns and amounts of one unit; `per=` names a key column",
    "The ledger checks that amounts of one unit, group by group, neither appear nor vanish.",
)
CONSTANT = _code(
    34,
    "constant",
    "{what}",
    'a constant is a literal: a number, a text, Decimal("1.5"), JPY(100), days(2), or a '
    "tuple of such",
    "Constants are worked out by reading, not by running.",
)
OWN_NAME = _code(
    35,
    "stored state of another contract",
    "`{name}` of contract `{contract}` cannot be used here",
    "call a function that it exports",
    "A contract's tables are its own. Others import its types, constants, helpers and exports.",
)

# --- 0040: types of expressions --------------------------------------------

MISMATCH = _code(
    40,
    "type mismatch",
    "expected {expected}, found {found}",
    "give a value of that type, or change the type of the place",
    "The value has another type than the place it goes to.",
)
OPERANDS = _code(
    41,
    "operands that do not go together",
    "`{operator}` is not defined between {left} and {right}",
    "convert one of the two first",
    "The operator exists, but not for these two types.",
)
UNITS = _code(
    42,
    "units mixed",
    "`{operator}` between {left} and {right}",
    "two units meet only through a price: `JPY.of(price * quantity.decimal, HALF_UP)`",
    "Currencies and quantities are different units; a sum of two of them has no meaning.",
)
ROUNDS = _code(
    43,
    "silent rounding",
    "{found} does not fit {expected} without rounding",
    "round where you mean it: `value.round(4, HALF_EVEN)` or `JPY.of(value, HALF_UP)`",
    "A decimal with more places than its target loses digits; say how.",
)
RANGE = _code(
    44,
    "literal out of range",
    "{value} does not fit {expected}",
    "",
    "The compiler can see that this literal never fits.",
)
ATTRIBUTE = _code(
    45,
    "no such attribute",
    "{owner} has no attribute `{name}`",
    "",
    "Neither a field nor a method of this type has that name.",
)
ARGUMENTS = _code(
    46,
    "arguments of a call",
    "{what}",
    "look at the signature of what is called",
    "The call gives too few, too many, unknown or doubled arguments.",
)
OPTIONAL = _code(
    47,
    "value may be None",
    "this may be None",
    "test it with `if x is None:` first, or use `expect(x, Error.CODE)`",
    "An optional value is used only where the compiler can see that it is there.",
)
NOT_CALLABLE = _code(
    48,
    "not a function",
    "`{name}` cannot be called",
    "call a function, a class of this contract, or a method",
    "Only functions, types and methods can be called.",
)
CONDITION = _code(
    49,
    "condition is not Bool",
    "a condition must be Bool, found {found}",
    "compare it: `x != 0`, `len(xs) > 0`, `x is not None`",
    "Nothing is true or false by itself.",
)
NOT_CONSTANT = _code(
    50,
    "must be written out",
    "{what}",
    "name it here: HALF_UP, Role.MEMBER, Error.CODE",
    "Rounding modes, roles, failure codes and scales are part of the code, not values "
    "computed by it.",
)
INFER = _code(
    51,
    "type cannot be inferred",
    "the type of {what} cannot be seen from here",
    "write it: `rows: list[Trade] = []`, `found: Trade | None = None`",
    "An empty list or None alone does not say what it may hold.",
)
CHAIN = _code(
    52,
    "chained comparison",
    "comparisons are not chained",
    "write `a <= b and b < c`",
    "A chain evaluates its middle once and reads like two comparisons; write the two.",
)
NOT_ITERABLE = _code(
    53,
    "cannot be iterated or indexed",
    "{found} {what}",
    "",
    "`for` runs over range(…), lists, maps (their keys, in order) and the results of a scan.",
)
PLACE = _code(
    54,
    "not a place of holdings",
    "`{what}` is not a place of `{table}`",
    "write `{table}.at(key, …).column`",
    "Amounts move between places: a row of the holdings, by its key, and one of its amounts.",
)

# --- 0060: control flow, effects -------------------------------------------

UNASSIGNED = _code(
    60,
    "perhaps not assigned",
    "`{name}` may not have a value here",
    "give it a value before the branch or the loop",
    "On some path through the function the name was not assigned.",
)
NO_RETURN = _code(
    61,
    "missing return",
    "`{name}` can end without returning {type}",
    "return on every path, or end the path with `abort(Error.CODE)`",
    "A function that promises a value gives one on every path.",
)
UNREACHABLE = _code(
    62,
    "unreachable code",
    "this can never run",
    "remove it, or look at the return, break or abort before it",
    "Code that never runs is more often a mistake than a remark.",
)
OUTSIDE_LOOP = _code(
    63,
    "break or continue outside a loop",
    "`{word}` outside a loop",
    "`return` leaves a function",
    "There is no loop to leave.",
)
QUERY_WRITES = _code(
    64,
    "query that writes",
    "a query cannot {what}",
    "make it an @entry, or leave the writing out",
    "A query is answered without being ordered, so it changes nothing and sends no event.",
)
SHARED_LIST = _code(
    65,
    "list or map under two names",
    "{what}",
    "make your own copy: `mine = list(theirs)` or `dict(theirs)`",
    "Lists and maps are values. Changing one under a second name would look as if the first "
    "changed too.",
)
ASSIGN_GLOBAL = _code(
    66,
    "assignment to a declaration",
    "`{name}` is declared outside and cannot be assigned here",
    "choose another name; stored state changes by `var.set(…)`, `map[key] = …`, `table.put(…)`",
    "Only locals are assigned.",
)
NO_EFFECT = _code(
    67,
    "expression without effect",
    "the value is not used",
    "assign it, return it, or remove the line",
    "A statement that computes a value and drops it is a mistake, a forgotten `return` or call.",
)
EXHAUSTIVE = _code(
    68,
    "match is not exhaustive",
    "not every member is handled: {missing}",
    "add the missing cases, or `case _:`",
    "A match on an enum says what happens for every member.",
)
IMMUTABLE = _code(
    69,
    "assignment to a field",
    "records do not change",
    "make a changed copy: `trade.replace(status=Status.SETTLED)`",
    "A record is a value. A changed one is a new one, and is stored by `put`.",
)

# --- 0070: authority, events, storage, other contracts ---------------------

AUTHORITY = _code(
    70,
    "who may call",
    "{what}",
    "write `@entry(roles=(Role.MEMBER,))`, or `roles=ANY_ROLE` for every admitted party",
    "An entry point or query names the roles that may call it; there is no default.",
)
SIGNED_BY = _code(
    71,
    "signed_by",
    "{what}",
    'name parameters of type Party: `signed_by=("seller",)`',
    "Each of the parties named must have signed the transaction.",
)
ADDRESSEES = _code(
    72,
    "addressees of an event",
    "{what}",
    "write `to=(party(Settled.buyer), ADMINISTRATOR)`, the same wherever the event is sent",
    "Who receives an event follows from its fields, the same for all events of one class.",
)
CONTRACT_SET = _code(
    73,
    "other contract",
    "{what}",
    "",
    "Contracts that import one another are compiled together, each with an id; "
    "a contract cannot be entered again while it is running, so imports have no cycle.",
)
SCAN_PREFIX = _code(
    74,
    "scan across compartments",
    "a scan of `{table}` must give `{column}`",
    "give the key columns up to the one that names the compartment",
    "A scan reads one compartment, because every compartment is its own tree.",
)
LIMIT = _code(
    80,
    "too large for the ledger",
    "{what}",
    "split the function or the contract",
    "The artefact format has bounds that every node checks.",
)
