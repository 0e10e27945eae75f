"""`match` on the members of an enum."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.step2_check import meeting
from daicho.compiler.step2_check.convert import check_as
from daicho.compiler.step2_check.scope import (
    Block,
    Flow,
    Scope,
)
from daicho.compiler.tree import (
    Assign,
    Expr,
    If,
    Stmt,
)
from daicho.compiler.types import (
    BOOL,
    UNKNOWN,
    EnumType,
)

CASES_MAX = 32
"""Cases of one match; the machine's blocks nest no deeper than 64."""


def match_(scope: Scope, node: ast.Match, block: Block) -> list[Stmt]:
    """`match value`: one comparison after another, every member handled."""
    scope.statement = node.subject
    subject = scope.check(node.subject)
    if not isinstance(subject.type, EnumType):
        if subject.type != UNKNOWN:
            hint = "write `if`, `elif` and `else`; a match is on the members of an enum"
            found = subject.type
            scope.error(codes.MISMATCH, node.subject, hint, expected="an enum", found=found)
        scope.uncertain = True
        return []
    if len(node.cases) > CASES_MAX:
        what = f"a match has at most {CASES_MAX} cases"
        scope.error(codes.LIMIT, node, "put members that are treated alike in one case", what=what)
        scope.uncertain = True
        return []
    span = scope.span(node)
    name = scope.temporary(subject.type)
    value = Expr("local", subject.type, span, (), name)
    arms = [_arm(scope, case, value) for case in node.cases]
    _exhaustive(scope, node, subject.type, arms)
    before, after = scope.flow.copy(), Flow(reachable=False)
    bodies: list[tuple[Expr | None, tuple[Stmt, ...]]] = []
    for (test, _), case in zip(arms, node.cases, strict=False):
        scope.flow = before.copy()
        bodies.append((test, block(scope, case.body)))
        after = after.join(scope.flow)
    scope.flow = before if scope.uncertain else after
    last = bodies.pop()
    result = last[1]
    for test, body in reversed(bodies):
        result = (If(span, test, body, result),) if test is not None else body
    return [Assign(span, name, subject), *result]


def _arm(scope: Scope, case: ast.match_case, value: Expr) -> tuple[Expr | None, set[int]]:
    """The test of one case, None for `case _`, and the members it handles."""
    assert isinstance(value.type, EnumType)
    everything = {number for _, number in value.type.members}
    if case.guard is not None:
        scope.error(codes.STATEMENT, case.guard, "use `if` inside the case", what="a guard")
    match case.pattern:
        case ast.MatchAs(pattern=None, name=None):
            return None, everything
        case ast.MatchOr(patterns=patterns):
            options = patterns
        case _ as single:
            options = [single]
    tests: list[Expr] = []
    numbers: set[int] = set()
    for option in options:
        if not isinstance(option, ast.MatchValue):
            what, hint = "this pattern", "match on members of an enum"
            if isinstance(option, ast.MatchAs) and option.name in dict(value.type.members):
                hint = f"write `case {value.type.name}.{option.name}:`"
                what = f"a name alone, `{option.name}`,"
            scope.error(codes.STATEMENT, option, hint, what=what)
            continue
        member = check_as(scope, option.value, value.type)
        if isinstance(member.data, int):
            numbers.add(member.data)
        tests.append(Expr("eq", BOOL, scope.span(option), (value, member)))
    if not tests:
        return None, everything
    return meeting.any_of(tests), numbers


def _exhaustive(
    scope: Scope, node: ast.Match, enum: EnumType, arms: list[tuple[Expr | None, set[int]]]
) -> None:
    handled = {number for _, numbers in arms for number in numbers}
    missing = [name for name, number in enum.members if number not in handled]
    if missing:
        scope.uncertain = True
        scope.error(codes.EXHAUSTIVE, node, missing=", ".join(missing))
