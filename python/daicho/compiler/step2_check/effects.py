"""What functions do to stored state, directly and through what they call."""

from __future__ import annotations

from collections.abc import Iterator

from daicho.compiler import codes
from daicho.compiler.diagnostics import START, Reporter, Span
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step2_check.values import statements, values
from daicho.compiler.tree import Function

Name = tuple[str, str]
"""Module and function."""
TOUCHING = {"read", "write", "emit", "schedule"}
"""Effects on the contract that has the function: its state, events and timers."""
_NOT_IN_QUERIES = {
    "write": "write",
    "emit": "send an event",
    "schedule": "set or cancel a timer",
    "random": "draw at random",
    "tx_id": "name its transaction, it has none",
}


def all_modules(module: Module) -> dict[str, Module]:
    """`module` and everything it imports, directly or not, by name."""
    found: dict[str, Module] = {}
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current.name not in found:
            found[current.name] = current
            waiting += list(current.imported.values())
    return found


def all_functions(module: Module) -> dict[Name, Function]:
    """Every function of those modules."""
    return {
        (item.name, function.name): function
        for item in all_modules(module).values()
        for function in item.functions
    }


def compiled_in(module: Module, functions: dict[Name, Function]) -> list[Function]:
    """The module's own functions in their order, then the helpers it takes from other contracts."""
    chosen: list[Function] = list(module.functions)
    seen = {(item.module, item.name) for item in chosen}
    for function in chosen:
        for other, name, _ in function.calls:
            callee = functions[other, name]
            if (other, name) not in seen and not is_import(module, callee):
                seen.add((other, name))
                chosen.append(callee)
    return chosen


def is_import(module: Module, callee: Function) -> bool:
    """Whether a call of `callee` leaves this contract."""
    return callee.module != module.name and callee.kind == "export"


def all_effects(functions: dict[Name, Function]) -> dict[Name, set[str]]:
    """What each function does in the end, through all it calls.

    Callers are asked again only when a callee does more: each at most once for each kind.
    """
    done = {name: {kind for kind, _ in item.effects} for name, item in functions.items()}
    callers: dict[Name, dict[Name, None]] = {}
    for caller, function in functions.items():
        for module, name, _ in function.calls:
            callers.setdefault((module, name), {})[caller] = None
    waiting = list(functions)
    while waiting:
        callee = waiting.pop()
        for caller in callers.get(callee, ()):
            if not done[callee] <= done[caller]:
                done[caller] |= done[callee]
                waiting.append(caller)
    return done


def check_effects(module: Module, reporter: Reporter) -> None:
    """Queries do not write; helpers of other contracts do not touch state."""
    functions = all_functions(module)
    effects = all_effects(functions)
    for function in module.functions:
        if function.kind == "query":
            _check_query(function, effects, reporter)
        for other, name, span in function.calls:
            callee = functions[other, name]
            if other == module.name or callee.kind == "export":
                continue
            if effects[other, name] & TOUCHING:
                reporter.error(codes.OWN_NAME, span, name=name, contract=other)


def check_codes(module: Module, reporter: Reporter) -> None:
    """A failure code has one name in all that is compiled into the contract."""
    known: dict[object, str] = {}
    for function in compiled_in(module, all_functions(module)):
        for name, number, span in _failures(function):
            other = known.setdefault(number, name)
            if other != name:
                own = function.module == module.name
                what = f"{number} is `{other}` and, in `{function.module}`, `{name}`"
                reporter.error(codes.CODE_VALUES, span if own else START, what=what)
                return


def _failures(function: Function) -> Iterator[tuple[str, int, Span]]:
    for statement in statements(function.body):
        for value in values(statement):
            match value.op, value.data:
                case (("fail" | "require" | "expect"), (str(name), int(number))):
                    yield name, number, value.span
                case _:
                    pass


def _check_query(function: Function, effects: dict[Name, set[str]], reporter: Reporter) -> None:
    words = _NOT_IN_QUERIES
    for kind, span in function.effects:
        if kind in words:
            reporter.error(codes.QUERY_WRITES, span, what=words[kind])
    for module, name, span in function.calls:
        for kind in sorted(effects[module, name] & set(words)):
            reporter.error(codes.QUERY_WRITES, span, what=f"{words[kind]}, and `{name}` does")
