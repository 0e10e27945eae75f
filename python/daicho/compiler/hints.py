"""What to write instead of Python that is not in the language, by the name that was used."""

from __future__ import annotations

import re

_LOOP = "write a `for` loop"
_TEXT = "a number becomes text by `str(n)`; texts are joined with `+`"
_FAIL = "end the call with `abort(Error.CODE)`, a class `Error(Code)` of your own"
_TYPES = "every value has one type, which is known here; only `x is None` is asked"
_OUTSIDE = "what a contract needs comes as arguments, from its state, or from an oracle"
_TIME = "the time is the block's: `now()`; `days(2)`, `Date.of(2026, 3, 31)`, `now().date()`"

INSTEAD: dict[str, str] = {
    "Any": "write the type",
    "Dict": "write `dict[K, V]`",
    "Exception": _FAIL,
    "KeyError": _FAIL,
    "List": "write `list[T]`",
    "Optional": "write `T | None`",
    "Tuple": "write `tuple[A, B]`",
    "TypeError": _FAIL,
    "Union": "write `T | None`; there are no other unions",
    "ValueError": _FAIL,
    "all": _LOOP,
    "any": _LOOP,
    "bin": _TEXT,
    "callable": _TYPES,
    "chr": "write the text; `text[i]` and `text[i:j]` are parts of one",
    "dataclass": "write `class Name(Record):`",
    "date": _TIME,
    "datetime": _TIME,
    "divmod": "write `a // b` and `a % b`",
    "enumerate": "write `for i in range(len(xs)):` and `xs[i]`",
    "eval": _OUTSIDE,
    "exec": _OUTSIDE,
    "filter": _LOOP,
    "float": "write Decimal, with its digits: `Annotated[Decimal, Digits(18, 4)]`",
    "format": _TEXT,
    "frozenset": "write `dict[T, Bool]`, or store the members in a Map or a Table",
    "getattr": "write the field: `row.name`",
    "hasattr": "write the field: `row.name`",
    "hash": "write `digest(data)`, the ledger's hash of bytes",
    "hex": _TEXT,
    "id": "values are equal or not, `==`; `tx_id()` names the transaction",
    "input": _OUTSIDE,
    "isinstance": _TYPES,
    "issubclass": _TYPES,
    "iter": _LOOP,
    "map": _LOOP,
    "next": _LOOP,
    "open": _OUTSIDE,
    "pow": "write `a ** b`",
    "print": "a contract says what it did by its result or an event, `emit(…, to=…)`",
    "repr": _TEXT,
    "reversed": "write `for i in range(len(xs) - 1, -1, -1):`",
    "round": "write `value.round(2, HALF_EVEN)` or `JPY.of(value, HALF_UP)`",
    "self": "functions stand outside classes; give the row as a parameter",
    "set": "write `dict[T, Bool]`, or store the members in a Map or a Table",
    "setattr": "make a changed copy: `row.replace(name=value)`",
    "sleep": "set a timer: `name.at(now() + days(1), …)` of a @scheduled function",
    "sum": "add in a `for` loop: `total = total + x`",
    "super": "classes declare data and have no methods",
    "time": _TIME,
    "timedelta": _TIME,
    "type": _TYPES,
    "zip": "write `for i in range(len(xs)):`, then `xs[i]` and `ys[i]`",
}
"""Names of Python and of its library."""

MODULES: dict[str, str] = {
    "collections": "write `list[T]`, `dict[K, V]`, a Record, or store it in a Table",
    "contextlib": "write `with attempt() as tried:`",
    "dataclasses": "write `class Name(Record):`",
    "datetime": _TIME,
    "decimal": "Decimal is of daicho.contract, with its digits: Annotated[Decimal, Digits(18, 4)]",
    "enum": "Enum is of daicho.contract: `class Side(Enum):`",
    "fractions": "write `muldiv(a, b, c, DOWN)` or `value.div(…)`",
    "hashlib": "write `digest(data)`",
    "itertools": _LOOP,
    "math": "whole numbers and decimals have + - * // % **, `muldiv`, `round`, `div`, `min`, `max`",
    "random": "random is of daicho.contract: `random(tag).below(n)`",
    "secrets": "random is of daicho.contract: `random(tag).below(n)`",
    "time": _TIME,
    "typing": "Annotated is of daicho.contract; write `T | None`, `list[T]`, `dict[K, V]`",
    "uuid": "`tx_id()` names the transaction, and what it makes",
}
"""Modules of Python's library."""
OTHER_MODULE = "a contract imports from daicho.contract and from contracts beside it, nothing else"

METHODS: dict[str, str] = {
    "capitalize": "texts are stored as they come; change them outside the ledger",
    "count": _LOOP,
    "endswith": "write `text[len(text) - n:] == end`",
    "format": _TEXT,
    "index": _LOOP,
    "isalpha": "look at `ord(text[i])` in a `for` loop over `range(len(text))`",
    "isdigit": "look at `ord(text[i])` in a `for` loop over `range(len(text))`",
    "join": "join texts with `+` in a `for` loop",
    "lower": "texts are stored as they come; change them outside the ledger",
    "remove": "write `del xs[i]`",
    "replace": "texts are cut and joined: `text[:i] + other + text[j:]`",
    "setdefault": "write `if key not in m:` and `m[key] = value`",
    "split": "write `text[i:j]`; `text.find(part)` is the place of a part, or -1",
    "update": "write `m[key] = value` in a `for` loop",
    "strip": "texts are stored as they come; change them outside the ledger",
    "upper": "texts are stored as they come; change them outside the ledger",
}
"""Methods of Python's texts and lists, of those that are not in the language."""

HAS: dict[str, str] = {
    "BytesType": "bytes have slices, `len`, `in`, +, startswith, find",
    "DateType": "a day has year, month, day, weekday, day_of_year, days_in_month, plus, "
    "plus_months, days_since, start",
    "DecimalType": "a decimal has round, div, to_int",
    "AmountType": "an amount has units and decimal; its class has of and from_units",
    "DurationType": "a duration has microseconds",
    "FixedType": "it is compared; a Hash has below",
    "ListType": "a list has append, extend, insert, pop, sort, reverse, `len`, `in`, slices",
    "MapType": "a dict has get, keys, values, items in a `for`, `len`, `in`, `del`",
    "StrType": "a text has slices, `len`, `in`, +, startswith, find, encode",
    "TimestampType": "a time has date() and microseconds",
}
"""What values of a type have, by the type's class."""

BETWEEN: dict[tuple[str, str], str] = {
    ("Amount", "Amount"): "write `{target}.of({value}.decimal, EXACT)`, if it is the same number",
    ("Amount", "Decimal"): "write `{value}.decimal`",
    (
        "Amount",
        "Int",
    ): "write `{value}.units`, the smallest ones, or `{value}.decimal.to_int(DOWN)`",
    ("Amount", "Str"): "write `str({value}.units)`",
    ("Bytes", "Hash"): "write `digest({value})`",
    ("Date", "Timestamp"): "write `{value}.start()`",
    ("Decimal", "Amount"): "write `{target}.of({value}, HALF_UP)`",
    ("Decimal", "Int"): "write `{value}.to_int(DOWN)`, with the rounding you mean",
    ("Duration", "Int"): "write `{value}.microseconds // days(1).microseconds`, for days",
    ("Int", "Amount"): "write `{target}(1) * {value}`, or `{target}.from_units({value})`",
    ("Int", "Decimal"): 'write `Decimal("1") * {value}`',
    ("Int", "Duration"): "write `days({value})`, `hours({value})`, `seconds({value})`",
    ("Int", "Str"): "write `str({value})`",
    ("Str", "Bytes"): "write `{value}.encode()`",
    ("Str", "Decimal"): 'a literal is written `Decimal("1.5")`; computed texts are no numbers',
    ("Str", "Enum"): "write a member, `{target}.{member}`",
    ("Str", "Fixed"): "a literal is written `{target}(…)`, of hexadecimal digits",
    ("Str", "Int"): "write `int({value})`",
    ("Timestamp", "Date"): "write `{value}.date()`",
}
"""How a value of one kind becomes one of another."""


_SIMPLE = re.compile(r"[\w.]+(\([^()]*\))?\Z|'[^']*'\Z")
"""A name, a field or a plain call: it needs no brackets before a dot."""


def kind_of(type_: object) -> str:
    """The kind of a type as the tables name it: Int, Decimal, Amount, Str and so on."""
    return type(type_).__name__.removesuffix("Type")


def between(value: str, found: object, target: object) -> str:
    """How `value`, of type `found`, becomes a `target`; "" where there is no way."""
    if kind_of(found) == kind_of(target) == "Decimal":
        return f"it is one: `{value}`"
    kinds = (kind_of(found), kind_of(target))
    if value.lstrip("-").isdigit() and kinds[0] == "Int":
        written = {"Amount": f"{target}({value})", "Decimal": f'Decimal("{value}")'}.get(kinds[1])
        return f"write `{written}`" if written else ""
    text = BETWEEN.get(kinds, "")
    value = value if _SIMPLE.match(value) else f"({value})"
    members = getattr(target, "members", ())
    return text.format(value=value, target=target, member=members[0][0] if members else "")


_DAYS = "a time moves by a span: `now() + days(2)`; a day by `day.plus(2)`"
OPERATIONS: dict[tuple[str, str, str], str] = {
    (
        "Amount",
        "*",
        "Decimal",
    ): "write `{a}.decimal * {b}`, a decimal, and `{left}.of(…, HALF_UP)` for an amount",
    (
        "Decimal",
        "*",
        "Amount",
    ): "write `{a} * {b}.decimal`, a decimal, and `{right}.of(…, HALF_UP)` for an amount",
    ("Int", "*", "Amount"): "write the amount first: `{b} * {a}`",
    ("Int", "*", "Decimal"): "write the decimal first: `{b} * {a}`",
    ("Int", "*", "Duration"): "write the span first: `{b} * {a}`",
    (
        "Amount",
        "*",
        "Amount",
    ): "a price is no amount but a decimal: `{a}.decimal * {b}.decimal`",
    ("Date", "-", "Date"): "write `{a}.days_since({b})`",
    ("Date", "+", "Int"): "write `{a}.plus({b})`",
    ("Date", "-", "Int"): "write `{a}.plus(-{b})`",
    ("Date", "+", "Duration"): "write `{a}.plus(2)`, a number of days",
    ("Date", "-", "Duration"): "write `{a}.plus(-2)`, a number of days",
    ("Timestamp", "+", "Int"): _DAYS,
    ("Timestamp", "-", "Int"): _DAYS,
    (
        "Amount",
        "//",
        "Int",
    ): "write `{left}.of({a}.decimal.div({b}, scale=2, rounding=DOWN), DOWN)`, "
    "or split it with `allocate`",
    ("Decimal", "//", "Int"): "write `{a}.div({b}, scale=4, rounding=DOWN)`",
    ("Decimal", "//", "Decimal"): "write `{a}.div({b}, scale=4, rounding=DOWN)`",
}
"""What to write for an operation that is not defined, by the kinds of its sides."""


def operation(left: object, symbol: str, right: object, a: str, b: str) -> str:
    """The hint for `a symbol b`; "" where there is none."""
    one, two = kind_of(left), kind_of(right)
    text = OPERATIONS.get((one, symbol, two), "")
    if text:
        return text.format(a=a, b=b, left=left, right=right)
    if one == "Str" and symbol == "%":
        return _TEXT
    if (one, symbol, two) == ("Decimal", "*", "Decimal"):
        places = getattr(left, "scale", 0) + getattr(right, "scale", 0)
        return f"the product has {places} places, of at most 38: round first, `{a}.round(…)`"
    for value, found, target in ((b, right, left), (a, left, right)):
        none = symbol == "*" or one == two
        hint = "" if none else between(value, found, target)
        if hint and kind_of(target) != "Int":
            return hint
    return ""


CALLED: dict[str, str] = {
    "Bytes": 'bytes are written as they are: `b"…"`, or `text.encode()`',
    "Date": "write `Date.of(2026, 3, 31)`, or `now().date()`",
    "Decimal": 'write `Decimal("1.5")`; a type alone is not called',
    "Duration": "write `days(2)`, `hours(2)`, `minutes(2)`, `seconds(2)`",
    "List": "write `[a, b]`, or `list(other)` for a copy",
    "Map": "write `{key: value}`, or `dict(other)` for a copy",
    "Str": 'a text is written as it is: "…"; a number becomes one by `str(n)`',
    "Timestamp": "times come from the block, `now()`, and as arguments",
}


def instead_of_call(type_: object) -> str:
    """The hint where a type is called that makes no value by a call; "" where there is none."""
    members = getattr(type_, "members", ())
    if members:
        return f"write a member: `{type_}.{members[0][0]}`"
    return CALLED.get(kind_of(type_), "")
