"""Statements, and what holds after them: assigned names, None, reachability."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.step2_check import expressions, methods, operators, storage
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.classes import is_remark
from daicho.compiler.step2_check.convert import coerce
from daicho.compiler.step2_check.scope import Flow, Loop, Scope, TableSymbol
from daicho.compiler.tree import (
    Assign,
    Break,
    Change,
    Continue,
    Do,
    Expr,
    ForEach,
    ForRange,
    If,
    Return,
    Stmt,
    Unpack,
    While,
)
from daicho.compiler.types import (
    BOOL,
    INT,
    NEVER,
    NONE,
    UNKNOWN,
    BytesType,
    EnumType,
    ListType,
    MapType,
    NoneType,
    OptionalType,
    TupleType,
    Type,
)


def check_body(scope: Scope, node: ast.FunctionDef) -> None:
    """Check the body of a function and keep it, typed."""
    scope.function.body = block(scope, node.body)
    result = scope.function.result
    if scope.flow.reachable and not scope.uncertain and result not in (NONE, UNKNOWN):
        name = scope.function.name
        scope.error(codes.NO_RETURN, node, name=name, type=result)


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
        else:
            done += _statement(scope, statement)
    return tuple(done)


def _statement(scope: Scope, node: ast.stmt) -> list[Stmt]:
    match node:
        case ast.Pass():
            return []
        case ast.Expr(value=value):
            return _expression(scope, node, value)
        case ast.Assign(targets=[target], value=value):
            return _assign(scope, node, target, value)
        case ast.AnnAssign():
            return _annotated(scope, node)
        case ast.AugAssign():
            return _augmented(scope, node)
        case ast.Delete(targets=targets):
            return [item for target in targets for item in _delete(scope, node, target)]
        case ast.If():
            return [_if(scope, node)]
        case ast.While():
            return [_while(scope, node)]
        case ast.For():
            return _for(scope, node)
        case ast.Match():
            return _match(scope, node)
        case ast.Return():
            return [_return(scope, node)]
        case ast.Break() | ast.Continue():
            return _leave(scope, node)
    scope.error(codes.STATEMENT, node, what=f"`{type(node).__name__}` inside a function")
    return []


# --- assignment ---


def _bind(
    scope: Scope, node: ast.AST, name: str, value: Expr, declared: Type | None = None
) -> Expr | None:
    """Give local `name` a value; the value converted, or None after a report."""
    if name in scope.module.symbols:
        scope.error(codes.ASSIGN_GLOBAL, node, name=name)
        return None
    known = scope.function.locals.get(name)
    if declared is not None:
        if known is not None and known != declared:
            scope.error(codes.DUPLICATE, node, name=name)
            return None
        known = declared
    if known is None:
        known = _inferred(scope, node, name, value)
    scope.function.locals[name] = known
    result = coerce(scope, value, known, node)
    scope.flow.forget(name)
    scope.flow.assigned.add(name)
    if isinstance(known, OptionalType) and result.op == "some":
        scope.flow.present.add(name)
    return result


def _inferred(scope: Scope, node: ast.AST, name: str, value: Expr) -> Type:
    if value.op == "none":
        scope.error(codes.INFER, node, what=f"`{name}`")
        return UNKNOWN
    if isinstance(value.type, NoneType) or value.type == NEVER:
        scope.error(
            codes.MISMATCH, node, "this gives no value", expected="a value", found=value.type
        )
        return UNKNOWN
    return operators.widened(value.type) if value.op in ("const", "list", "dict") else value.type


def _alias(scope: Scope, node: ast.expr, value: Expr) -> None:
    """A list or map has one name; `b = a` would make two."""
    if isinstance(value.type, (ListType, MapType)) and expressions.path(scope, node):
        scope.error(codes.SHARED_LIST, node, what=f"`{ast.unparse(node)}` would have two names")


def _assign(scope: Scope, node: ast.Assign, target: ast.expr, value_node: ast.expr) -> list[Stmt]:
    match target:
        case ast.Name(id=name):
            value = expressions.check(scope, value_node, scope.function.locals.get(name))
            _alias(scope, value_node, value)
            bound = _bind(scope, target, name, value)
            return [] if bound is None else [Assign(scope.span(node), name, bound)]
        case ast.Tuple(elts=elements):
            return _unpack(scope, node, elements, expressions.check(scope, value_node))
        case ast.Subscript():
            return _set_item(scope, node, target, value_node)
        case ast.Attribute():
            scope.error(codes.IMMUTABLE, target)
    return []


def _unpack(scope: Scope, node: ast.Assign, elements: list[ast.expr], value: Expr) -> list[Stmt]:
    names = [item.id for item in elements if isinstance(item, ast.Name)]
    if value.type == UNKNOWN:
        return []
    if (
        not isinstance(value.type, TupleType)
        or len(names) != len(value.type.items)
        or len(names) != len(elements)
    ):
        scope.error(codes.MISMATCH, node, expected=f"a tuple of {len(elements)}", found=value.type)
        return []
    for element, name, type_ in zip(elements, names, value.type.items, strict=False):
        known = scope.function.locals.get(name, type_)
        if known != type_:
            scope.error(codes.MISMATCH, element, expected=known, found=type_)
        _bind(scope, element, name, Expr("item", type_, scope.span(node)))
    return [Unpack(scope.span(node), tuple(names), value)]


def _annotated(scope: Scope, node: ast.AnnAssign) -> list[Stmt]:
    if not isinstance(node.target, ast.Name) or node.value is None:
        scope.error(
            codes.STATEMENT,
            node,
            "give the value in the same line",
            what="a declaration without a value",
        )
        return []
    declared = Annotations(scope.module, scope.reporter).read(node.annotation)
    value = expressions.check(scope, node.value, declared)
    _alias(scope, node.value, value)
    bound = _bind(scope, node.target, node.target.id, value, declared)
    return [] if bound is None else [Assign(scope.span(node), node.target.id, bound)]


def _augmented(scope: Scope, node: ast.AugAssign) -> list[Stmt]:
    if isinstance(node.target, ast.Attribute):
        scope.error(codes.IMMUTABLE, node.target)
        return []
    if not isinstance(node.target, ast.Name):
        hint = "write the assignment out: `xs[i] = xs[i] + 1`"
        scope.error(codes.STATEMENT, node, hint, what="this kind of augmented assignment")
        return []
    name = node.target.id
    if name in scope.module.symbols:
        scope.error(codes.ASSIGN_GLOBAL, node.target, name=name)
        return []
    read = ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node.target)
    left, right = expressions.check(scope, read), expressions.check(scope, node.value)
    if isinstance(left.type, ListType) and name in scope.params:
        what = f"the parameter `{name}` belongs to the caller"
        scope.error(codes.SHARED_LIST, node.target, what=what)
        return []
    value = operators.binary(scope, node, left, node.op, right)
    bound = _bind(scope, node, name, value)
    return [] if bound is None else [Assign(scope.span(node), name, bound)]


def _own_collection(scope: Scope, node: ast.expr) -> str:
    """The local list or map that `node` names, if it may be changed here."""
    if not isinstance(node, ast.Name) or node.id not in scope.function.locals:
        scope.error(codes.IMMUTABLE, node)
        return ""
    if node.id in scope.params:
        scope.error(
            codes.SHARED_LIST, node, what=f"the parameter `{node.id}` belongs to the caller"
        )
        return ""
    return node.id


def _set_item(scope: Scope, node: ast.Assign, target: ast.Subscript, value: ast.expr) -> list[Stmt]:
    if isinstance(target.value, ast.Name):
        symbol = scope.module.symbols.get(target.value.id)
        if isinstance(symbol, TableSymbol):
            return [Do(scope.span(node), storage.set_item(scope, symbol.table, target, value))]
    name = _own_collection(scope, target.value)
    if not name:
        return []
    span = scope.span(node)
    owner = expressions.check(scope, target.value)
    match owner.type:
        case ListType(item) if not isinstance(target.slice, ast.Slice):
            args = (
                expressions.check_as(scope, target.slice, INT),
                expressions.check_as(scope, value, item),
            )
            return [Change(span, name, "list.set", args)]
        case MapType(key, item):
            args = (
                expressions.check_as(scope, target.slice, key),
                expressions.check_as(scope, value, item),
            )
            return [Change(span, name, "dict.put", args)]
    scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to assign")
    return []


def _delete(scope: Scope, node: ast.stmt, target: ast.expr) -> list[Stmt]:
    if not isinstance(target, ast.Subscript):
        scope.error(codes.STATEMENT, target, what="`del` of a name")
        return []
    if isinstance(target.value, ast.Name):
        symbol = scope.module.symbols.get(target.value.id)
        if isinstance(symbol, TableSymbol):
            return [Do(scope.span(node), storage.delete_item(scope, symbol.table, target))]
    name = _own_collection(scope, target.value)
    if not name:
        return []
    owner = expressions.check(scope, target.value)
    match owner.type:
        case ListType():
            return [
                Change(
                    scope.span(node),
                    name,
                    "list.remove",
                    (expressions.check_as(scope, target.slice, INT),),
                )
            ]
        case MapType(key):
            return [
                Change(
                    scope.span(node),
                    name,
                    "dict.delete",
                    (expressions.check_as(scope, target.slice, key),),
                )
            ]
    scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to delete")
    return []


# --- expressions as statements ---


def _expression(scope: Scope, node: ast.Expr, value: ast.expr) -> list[Stmt]:
    if is_remark(node):
        return []
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name) as owner, attr=attr)) if (
            isinstance(scope.function.locals.get(name), ListType)
            and attr in methods.CHANGES["list"]
        ):
            return _list_change(scope, value, owner, attr)
    result = expressions.check(scope, value)
    if result.type == NEVER:
        scope.flow.reachable = False
    elif result.type not in (NONE, UNKNOWN) and result.op != "call":
        scope.error(codes.NO_EFFECT, value)
        return []
    return [Do(scope.span(node), result)]


def _list_change(scope: Scope, node: ast.Call, owner: ast.Name, attr: str) -> list[Stmt]:
    name = _own_collection(scope, owner)
    current = expressions.check(scope, owner)
    if not name or not isinstance(current.type, ListType):
        return []
    item = current.type.item
    wanted: dict[str, tuple[Type, ...]] = {
        "append": (item,),
        "extend": (ListType(item, current.type.length),),
        "insert": (INT, item),
    }
    types = wanted.get(attr, ())
    if len(node.args) != len(types) or node.keywords:
        scope.error(codes.ARGUMENTS, node, what=f"`{attr}` takes {len(types)} arguments")
        return []
    args = tuple(
        expressions.check_as(scope, arg, type_)
        for arg, type_ in zip(node.args, types, strict=False)
    )
    return [Change(scope.span(node), name, f"list.{attr}", args)]


# --- branches and loops ---


def _if(scope: Scope, node: ast.If) -> Stmt:
    condition, present, absent = operators.condition(scope, node.test)
    before = scope.flow.copy()
    scope.flow.present |= present
    then = block(scope, node.body)
    after_then, scope.flow = scope.flow, before.copy()
    scope.flow.present |= absent
    orelse = block(scope, node.orelse)
    scope.flow = after_then.join(scope.flow)
    return If(scope.span(node), condition, then, orelse)


def _assigned_in(body: list[ast.stmt]) -> set[str]:
    """Every name assigned somewhere in `body`."""
    names: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names


def _loop_body(scope: Scope, body: list[ast.stmt]) -> tuple[tuple[Stmt, ...], Loop]:
    loop = Loop()
    scope.loops.append(loop)
    checked = block(scope, body)
    scope.loops.pop()
    return checked, loop


def _while(scope: Scope, node: ast.While) -> Stmt:
    for name in sorted(_assigned_in(node.body)):
        scope.flow.forget(name)
    forever = isinstance(node.test, ast.Constant) and node.test.value is True
    condition, present, absent = operators.condition(scope, node.test)
    before = scope.flow.copy()
    scope.flow.present |= present
    body, loop = _loop_body(scope, node.body)
    scope.flow = before
    scope.flow.present |= absent
    if forever:
        scope.flow = Flow(reachable=False)
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    return While(scope.span(node), None if forever else condition, body)


def _for(scope: Scope, node: ast.For) -> list[Stmt]:
    names = _targets(scope, node.target)
    if names is None:
        return []
    for name in sorted(_assigned_in([node])):
        scope.flow.forget(name)
    if (
        isinstance(node.iter, ast.Call)
        and isinstance(node.iter.func, ast.Name)
        and node.iter.func.id == "range"
    ):
        return _for_range(scope, node, names)
    items, types = _iterated(scope, node, len(names))
    before = scope.flow.copy()
    for name, type_ in zip(names, types, strict=False):
        _bind(scope, node.target, name, Expr("item", type_, scope.span(node)))
    body, loop = _loop_body(scope, node.body)
    scope.flow = before
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    return [ForEach(scope.span(node), tuple(names), items, body)]


def _targets(scope: Scope, node: ast.expr) -> list[str] | None:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]):
            return [first, second]
    scope.error(codes.STATEMENT, node, what="this target of a loop")
    return None


def _iterated(scope: Scope, node: ast.For, count: int) -> tuple[Expr, tuple[Type, ...]]:
    """What a loop runs over, and the types of its targets."""
    match node.iter:
        case ast.Call(func=ast.Attribute(value=owner, attr="items"), args=[], keywords=[]) if (
            count == 2
        ):
            items = expressions.check(scope, owner)
            if isinstance(items.type, MapType):
                return items, (items.type.key, items.type.value)
        case _:
            items = expressions.check(scope, node.iter)
    match items.type:
        case ListType(item) if count == 1:
            return items, (item,)
        case MapType(key) if count == 1:
            return Expr("dict.keys", ListType(key), items.span, (items,)), (key,)
        case BytesType() if count == 1:
            return items, (INT,)
        case TupleType() if count == 1 and items.op == "tuple" and len(set(items.type.items)) == 1:
            item = items.type.items[0]
            return Expr("list", ListType(item), items.span, items.args), (item,)
    if items.type != UNKNOWN:
        hint = "write `for i in range(len(text))`" if str(items.type).startswith("Str") else ""
        scope.error(
            codes.NOT_ITERABLE,
            node.iter,
            hint,
            found=items.type,
            what=f"does not give {count} at a time",
        )
    return items, (UNKNOWN,) * count


def _for_range(scope: Scope, node: ast.For, names: list[str]) -> list[Stmt]:
    assert isinstance(node.iter, ast.Call)
    given = node.iter.args
    if not 1 <= len(given) <= 3 or node.iter.keywords or len(names) != 1:
        scope.error(
            codes.ARGUMENTS,
            node.iter,
            what="`range` takes a stop, a start and a stop, or those and a step",
        )
        return []
    span = scope.span(node)
    values = [expressions.check_as(scope, item, INT) for item in given]
    zero = Expr("const", INT, span, (), 0)
    start, stop = (zero, values[0]) if len(values) == 1 else (values[0], values[1])
    step = 1
    if len(values) == 3:
        if values[2].op != "const" or not isinstance(values[2].data, int) or values[2].data == 0:
            scope.error(
                codes.NOT_CONSTANT, given[2], what="the step of a range is a literal, not 0"
            )
        else:
            step = values[2].data
    before = scope.flow.copy()
    _bind(scope, node.target, names[0], Expr("item", INT, span))
    body, loop = _loop_body(scope, node.body)
    scope.flow = before
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    return [ForRange(span, names[0], start, stop, step, body)]


def _leave(scope: Scope, node: ast.Break | ast.Continue) -> list[Stmt]:
    is_break = isinstance(node, ast.Break)
    if not scope.loops:
        scope.error(codes.OUTSIDE_LOOP, node, word="break" if is_break else "continue")
        return []
    if is_break:
        scope.loops[-1].breaks.append(scope.flow.copy())
    scope.flow.reachable = False
    return [Break(scope.span(node)) if is_break else Continue(scope.span(node))]


def _return(scope: Scope, node: ast.Return) -> Stmt:
    wanted = scope.function.result
    value: Expr | None = None
    if node.value is None:
        if wanted not in (NONE, UNKNOWN):
            scope.error(codes.MISMATCH, node, expected=wanted, found="nothing")
    elif wanted == NONE:
        found = expressions.check(scope, node.value)
        scope.error(codes.MISMATCH, node.value, expected="nothing", found=found.type)
    else:
        value = expressions.check_as(scope, node.value, wanted)
    scope.flow.reachable = False
    return Return(scope.span(node), value)


# --- match ---


def _match(scope: Scope, node: ast.Match) -> list[Stmt]:
    subject = expressions.check(scope, node.subject)
    if not isinstance(subject.type, EnumType):
        if subject.type != UNKNOWN:
            scope.error(codes.MISMATCH, node.subject, expected="an enum", found=subject.type)
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
            scope.error(codes.STATEMENT, option, "match on members of an enum", what="this pattern")
            continue
        member = expressions.check_as(scope, option.value, value.type)
        if isinstance(member.data, int):
            numbers.add(member.data)
        tests.append(Expr("eq", BOOL, scope.span(option), (value, member)))
    if not tests:
        return None, everything
    result = tests[0]
    for test in tests[1:]:
        result = Expr("or", BOOL, result.span, (result, test))
    return result, numbers


def _exhaustive(
    scope: Scope, node: ast.Match, enum: EnumType, arms: list[tuple[Expr | None, set[int]]]
) -> None:
    handled = {number for _, numbers in arms for number in numbers}
    missing = [name for name, number in enum.members if number not in handled]
    if missing:
        scope.uncertain = True
        scope.error(codes.EXHAUSTIVE, node, missing=", ".join(missing))
