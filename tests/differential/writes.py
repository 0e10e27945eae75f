"""What is stored, written; events and timers; the bounds on them."""

from __future__ import annotations

from daicho.compiler.types import (
    BOOL,
    HASH,
    PARTY,
    EnumType,
    IntType,
    OptionalType,
    RecordType,
    StrType,
)
from differential import literals
from differential.nodes import Node
from differential.reads import Reads

BOUNDS = ("events", "timers", "writes", "calls")
"""What a transaction may do only so often."""


class Writes(Reads):
    """What is stored, written; events and timers."""

    def _write(self) -> list[Node]:
        match self.rng.randrange(9):
            case 0:
                return [Node(f"single.set({self.make.of(self.world.var, 2)})")]
            case 1 | 2:
                key = self.make.key(self.world.map_key, 1)
                if self.rng.random() < 0.2:
                    gone = Node(f"del by_key[{key}]")
                    there = Node(f"if {key} in by_key:", [gone])
                    return [there if self.rng.random() < 0.7 else gone]
                return [Node(f"by_key[{key}] = {self.make.of(self.world.map_value, 2)}")]
            case 3 | 4 | 5:
                return [Node(self._holdings())]
        name = self.rng.choice(list(self.world.rows))
        row = self.world.rows[name]
        if self.rng.random() < 0.2:
            return [Node(f"{name}.delete({', '.join(self._keys(row))})")]
        if self.rng.random() < 0.25:
            return self._twice(name, row)
        if self.rng.random() < 0.3:
            keys = ", ".join(self._keys(row))
            found = self.declare(OptionalType(row), f"{name}.get({keys})")
            there = self.make.locals.pop().name
            deleted = ", ".join(f"{there}.{item.name}" for item in row.key_fields)
            changed = self.rng.choice(row.value_fields)
            value = self.make.of(changed.type, 1)
            ways = [
                f"{name}.delete({deleted})",
                f"{name}.put({there}.replace({changed.name}={value}))",
            ]
            return [found, Node(f"if {there} is not None:", [Node(self.rng.choice(ways))])]
        method = self.rng.choice(("insert", "put", "put", "update"))
        return [Node(f"{name}.{method}({self.make.of(row, 2)})")]

    def _twice(self, name: str, row: RecordType) -> list[Node]:
        """A row, then the same row with another value, mostly read again."""
        made = self.declare(row, self.make.record(row, 1))
        there = self.make.locals[-1].name
        changed = self.rng.choice(row.value_fields)
        other = f"{there}.replace({changed.name}={self.make.of(changed.type, 1)})"
        body = [made, Node(f"{name}.put({there})"), Node(f"{name}.update({other})")]
        if self.rng.random() < 0.6:
            keys = ", ".join(f"{there}.{item.name}" for item in row.key_fields)
            body.append(self.declare(row, f"{name}[{keys}]"))
        return body

    def moved(self) -> list[Node]:
        """All rows of a table written again, and copied into the table that is new."""
        row, later = self.world.rows["facts"], self.world.rows["later"]
        name = self._name()
        keys = ", ".join(
            f"{new.name}={name}.{old.name}"
            for new, old in zip(later.key_fields, row.key_fields, strict=True)
        )
        values = ", ".join(
            f"{item.name}={self.make.of(item.type, 1)}" for item in later.value_fields
        )
        body = [Node(f"facts.put({name})"), Node(f"later.put(Later({keys}, {values}))")]
        self.rng.shuffle(body)
        if self.rng.random() < 0.2:
            body.append(
                Node(f"facts.delete({', '.join(f'{name}.{item.name}' for item in row.key_fields)})")
            )
        made = [Node(f"for {name} in facts.scan():", body)]
        if self.rng.random() < 0.5:
            made += self._emit()
        return made

    def _holdings(self) -> str:
        share = self.world.amounts[1]
        few = self.rng.randrange(0, 40)
        amount = self.make.of(share, 1) if self.rng.random() < 0.3 else f'{share.name}("{few}")'
        source, target = (self.place() for _ in range(2))
        match self.rng.randrange(4):
            case 0:
                return f"balances.redeem({amount}, source={source})"
            case 1 | 2:
                return f"balances.issue({amount}, target={target})"
        return f"balances.move({amount}, source={source}, target={target})"

    def place(self) -> str:
        """Few places, so that one often holds something."""
        code = self.world.holdings.key_fields[1].type
        holder = self.rng.choice(("sender()", self.make.leaf(PARTY)))
        group = "'A'" if isinstance(code, StrType) else "(1)"
        if isinstance(code, EnumType):
            group = f"Color.{code.members[0][0]}"
        elif self.rng.random() < 0.2:
            group = self.make.leaf(code)
        return f"balances.at({holder}, {group}).{self.rng.choice(('free', 'held'))}"

    def _emit(self) -> list[Node]:
        fields = ", ".join(
            f"{item.name}={self.make.of(item.type, 1)}" for item in self.world.event.fields
        )
        return [Node(f"emit(Said({fields}), to=(PUBLIC, party(Said.who)))")]

    def _timer(self) -> list[Node]:
        """A timer set, sometimes taken back."""
        timed = self.rng.choice(self.timers)
        hours = self.rng.choice(("minutes(20)", "hours(1)", "hours(2)", "-(hours(3))"))
        args = ", ".join(["now() + " + hours, *(self.make.of(item, 1) for item in timed.params)])
        made = [self.declare(HASH, f"{timed.name}.at({args})")]
        if self.rng.random() < 0.8:
            made.append(self.declare(BOOL, f"cancel({self.make.leaf(HASH)})"))
        return made

    def _flood(self) -> list[Node]:
        """More than a transaction may do, somewhere in a function."""
        return self.flood(self.rng.choice(BOUNDS)) or self._declare()

    def flood(self, bound: str, most: bool = False) -> list[Node]:
        """Statements that reach a bound on what a transaction may do; none if this one cannot.

        Without `most` calls are sometimes as deep as they may be.
        """
        name, key, value = self._name(), self.world.map_key, None
        if bound == "events":
            return [Node(f"for {name} in range(257):", self._emit())]
        if bound == "timers" and self.timers:
            timed = self.timers[0]
            args = ", ".join(["now() + hours(9)", *(self.make.leaf(it) for it in timed.params)])
            made = Node(f"{self._name()}: Hash = {timed.name}.at({args})")
            return [Node(f"for {name} in range(65):", [made])]
        if bound == "writes" and isinstance(key, IntType) and key.bits > 16:
            value = literals.written(self.rng, self.world.map_value)
        if value is not None:
            return [Node(f"for {name} in range(4097):", [Node(f"by_key[{name}] = {value}")])]
        if bound == "calls" and any(item.name == "dive" for item in self.make.helpers):
            return [Node(f"dive({'(70)' if most else self.make.bounded(2, 50, 70)})")]
        return []
