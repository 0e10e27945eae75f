"""Codes of expressions: types, units, rounding, None."""

from __future__ import annotations

from daicho.compiler.codes.registry import code

MISMATCH = code(
    40,
    "type mismatch",
    "expected {expected}, found {found}",
    "give a value of that type, or change the type of the place",
    "The value has another type than the place it goes to.",
)
OPERANDS = code(
    41,
    "operands that do not go together",
    "`{operator}` is not defined between {left} and {right}",
    "convert one of the two first",
    "The operator exists, but not for these two types.",
)
UNITS = code(
    42,
    "units mixed",
    "`{operator}` between {left} and {right}",
    "two units meet only through a price: `JPY.of(price * quantity.decimal, HALF_UP)`",
    "Currencies and quantities are different units; a sum of two of them has no meaning.",
)
ROUNDS = code(
    43,
    "silent rounding",
    "{found} does not fit {expected} without rounding",
    "round where you mean it: `value.round(4, HALF_EVEN)` or `JPY.of(value, HALF_UP)`",
    "A decimal with more places than its target loses digits; say how.",
)
RANGE = code(
    44,
    "literal out of range",
    "{value} does not fit {expected}",
    "choose a value in range, or a wider type",
    "The compiler can see that this literal never fits.",
)
ATTRIBUTE = code(
    45,
    "no such attribute",
    "{owner} has no attribute `{name}`",
    "`daicho.contract` documents the methods of each type; fields are those of its class",
    "Neither a field nor a method of this type has that name.",
)
ARGUMENTS = code(
    46,
    "arguments of a call",
    "{what}",
    "look at the signature of what is called",
    "The call gives too few, too many, unknown or doubled arguments.",
)
OPTIONAL = code(
    47,
    "value may be None",
    "this may be None",
    "test it with `if x is None:` first, or use `expect(x, Error.CODE)`",
    "An optional value is used only where the compiler can see that it is there.",
)
NOT_CALLABLE = code(
    48,
    "not a function",
    "`{name}` cannot be called",
    "call a function, a class of this contract, or a method",
    "Only functions, types and methods can be called.",
)
CONDITION = code(
    49,
    "condition is not Bool",
    "a condition must be Bool, found {found}",
    "compare it: `x != 0`, `len(xs) > 0`, `x is not None`",
    "Nothing is true or false by itself.",
)
NOT_CONSTANT = code(
    50,
    "must be written out",
    "{what}",
    "name it here: HALF_UP, Role.MEMBER, Error.CODE",
    "Rounding modes, roles, failure codes and scales are part of the code, not values "
    "computed by it.",
)
INFER = code(
    51,
    "type cannot be inferred",
    "the type of {what} cannot be seen from here",
    "write it: `rows: list[Trade] = []`, `found: Trade | None = None`",
    "An empty list or None alone does not say what it may hold.",
)
CHAIN = code(
    52,
    "chained comparison",
    "comparisons are not chained",
    "write `a <= b and b < c`",
    "A chain evaluates its middle once and reads like two comparisons; write the two.",
)
NOT_ITERABLE = code(
    53,
    "cannot be iterated or indexed",
    "{found} {what}",
    "use a range, a list, a map, bytes, or the result of a scan",
    "`for` runs over range(…), lists, maps (their keys, in order) and the results of a scan.",
)
PLACE = code(
    54,
    "not a place of holdings",
    "`{what}` is not a place of `{table}`",
    "write `balances.at(key, …).column`, `balances` the Holdings",
    "Amounts move between places: a row of the holdings, by its key, and one of its amounts.",
)
SIGNS = code(
    110,
    "whole numbers without a common type",
    "`{operator}` between {left} and {right}: no type holds all of both",
    "write `Int(x)`, which aborts where x is 2 ** 127 or more",
    "Whole numbers are compared in a type that holds both. U128 has numbers that Int has not, "
    "and none below zero: beside a type with a sign it is converted first.",
)
