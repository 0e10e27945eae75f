"""Codes of authority, events, scans, other contracts, limits."""

from __future__ import annotations

from daicho.compiler.codes.registry import code

AUTHORITY = code(
    70,
    "who may call",
    "{what}",
    "write `@entry(roles=(Role.MEMBER,))`, or `roles=ANY_ROLE` for every admitted party",
    "An entry point or query names the roles that may call it, an export the contracts; "
    "there is no default.",
)
SIGNED_BY = code(
    71,
    "signed_by",
    "{what}",
    'name parameters of type Party: `signed_by=("seller",)`',
    "Each of the parties named must have signed the transaction.",
)
ADDRESSEES = code(
    72,
    "addressees of an event",
    "{what}",
    "write `to=(party(Settled.buyer), ADMINISTRATOR)`, the same wherever the event is sent",
    "Who receives an event follows from its fields, the same for all events of one class.",
)
CONTRACT_SET = code(
    73,
    "other contract",
    "{what}",
    "the contract stands as a file beside this one and has its number in ids.toml",
    "Contracts that import one another are compiled together, each with an id; "
    "a contract cannot be entered again while it is running, so imports have no cycle.",
)
SCAN_PREFIX = code(
    74,
    "scan across compartments",
    "a scan of `{table}` must give `{column}`",
    "give the key columns up to the one that names the compartment",
    "A scan reads one compartment, because every compartment is its own tree.",
)
LEAVES_ATTEMPT = code(
    75,
    "leaving an attempt",
    "`{word}` would leave the attempt",
    "note in a variable what to do, and do it after the block: `if tried.ok: return …`",
    "An attempt is left at its end, or by a failure inside, which undoes it. Whether it took "
    "effect is then known in one place.",
)
LOCKED = code(
    76,
    "locked column",
    "{what}",
    "a column that `locked=` names changes by `lock(amount, source=…, target=…, lock=…)` and "
    "`unlock(source=…, target=…, lock=…)` alone",
    "What is locked is locked for something, under its name. It would no longer be if it could "
    "be moved, issued to or redeemed like the rest.",
)
EVENT_NAME = code(
    81,
    "two events of one name",
    "{what}",
    "give one of the two classes another name; `import … as` changes it in this file alone",
    "A contract's events are known by their names on the ledger. Two classes of one name, the "
    "contract's own and one of another contract, cannot be told apart there.",
)
LIMIT = code(
    80,
    "too large for the ledger",
    "{what}",
    "split the function or the contract",
    "The artefact format has bounds that every node checks.",
)
CALLED_FROM_CODE = code(
    90,
    "entry point called from code",
    "`{name}` is {what}, which code does not call",
    "put what they share in a function of its own, without a decorator, and call that",
    "Roles and signatures are asked where a transaction or a query comes in. A call from code "
    "would go past them.",
)
