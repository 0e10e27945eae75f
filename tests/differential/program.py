"""A whole contract by its number: the same number, the same text, on every machine."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field

from daicho.compiler.types import INT, OptionalType, StrType, TupleType, Type
from differential import world as worlds
from differential.expressions import Expressions, Helper, Local
from differential.imported import LIBRARY_HELPERS
from differential.statements import Node, Statements, Timed
from differential.unbalanced import is_unbalanced
from differential.world import World

RISKS = (0.01, 0.03, 0.08, 0.3)
"""How wild a program is; most are tame, so that they get far."""
SECOND = 0.12
"""How many programs have a second version."""
FLOODS = {"writes": 0.15, "timers": 0.06, "calls": 0.16, "events": 0.02}
"""How many programs reach a bound on purpose, of those that can."""
ROLES = ("(Role.MEMBER,)", "ANY_ROLE", "ANY_ROLE", "ANY_ROLE", "(Role.ADMINISTRATOR, Role.MEMBER)")


@dataclass
class FunctionText:
    """One function: its head and its statements."""

    name: str
    kind: str
    head: list[str]
    body: list[Node]
    params: tuple[Type, ...] = ()
    result: Type | None = None

    def lines(self) -> list[str]:
        """The source text."""
        inner = [line for item in self.body for line in item.lines()]
        return [*self.head, *(inner or ["    pass"])]


@dataclass
class ProgramText:
    """A contract as text that can be taken apart."""

    seed: int
    declarations: list[str]
    functions: list[FunctionText] = field(default_factory=list)
    second: ProgramText | None = None
    """The version that takes its place in the middle of the calls."""

    def text(self) -> str:
        """The source."""
        parts = ["edition = 1\n", *self.declarations]
        parts += ["\n".join(item.lines()) for item in self.functions]
        body = "\n\n".join(parts) + "\n"
        return f"{worlds.header(body)}\n{body}"

    def statements(self) -> int:
        """Statements of all functions."""
        return sum(node.count() for item in self.functions for node in item.body)


def generate(seed: int) -> ProgramText:
    """The program of a number."""
    rng = random.Random(seed)
    world = worlds.make(rng)
    program = ProgramText(seed, list(world.text))
    risk = rng.choice(RISKS)
    maker = _Maker(rng, world, risk, program)
    if rng.random() < 0.15:
        maker.library()
    for number in range(rng.randrange(1, 3)):
        maker.helper(number)
    if rng.random() < 0.15:
        maker.recursive()
    if rng.random() < 0.4:
        maker.timed(0)
    for number in range(2):
        maker.entry(number)
    for number in range(1):
        maker.query(number)
    if rng.random() < SECOND:
        maker.second()
    return program


class _Maker:
    def __init__(self, rng: random.Random, world: World, risk: float, program: ProgramText) -> None:
        self.rng = rng
        self.world = world
        self.risk = risk
        self.program = program
        self.helpers: list[Helper] = []
        self.timers: list[Timed] = []

    def _params(self, most: int, bounded: bool) -> tuple[list[Local], str]:
        count = self.rng.randrange(1, most + 1)
        choose = worlds.storable if bounded else worlds.local
        found = [
            Local(f"p{number}", choose(self.rng, self.world), False) for number in range(count)
        ]
        return found, ", ".join(f"{item.name}: {self.world.render(item.type)}" for item in found)

    def _function(
        self, name: str, kind: str, decorators: list[str], result: Type | None, size: int
    ) -> FunctionText:
        bounded = kind != "helper"
        params, text = ([], "") if kind == "migrate" else self._params(4, bounded)
        shown = "None" if result is None else self._result(result)
        head = [*decorators, f"def {name}({text}) -> {shown}:"]
        may_write = kind not in ("helper", "query") or (
            kind == "helper" and self.rng.random() < 0.4
        )
        types = tuple(item.type for item in params)
        made = FunctionText(name, kind, head, [], types, result)
        made.body = self._statements(made, may_write).body(size)
        self.program.functions.append(made)
        if kind == "helper":
            self.helpers.append(Helper(name, types, result, may_write))
        return made

    def _statements(self, function: FunctionText, may_write: bool, prefix: str = "v") -> Statements:
        """What makes the body of a function, or with a prefix of its own the head of one."""
        params = [Local(f"p{at}", item, False) for at, item in enumerate(function.params)]
        make = Expressions(self.rng, self.world, self.risk, params, list(self.helpers))
        make.may_write = may_write
        make.may_draw = function.kind not in ("helper", "query")
        statements = Statements(make, function.result)
        statements.timers = list(self.timers)
        statements.prefix = prefix
        return statements

    def _result(self, type_: Type) -> str:
        if isinstance(type_, TupleType):
            return f"tuple[{', '.join(self.world.render(item) for item in type_.items)}]"
        return self.world.render(type_)

    def helper(self, number: int) -> None:
        """A function that others call."""
        result: Type | None = worlds.local(self.rng, self.world)
        if number == 1:
            pair = (self.rng.choice(self.world.scalars()), INT)
            result = TupleType(pair)
        elif self.rng.random() < 0.1:
            result = None
        if isinstance(result, TupleType):
            self._tuple_helper(f"helper_{number}", result)
        else:
            self._function(f"helper_{number}", "helper", [], result, self.rng.randrange(1, 4))

    def _tuple_helper(self, name: str, result: TupleType) -> None:
        made = self._function(name, "helper", [], None, self.rng.randrange(1, 4))
        made.head[-1] = made.head[-1].replace("-> None:", f"-> {self._result(result)}:")
        self._return_tuples(made.body, result)
        known = self.helpers.pop()
        self.helpers.append(Helper(name, known.params, result, known.writes))

    def _return_tuples(self, body: list[Node], result: TupleType) -> None:
        """Its early ends give the same two values as its last line."""
        make = Expressions(self.rng, self.world, 0)
        make.reads_state = False
        value = ", ".join(make.leaf(item) for item in result.items)
        for node in _all(body):
            if node.text == "return":
                node.text = f"return ({value})"
        body.append(Node(f"return ({value})"))

    def library(self) -> None:
        """Exports of another contract, called like helpers."""
        self.program.declarations.insert(0, "from library import double, fetch, keep, refuse")
        self.helpers += LIBRARY_HELPERS

    def recursive(self) -> None:
        """A function that calls itself, sometimes too often."""
        head = ["def dive(depth: Int) -> Int:"]
        body = [
            Node("if depth <= 0:", [Node("return 0")]),
            Node("return dive(depth - 1) + 1"),
        ]
        self.program.functions.append(FunctionText("dive", "helper", head, body))
        self.helpers.append(Helper("dive", (INT,), INT, False))

    def timed(self, number: int) -> None:
        """What timers call; one that resumes takes its last result as its last argument."""
        cursor = OptionalType(self.rng.choice((INT, StrType(16), self.world.enum)))
        resumes = self.rng.random() < 0.5
        head = f'@scheduled(priority={self.rng.randrange(3)}, gas="{self.rng.choice("SMMLL")}")'
        name = f"timed_{number}"
        size = self.rng.randrange(1, 5)
        made = self._function(name, "scheduled", [head], cursor if resumes else None, size)
        if resumes:
            text = self.world.render(cursor)
            made.head[-1] = made.head[-1].replace(") ->", f", after: {text}) ->")
        params = made.params + ((cursor,) if resumes else ())
        self.timers.append(Timed(name, params))

    def entry(self, number: int) -> None:
        """What transactions call."""
        result = worlds.storable(self.rng, self.world) if self.rng.random() < 0.7 else None
        roles = self.rng.choice(ROLES)
        name = f"entry_{number}"
        size = self.rng.randrange(3, 8)
        made = self._function(name, "entry", [f"@entry(roles={roles})"], result, size)
        made.body[:0] = self._flooded(made)
        if is_unbalanced(self.program.seed) and self.rng.random() < 0.2:
            made.body[:0] = self._brought(made)
        if self.rng.random() < 0.2 and "(p" in made.head[-1]:
            made.head[0] = f'@entry(roles={roles}, signed_by=("signer",))'
            made.head[-1] = made.head[-1].replace("(p", "(signer: Party, p", 1)

    def _flooded(self, function: FunctionText) -> list[Node]:
        """At the beginning, in every other block: a bound, reached."""
        for bound, chance in FLOODS.items():
            if self.rng.random() < chance / 2:  # there are two entries
                flood = self._statements(function, True, "w").flood(bound, most=True)
                if flood:
                    return [Node(f"if height() % 2 == {self.rng.randrange(2)}:", flood)]
        return []

    def _brought(self, function: FunctionText) -> list[Node]:
        """An amount comes, and nothing goes wrong before the end."""
        head = self._statements(function, True, "b")
        end = "return" if function.result is None else f"return {head.make.leaf(function.result)}"
        amount = f'{self.world.amounts[1].name}("{self.rng.randrange(1, 9)}")'
        come = Node(f"balances.issue({amount}, target={head.place()})")
        return [Node(f"if height() % 2 == {self.rng.randrange(2)}:", [come, Node(end)])]

    def query(self, number: int) -> None:
        """What parties ask."""
        result = worlds.storable(self.rng, self.world)
        size = self.rng.randrange(2, 5)
        self._function(f"query_{number}", "query", ["@query(roles=ANY_ROLE)"], result, size)

    def second(self) -> None:
        """Another version: a table more, a function of another body, one more, a migration."""
        first = self.program
        self.program = first.second = copy.deepcopy(first)
        self.program.declarations += worlds.later(self.rng, self.world)
        known = self.program.functions
        for function in known:
            if function.kind in ("entry", "query") and self.rng.random() < 0.5:
                size = self.rng.randrange(2, 5)
                writes = function.kind == "entry"
                function.body = self._statements(function, writes).body(size)
        self.entry(2)
        self.migration()

    def migration(self) -> None:
        """It brings rows to where the new version looks for them; sometimes it fails."""
        made = self._function("upgrade", "migrate", ["@migrate"], None, self.rng.randrange(1, 4))
        made.body[:0] = self._statements(made, True, "w").moved()
        if self.rng.random() < 0.15:
            made.body.append(Node("require(height() % 2 == 0, Error.THIRD)"))


def _all(body: list[Node]) -> list[Node]:
    return [found for node in body for found in (node, *_all(node.body or []))]
