"""Statements, and what holds after them: assigned names, None, reachability."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.step1_parse import inner_blocks
from daicho.compiler.step2_check import assignments, loops, matching, methods, operators
from daicho.compiler.step2_check.arguments import is_effective
from daicho.compiler.step2_check.classes import is_remark
from daicho.compiler.step2_check.convert import check_as
from daicho.compiler.step2_check.scope import BuiltinSymbol, Scope, bound_names
from daicho.compiler.tree import (
    Attempt,
    Do,
    Expr,
    If,
    Return,
    Stmt,
)
from daicho.compiler.types import (
    ATTEMPT,
    NEVER,
    NONE,
    UNKNOWN,
    ListType,
)


def check_body(scope: Scope, node: ast.FunctionDef) -> None:
    """Check the body of a function and keep it, typed."""
    _excuse(scope, node)
    scope.function.body = block(scope, node.body)
    result = scope.function.result
    if scope.flow.reachable and not scope.uncertain and result not in (NONE, UNKNOWN):
        name = scope.function.name
        scope.error(codes.NO_RETURN, node, name=name, type=result)


def _excuse(scope: Scope, node: ast.FunctionDef) -> None:
    """Names that refused code would bind have a value of unknown type: no more is said of them."""
    parsed = scope.module.parsed
    if not parsed.refused and not parsed.is_nested:
        return
    for part in ast.walk(node):
        is_inner = isinstance(part, (ast.FunctionDef, ast.ClassDef, ast.ImportFrom))
        if part is node or not (is_inner or id(part) in parsed.refused):
            continue
        if isinstance(part, (ast.Yield, ast.YieldFrom)):
            scope.uncertain = True
        if isinstance(part, (ast.Global, ast.Nonlocal)):
            scope.excused |= set(part.names)
        else:
            for name in sorted(bound_names(part) - set(scope.function.locals)):
                scope.unknown_local(name)


def block(scope: Scope, body: list[ast.stmt]) -> tuple[Stmt, ...]:
    """Check statements one after another."""
    done: list[Stmt] = []
    for statement in body:
        if not scope.flow.reachable:
            scope.error(codes.UNREACHABLE, statement)
            scope.flow.reachable = scope.uncertain = True
            break
        if id(statement) in scope.module.parsed.refused:
            scope.uncertain = True
            for inner in inner_blocks(statement):
                block(scope, inner)
                scope.flow.reachable = True
        else:
            done += _told(scope, statement)
    return tuple(done)


def _told(scope: Scope, node: ast.stmt) -> list[Stmt]:
    """What a statement is checked to; one that leaves nothing behind was reported."""
    done = _statement(scope, node)
    if not done and not scope.reporter.diagnostics:
        says_nothing = isinstance(node, ast.Pass) or is_remark(node)
        assert says_nothing, f"{type(node).__name__} is neither kept nor refused"
    return done


def _statement(scope: Scope, node: ast.stmt) -> list[Stmt]:
    scope.statement = node
    match node:
        case ast.Pass():
            return []
        case ast.Expr(value=value):
            return _expression(scope, node, value)
        case ast.Assign(targets=[target], value=value):
            return assignments.assign(scope, node, target, value)
        case ast.AnnAssign():
            return assignments.annotated(scope, node)
        case ast.AugAssign():
            return assignments.augmented(scope, node)
        case ast.Delete(targets=targets):
            return [item for target in targets for item in assignments.delete(scope, node, target)]
        case ast.If():
            return [_if(scope, node)]
        case ast.While():
            return [loops.while_(scope, node, block)]
        case ast.For():
            return loops.for_(scope, node, block)
        case ast.Match():
            return matching.match_(scope, node, block)
        case ast.With():
            return _with(scope, node)
        case ast.Return():
            return [_return(scope, node)]
        case ast.Break() | ast.Continue():
            return loops.leave(scope, node)
    what, hint = _NOT_INSIDE.get(type(node), (f"`{type(node).__name__}` inside a function", ""))
    scope.error(codes.STATEMENT, node, hint, what=what)
    return []


_NOT_INSIDE: dict[type[ast.stmt], tuple[str, str]] = {
    ast.FunctionDef: (
        "a function inside a function",
        "write it beside this one, and give it what it needs as arguments",
    ),
    ast.ClassDef: ("a class inside a function", "write it at the top level"),
    ast.ImportFrom: ("an import inside a function", "write it at the top of the file"),
}


def _expression(scope: Scope, node: ast.Expr, value: ast.expr) -> list[Stmt]:
    if is_remark(node):
        return []
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name) as owner, attr=attr)) if (
            isinstance(scope.function.locals.get(name), ListType)
            and attr in methods.CHANGES["list"]
        ):
            return assignments.list_change(scope, value, owner, attr)
    result = scope.check(value)
    if result.type == NEVER:
        scope.flow.reachable = False
    elif result.type not in (NONE, UNKNOWN) and not is_effective(result):
        scope.error(codes.NO_EFFECT, value)
        return []
    return [Do(scope.span(node), result)]


def _if(scope: Scope, node: ast.If) -> Stmt:
    scope.statement = node.test
    condition, present, absent = operators.condition(scope, node.test)
    before = scope.flow.copy()
    scope.flow.present |= present
    then = block(scope, node.body)
    after_then, scope.flow = scope.flow, before.copy()
    scope.flow.present |= absent
    orelse = block(scope, node.orelse)
    scope.flow = after_then.join(scope.flow)
    return If(scope.span(node), condition, then, orelse)


def _with(scope: Scope, node: ast.With) -> list[Stmt]:
    """`with attempt() as name:`, the one `with` there is."""
    match node.items:
        case [ast.withitem(ast.Call(ast.Name(called), [], []), ast.Name(id=name) as target)]:
            if scope.module.symbols.get(called) == BuiltinSymbol("attempt"):
                return [_attempt(scope, node, target, name)]
    hint = "write `with attempt() as tried:`"
    scope.error(codes.STATEMENT, node.items[0].context_expr, hint, what="this `with`")
    scope.uncertain = True
    return []


def _attempt(scope: Scope, node: ast.With, target: ast.Name, name: str) -> Stmt:
    """After the block holds what held before it and still holds at its end."""
    if name in scope.attempts:
        hint = f"give this one a name of its own: `{name}` is how the attempt around it went"
        scope.error(codes.DUPLICATE, target, hint, name=name)
    if name not in scope.module.symbols:
        scope.function.locals.setdefault(name, ATTEMPT)  # known inside, without a value
    scope.flow.assigned.discard(name)
    before, loops = scope.flow.copy(), scope.loops
    scope.loops = []
    scope.attempts.append(name)
    body = block(scope, node.body)
    scope.attempts.pop()
    scope.loops = loops
    scope.flow = before.join(scope.flow)
    assignments.bind(scope, target, name, Expr("item", ATTEMPT, scope.span(target)))
    return Attempt(scope.span(node), name, body)


def _is_none(node: ast.expr) -> bool:
    """Whether a value is written `None`."""
    return isinstance(node, ast.Constant) and node.value is None


def _return(scope: Scope, node: ast.Return) -> Stmt:
    if scope.attempts:
        scope.error(codes.LEAVES_ATTEMPT, node, word="return")
    wanted = scope.function.result
    value: Expr | None = None
    if node.value is None or (wanted == NONE and _is_none(node.value)):
        if wanted not in (NONE, UNKNOWN):
            scope.error(codes.MISMATCH, node, expected=wanted, found="nothing")
    elif wanted == NONE:
        found = scope.check(node.value)
        if found.type != UNKNOWN:
            scope.error(codes.MISMATCH, node.value, expected="nothing", found=found.type)
    else:
        value = check_as(scope, node.value, wanted)
    scope.flow.reachable = False
    return Return(scope.span(node), value)
