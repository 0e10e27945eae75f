"""Codes of the text of a file: syntax, statements, expressions."""

from __future__ import annotations

from daicho.compiler.codes.registry import code

SYNTAX = code(
    1,
    "not Python",
    "this is not valid Python: {reason}",
    "look at the brackets, quotes and colons of this line and the one before",
    "A contract is a plain Python file. Python itself cannot read this one; its own reason "
    "is given.",
)
TOO_DEEP = code(
    2,
    "too large or too deeply nested",
    "{what}",
    "split it into smaller functions or contracts",
    "A file may have 262,144 bytes and 5,000 opening braces, and an expression or a block may "
    "be nested 64 levels deep. "
    "The bounds keep the compiler's own work bounded.",
)
ASCII = code(
    3,
    "name outside ASCII",
    "the name `{name}` has letters outside A-Z, a-z, 0-9 and _",
    "use English letters in names; text and comments may be in any language",
    "Letters that look alike must not make two names out of one.",
)
EDITION = code(
    4,
    "no edition",
    "{reason}",
    "write `edition = 1` below the imports",
    "Each file names the edition of the language it is written in, so that it keeps its meaning "
    "when the language grows.",
)
STATEMENT = code(
    5,
    "statement not in the language",
    "{what} is not part of the language",
    "inside a function stand assignments, if, while, for, match, return, break, continue, "
    "pass, `with attempt() as tried:` and calls",
    "Every statement of the language is accepted by name; whatever is not listed is refused, "
    "never ignored. The hint names what to write instead where there is something.",
)
EXPRESSION = code(
    6,
    "expression not in the language",
    "{what} is not part of the language",
    "values are literals, names, fields, items, slices, operators, calls, `a if c else b`, "
    "lists and dicts",
    "Every kind of expression is accepted by name; whatever is not listed is refused, never "
    "ignored.",
)
FLOAT = code(
    7,
    "floating point",
    "`{text}` is a floating-point number",
    'write Decimal("{text}"), or an amount such as JPY("{text}")',
    "Floating point rounds by itself and by machine. Numbers here are integers, decimals and "
    "amounts.",
)
OPERATOR = code(
    8,
    "operator not in the language",
    "the operator `{operator}` is not part of the language",
    "write it with the operators there are",
    "The operators are + - * // % ** & | ^ << >> ~, comparison, `in`, `and`, `or`, `not` and "
    "`is None`.",
)
DIVISION = code(
    9,
    "division without rounding",
    "`/` does not say how to round",
    "write `a.div(b, scale=…, rounding=HALF_EVEN)`; for whole numbers `//` rounds down",
    "A quotient seldom fits its scale. Whoever divides names the rounding mode at that place.",
)
IDENTITY = code(
    10,
    "`is` between values",
    "`is` compares identity, and values have none",
    "use `==`; `is` is for `is None` and `is not None`",
    "Two equal values are the same value. Only `None` is tested with `is`.",
)
SIGNATURE = code(
    11,
    "kind of parameter or argument",
    "{what}",
    "give every parameter one name, a type and no default; pass every argument by itself",
    "Calls are checked one argument at a time. Stars, defaults and positional-only marks "
    "would hide one.",
)
DECORATOR = code(
    12,
    "unknown decorator",
    "{what}",
    "decorators are @entry(roles=…), @query(roles=…), @export(callers=…), "
    '@scheduled(priority=…, gas="M") and @migrate',
    "A decorator would run code when the file is loaded. Five of them are known by name.",
)
IMPORT = code(
    13,
    "import",
    "{what}",
    "import names from daicho.contract or from another contract: `from cash import pay`",
    "A contract uses the language and other contracts, nothing else of Python.",
)
MODULE_LEVEL = code(
    14,
    "statement outside a function",
    "{what} cannot stand outside a function",
    "at this level stand imports, constants, types, tables and functions",
    "A contract is never executed to compile it, so nothing can run at this level.",
)
ARGUMENT_TWICE = code(
    15,
    "argument given twice",
    "`{name}=` is given twice",
    "keep the one that is meant",
    "Each argument and each option is given once. Of two, one would be passed over in silence, "
    "and it may be the one that says who may call.",
)
PARAMETER_TWICE = code(
    16,
    "two parameters of one name",
    "another parameter is called `{name}` already",
    "give each parameter a name of its own",
    "A name in a function means one value. Of two parameters of one name, one could not be read.",
)
CASE_AFTER_ALL = code(
    17,
    "case that is never reached",
    "the `case _` above takes everything, so nothing comes here",
    "put `case _:` last",
    "The cases of a match are tried as they are written, and `case _` takes what comes to it.",
)
PYTHON_NAME = code(
    18,
    "name that Python keeps",
    "the name `{name}` is kept by Python",
    "choose another name",
    "Python gives this name a value of its own, and lets nobody give it another one.",
)
