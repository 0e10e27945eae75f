"""What is asked: comparisons, membership, who signed."""

from __future__ import annotations

from daicho.compiler.types import (
    BOOL,
    BYTES,
    DATE,
    DURATION,
    INT,
    PARTY,
    STR,
    TIMESTAMP,
    ListType,
    MapType,
    OptionalType,
    Type,
)
from differential.arithmetic import Numbers
from differential.world import INTEGERS

ROLES = ("ADMINISTRATOR", "MEMBER", "ISSUER", "AUDITOR")


class Conditions(Numbers):
    """Expressions that are true or false."""

    def _bool(self, depth: int) -> str:
        below = depth - 1
        match self.rng.randrange(10):
            case 0:
                return f"(not {self.of(BOOL, below)})"
            case 1:
                word = self.rng.choice(("and", "or"))
                return f"({self.of(BOOL, below)} {word} {self.of(BOOL, below)})"
            case 2:
                return self._same(below)
            case 3:
                return self._member(below)
            case 4:
                role = self.rng.choice(ROLES)
                who = self.of(PARTY, below)
                return self.rng.choice(
                    (
                        f"has_role(Role.{role})",
                        f"has_signed({who})",
                        f"has_signed({who}, Role.{role})",
                    )
                )
            case 7 if self.attempts:
                return f"{self.rng.choice(self.attempts)}.ok"
            case 5:
                return f"{self._self(STR, below)}.startswith({self.of(STR, below)})"
            case 6 if self.reads_state:
                return f"({self.key(self.world.map_key, below)} in by_key)"
        kind = self.rng.choice(self._ordered())
        operator = self.rng.choice(("<", "<=", ">", ">="))
        if self.rng.random() < 0.15:
            same = self.of(kind, below)
            return f"({same} {operator} {same})"
        left, right = self.sides(kind, below)
        return f"({left} {operator} {right})"

    def _ordered(self) -> tuple[Type, ...]:
        return (
            INT, INT, *INTEGERS, *self.world.amounts, *self.world.decimals.values(),
            STR, BYTES, PARTY, TIMESTAMP, DURATION, DATE,
        )  # fmt: skip

    def _same(self, depth: int) -> str:
        plain: list[Type] = [BOOL, self.world.enum, PARTY, STR, INT, *self.world.records]
        others = [item.type for item in self.locals if not isinstance(item.type, OptionalType)]
        kind = self.rng.choice((*plain, *others))
        operator = self.rng.choice(("==", "!="))
        if isinstance(kind, (ListType, MapType)):
            names = self.named(kind)
            if len(names) < 2:
                return self._same(depth)
            return f"({self.rng.choice(names)} {operator} {self.rng.choice(names)})"
        left, right = self.sides(kind, depth)
        return f"({left} {operator} {right})"

    def _member(self, depth: int) -> str:
        word = self.rng.choice(("in", "not in"))
        for item in self.rng.sample(self.locals, len(self.locals)):
            if isinstance(item.type, ListType):
                return f"({self.of(item.type.item, depth)} {word} {item.name})"
            if isinstance(item.type, MapType):
                return f"({self.of(item.type.key, depth)} {word} {item.name})"
        if self.rng.random() < 0.5:
            return f"({self.of(STR, depth)} {word} {self._self(STR, depth)})"
        options = ", ".join(self.leaf(self.world.enum) for _ in range(2))
        return f"({self.of(self.world.enum, depth)} {word} ({options}))"
