"""`while` and `for`, and what holds after them."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import operators
from daicho.compiler.step2_check.assignments import bind
from daicho.compiler.step2_check.convert import check_as, is_convertible
from daicho.compiler.step2_check.scope import (
    Block,
    Flow,
    Loop,
    Scope,
)
from daicho.compiler.tree import (
    Assign,
    Break,
    Continue,
    Expr,
    ForEach,
    ForRange,
    Stmt,
    While,
)
from daicho.compiler.types import (
    INT,
    UNKNOWN,
    BytesType,
    ListType,
    MapType,
    OptionalType,
    TupleType,
    Type,
)


def _forget_assigned(scope: Scope, body: list[ast.stmt]) -> None:
    """Of what is assigned somewhere in `body`, nothing is known at the beginning of a turn.

    What `+=` and its like make is never None.
    """
    if not scope.flow.present:
        return
    parts = [node for statement in body for node in ast.walk(statement)]
    counted = {id(node.target) for node in parts if isinstance(node, ast.AugAssign)}
    for node in parts:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in counted:
                scope.flow.forget(name)


def _loop_body(scope: Scope, block: Block, body: list[ast.stmt]) -> tuple[tuple[Stmt, ...], Loop]:
    loop = Loop()
    scope.loops.append(loop)
    checked = block(scope, body)
    scope.loops.pop()
    return checked, loop


def while_(scope: Scope, node: ast.While, block: Block) -> Stmt:
    """`while condition`; `while True` ends by `break` or `return` alone."""
    _forget_assigned(scope, node.body)
    forever = isinstance(node.test, ast.Constant) and node.test.value is True
    scope.statement = node.test
    condition, present, absent = operators.condition(scope, node.test)
    before = scope.flow.copy()
    scope.flow.present |= present
    body, loop = _loop_body(scope, block, node.body)
    scope.flow = before
    scope.flow.present |= absent
    if forever:
        scope.flow = Flow(reachable=False)
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    return While(scope.span(node), None if forever else condition, body)


def for_(scope: Scope, node: ast.For, block: Block) -> list[Stmt]:
    """`for name in …`: a range, a list, a map, bytes, a tuple."""
    scope.statement = node.iter
    names = _targets(scope, node.target)
    if names is None:
        return []
    _forget_assigned(scope, [node])
    if (
        isinstance(node.iter, ast.Call)
        and isinstance(node.iter.func, ast.Name)
        and node.iter.func.id == "range"
    ):
        return _for_range(scope, node, block, names)
    items, types = _iterated(scope, node, len(names))
    before = scope.flow.copy()
    turns = [_turn(scope, *target) for target in zip(names, types, strict=False)]
    body, loop = _loop_body(scope, block, node.body)
    scope.flow = before
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    places = tuple(place for place, _ in turns)
    starts = tuple(start for _, several in turns for start in several)
    return [ForEach(scope.span(node), places, items, (*starts, *body))]


def _targets(scope: Scope, node: ast.expr) -> list[ast.Name] | None:
    match node:
        case ast.Name():
            return [node]
        case ast.Tuple(elts=[ast.Name() as first, ast.Name() as second]):
            return [first, second]
    scope.error(codes.STATEMENT, node, what="this target of a loop")
    return None


def _turn(scope: Scope, target: ast.Name, type_: Type) -> tuple[str, list[Stmt]]:
    """The local that the loop fills, and what each turn begins with.

    A target that is a local of another size is assigned what the loop gives, converted.
    """
    name, span = target.id, scope.span(target)
    known = scope.function.locals.get(name, type_)
    if known == type_ or UNKNOWN in (known, type_) or name in scope.module.symbols:
        bind(scope, target, name, Expr("item", type_, span))
        return name, []
    room = known.item if isinstance(known, OptionalType) else known
    if room != type_ and not is_convertible(type_, room):
        hint = f"choose another name: `{name}` has a type already"
        scope.error(codes.MISMATCH, target, hint, expected=known, found=type_)
        return name, []
    item = Expr("local", type_, span, (), scope.temporary(type_))
    bound = bind(scope, target, name, item)
    return str(item.data), [] if bound is None else [Assign(span, name, bound)]


def _iterated(scope: Scope, node: ast.For, count: int) -> tuple[Expr, tuple[Type, ...]]:
    """What a loop runs over, and the types of its targets."""
    match node.iter:
        case ast.Call(func=ast.Attribute(attr="items") as called, args=[], keywords=[]):
            items = scope.check(called.value)
            if isinstance(items.type, MapType) and count == 2:
                return items, (items.type.key, items.type.value)
            if items.type != UNKNOWN and count == 1:
                return _no_pairs(scope, called, items), (UNKNOWN,)
        case _:
            items = scope.check(node.iter)
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


def _no_pairs(scope: Scope, called: ast.Attribute, owner: Expr) -> Expr:
    """Report `.items()` of what has none, or of a map into one name."""
    if not isinstance(owner.type, MapType):
        return scope.no_attribute(called, owner.type)
    text = shown(called.value)
    hint = f"write `for key, value in {text}.items()`, or `for key in {text}`"
    what = "gives keys and values, two at a time"
    return scope.error(codes.NOT_ITERABLE, called, hint, found=f"`{text}.items`", what=what)


def _for_range(scope: Scope, node: ast.For, block: Block, names: list[ast.Name]) -> list[Stmt]:
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
    values = [check_as(scope, item, INT) for item in given]
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
    place, starts = _turn(scope, names[0], INT)
    body, loop = _loop_body(scope, block, node.body)
    scope.flow = before
    for flow in loop.breaks:
        scope.flow = scope.flow.join(flow)
    return [ForRange(span, place, start, stop, step, (*starts, *body))]


def leave(scope: Scope, node: ast.Break | ast.Continue) -> list[Stmt]:
    """`break` and `continue`."""
    is_break = isinstance(node, ast.Break)
    word = "break" if is_break else "continue"
    if not scope.loops and scope.attempts:
        scope.error(codes.LEAVES_ATTEMPT, node, word=word)
        scope.flow.reachable = False
        return []
    if not scope.loops:
        scope.error(codes.OUTSIDE_LOOP, node, word=word)
        return []
    if is_break:
        scope.loops[-1].breaks.append(scope.flow.copy())
    scope.flow.reachable = False
    return [Break(scope.span(node)) if is_break else Continue(scope.span(node))]
