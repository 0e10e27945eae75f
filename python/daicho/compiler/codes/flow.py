"""Codes of control flow and effects."""

from __future__ import annotations

from daicho.compiler.codes.registry import code

UNASSIGNED = code(
    60,
    "perhaps not assigned",
    "`{name}` may not have a value here",
    "give it a value before the branch or the loop",
    "On some path through the function the name was not assigned.",
)
NO_RETURN = code(
    61,
    "missing return",
    "`{name}` can end without returning {type}",
    "return on every path, or end the path with `abort(Error.CODE)`",
    "A function that promises a value gives one on every path.",
)
UNREACHABLE = code(
    62,
    "unreachable code",
    "this can never run",
    "remove it, or look at the return, break or abort before it",
    "Code that never runs is more often a mistake than a remark.",
)
OUTSIDE_LOOP = code(
    63,
    "break or continue outside a loop",
    "`{word}` outside a loop",
    "`return` leaves a function",
    "There is no loop to leave.",
)
QUERY_WRITES = code(
    64,
    "query that does more than read",
    "a query cannot {what}",
    "make it an @entry, or leave the writing out",
    "A query is answered without being ordered: it changes nothing, sends no event, sets no "
    "timer, and there is no transaction to name or to draw lots for.",
)
SHARED_LIST = code(
    65,
    "list or map under two names",
    "{what}",
    "make your own copy: `mine = list(theirs)` or `dict(theirs)`",
    "Lists and maps are values. Changing one that has a second name, or that another value holds, "
    "would look as if that changed too. An item, a field and a loop's target are second names.",
)
ASSIGN_GLOBAL = code(
    66,
    "assignment to a declaration",
    "`{name}` is declared outside and cannot be assigned here",
    "choose another name; stored state changes by `var.set(…)`, `map[key] = …`, `table.put(…)`",
    "Only locals are assigned.",
)
NO_EFFECT = code(
    67,
    "expression without effect",
    "the value is not used",
    "assign it, return it, or remove the line",
    "A statement that computes a value and drops it is a mistake, a forgotten `return` or call.",
)
EXHAUSTIVE = code(
    68,
    "match is not exhaustive",
    "not every member is handled: {missing}",
    "add the missing cases, or `case _:`",
    "A match on an enum says what happens for every member.",
)
IMMUTABLE = code(
    69,
    "assignment to a field",
    "records do not change",
    "make a changed copy: `trade.replace(status=Status.SETTLED)`",
    "A record is a value. A changed one is a new one, and is stored by `put`.",
)
