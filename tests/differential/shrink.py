"""A program that shows a difference, made small: what can go goes, while it still shows it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

from daicho.compiler import CompileError
from differential.calls import Plan
from differential.compare import BoundError, Difference, differs, versions
from differential.program import ProgramText
from differential.statements import Node
from differential.unbalanced import is_unbalanced

Shows = Callable[[ProgramText, Plan], Difference | None]


def shows(program: ProgramText, calls: Plan) -> Difference | None:
    """The difference that a program shows; None also where it does not compile."""
    try:
        return differs(versions(program), calls, odd=is_unbalanced(program.seed))
    except (CompileError, BoundError):
        return None


def shrink(
    program: ProgramText, calls: Plan, test: Shows = shows
) -> tuple[ProgramText, Plan, Difference]:
    """A smaller program and fewer calls that still differ."""
    found = test(program, calls)
    assert found is not None, "there is no difference to keep"
    again = True
    while again:
        again = False
        for smaller in (*_fewer_calls(calls),):
            difference = test(program, smaller)
            if difference is not None:
                calls, found, again = smaller, difference, True
                break
        for less in _smaller(program):
            difference = test(less, calls)
            if difference is not None:
                program, found, again = less, difference, True
                break
    return program, calls, found


def _fewer_calls(calls: Plan) -> Iterator[Plan]:
    for number, block in enumerate(calls.blocks):
        blocks = list(calls.blocks)
        upgrade = calls.upgrade
        if upgrade is not None and upgrade > number:
            upgrade -= 1
        yield Plan([*blocks[:number], *blocks[number + 1 :]], calls.queries, upgrade)
        for at in range(len(block.calls)):
            kept = [*block.calls[:at], *block.calls[at + 1 :]]
            blocks[number] = replace(block, calls=kept)
            yield replace(calls, blocks=list(blocks))
    for at in range(len(calls.queries)):
        yield replace(calls, queries=[*calls.queries[:at], *calls.queries[at + 1 :]])


def _smaller(program: ProgramText) -> Iterator[ProgramText]:
    """Without a helper, a declaration or a statement; or with a block in the place of its head."""
    if program.second is not None:
        yield replace(program, second=None)
        for second in _smaller(program.second):
            yield replace(program, second=second)
    for number, function in enumerate(program.functions):
        if function.kind not in ("entry", "query"):
            less = copy.deepcopy(program)
            del less.functions[number]
            yield less
    for number in range(len(program.declarations)):
        less = copy.deepcopy(program)
        del less.declarations[number]
        yield less
    for number, function in enumerate(program.functions):
        for path in _paths(function.body):
            yield _without(program, number, path, keep=False)
            if _at(function.body, path).body:
                yield _without(program, number, path, keep=True)


def _paths(body: list[Node], above: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The places of all statements, the outer ones first."""
    for at, node in enumerate(body):
        yield (*above, at)
        yield from _paths(node.body or [], (*above, at))


def _at(body: list[Node], path: tuple[int, ...]) -> Node:
    node = body[path[0]]
    return node if len(path) == 1 else _at(node.body or [], path[1:])


def _without(
    program: ProgramText, number: int, path: tuple[int, ...], *, keep: bool
) -> ProgramText:
    less = copy.deepcopy(program)
    body = less.functions[number].body
    for step in path[:-1]:
        inner = body[step].body
        assert inner is not None
        body = inner
    node = body[path[-1]]
    body[path[-1] : path[-1] + 1] = (node.body or []) if keep else []
    return less


def report(program: ProgramText, calls: Plan, difference: Difference) -> str:
    """What a person needs to see it again."""
    lines = [f"seed {program.seed}: {difference}", "", program.text()]
    if program.second is not None:
        lines += [f"before block {calls.upgrade} comes", program.second.text()]
    for number, block in enumerate(calls.blocks):
        lines += [f"block {number} at {block.time}", *(f"  {item.what}" for item in block.calls)]
    lines += [f"query {item.what}" for item in calls.queries]
    return "\n".join(lines)
