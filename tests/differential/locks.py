"""What is locked in generated programs: right and wrong names, places and amounts."""

from __future__ import annotations

from daicho.compiler.types import PARTY, EnumType, OptionalType, StrType, Type
from differential.expressions import Expressions

NAMES = ('digest(b"a")', 'digest(b"b")')
"""Few, so that a name is met again, in another call or another block."""
Step = tuple[Type | None, str]
"""A statement, or an expression and its type."""


def story(make: Expressions) -> list[Step]:
    """A lock, mostly of what was just issued, and some of what one does with it."""
    rng, unit = make.rng, make.world.amounts[1]
    free, kept, name, size = place(make, "free"), place(make, "kept"), named(make), 40
    steps: list[Step] = []
    if rng.random() < 0.8:
        steps.append((None, f'balances.issue({unit.name}("{size}"), target={free})'))
    if rng.random() < 0.95:
        steps.append((None, _lock(make, free, kept, name, size)))
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.1:
            kept = place(make, "kept")
        if rng.random() < 0.1:
            name = named(make)
        steps.append(_then(make, kept, name, size))
        if "unlock" in steps[-1][1] and "amount=" not in steps[-1][1] and rng.random() < 0.8:
            break  # nothing is left
    return steps


def asked(make: Expressions) -> Step:
    """What a name holds somewhere; this a query may ask."""
    name = make.rng.choice(NAMES)
    held = f"balances.locked({place(make, 'kept')}, lock={name})"
    return OptionalType(make.world.amounts[1]), held


def _lock(make: Expressions, free: str, kept: str, name: str, size: int) -> str:
    return f"balances.lock({_amount(make, size)}, source={free}, target={kept}, lock={name})"


def _then(make: Expressions, kept: str, name: str, size: int) -> Step:
    unit = make.world.amounts[1]
    target = place(make, make.rng.choice(("free", "held")))
    unlock = f"balances.unlock(source={kept}, target={target}, lock={name}"
    part = f"{unlock}, amount={_amount(make, size // 4)})"
    match make.rng.randrange(9):
        case 0 | 1:
            return OptionalType(unit), f"balances.locked({kept}, lock={name})"
        case 2 | 3:
            return unit, f"{unlock})"
        case 4:
            return None, f"{unlock})"
        case 5 | 6:
            return unit, part
        case 7:
            return None, part
    return None, _lock(make, place(make, "free"), kept, name, size)


def _amount(make: Expressions, size: int) -> str:
    """Mostly there, sometimes too much, nothing, or anything at all."""
    unit = make.world.amounts[1]
    if make.rng.random() < 0.05:
        return make.of(unit, 1)
    few = make.rng.choice((1, 2, 7, 8, size // 2, size // 2, size, size, size + 1, 0))
    return f'{unit.name}("{few}")'


def named(make: Expressions) -> str:
    """The name of a lock: often the transaction's."""
    return make.rng.choice((*NAMES, "tx_id()", "tx_id()"))


def place(make: Expressions, column: str) -> str:
    """Few places, so that one often holds something."""
    code = make.world.holdings.key_fields[1].type
    holder = make.leaf(PARTY) if make.rng.random() < 0.2 else "sender()"
    group = "'A'" if isinstance(code, StrType) else "(1)"
    if isinstance(code, EnumType):
        group = f"Color.{code.members[0][0]}"
    elif make.rng.random() < 0.05:
        group = make.leaf(code)
    return f"balances.at({holder}, {group}).{column}"
