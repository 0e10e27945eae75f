"""Assignment: to locals, to items of lists and maps, to stored maps."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import meeting, methods, operators, storage
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.convert import check_as, coerce, valued
from daicho.compiler.step2_check.scope import (
    Scope,
    TableSymbol,
)
from daicho.compiler.tree import (
    Assign,
    Change,
    Do,
    Expr,
    Stmt,
    Unpack,
)
from daicho.compiler.types import (
    INT,
    UNKNOWN,
    DecimalType,
    ListType,
    MapType,
    OptionalType,
    TupleType,
    Type,
    is_ordered,
)

LOCALS_MAX = 200
"""Locals that an author may name; the machine has 256 with the compiler's own."""


def bind(
    scope: Scope,
    node: ast.AST,
    name: str,
    value: Expr,
    declared: Type | None = None,
    written: ast.expr | None = None,
) -> Expr | None:
    """Give local `name` a value; the value converted, or None after a report.

    `written` is the value as it stands in the source, where it does.
    """
    if name in scope.module.symbols:
        if name not in scope.excused:
            scope.error(codes.ASSIGN_GLOBAL, node, name=name)
        scope.shadowed.add(name)
        return None
    known = scope.function.locals.get(name)
    if declared is not None:
        if known is not None and known != declared:
            scope.error(codes.DUPLICATE, node, name=name)
            return None
        known = declared
    if name not in scope.function.locals and len(scope.function.locals) >= LOCALS_MAX:
        what = f"`{scope.function.name}` has more than {LOCALS_MAX} locals"
        if not scope.uncertain:
            scope.error(codes.LIMIT, node, what=what)
        scope.uncertain = True  # of further locals nothing is known
        return None
    if known is None:
        known = _inferred(scope, written or node, name, value)
        scope.inferred[name] = scope.span(node).line
    scope.function.locals[name] = known
    result = coerce(scope, value, known, written or node, _digits(scope, name, value.type))
    scope.assigned(name)
    scope.flow.assigned.add(name)
    if isinstance(known, OptionalType) and result.op == "some":
        scope.flow.present.add(name)
    return result


def _digits(scope: Scope, name: str, type_: Type) -> str:
    """The hint where a local has fewer places than what it is given: its first value had fewer."""
    if name not in scope.inferred or not isinstance(type_, DecimalType):
        return ""
    written = f"`{name}: Annotated[Decimal, Digits({type_.precision}, {type_.scale})] = …`"
    line = scope.inferred[name]
    return f"`{name}` has the places of its first value: say in line {line} how many, {written}"


def _inferred(scope: Scope, node: ast.AST, name: str, value: Expr) -> Type:
    if value.op == "none":
        hint = f"write `{name}: T | None = None`, T the type of what it may hold"
        scope.error(codes.INFER, node, hint, what=f"`{name}`")
        return UNKNOWN
    kept = valued(scope, value, node).type
    return meeting.widened(kept) if value.op in ("const", "list", "dict") else kept


def assign(scope: Scope, node: ast.Assign, target: ast.expr, value_node: ast.expr) -> list[Stmt]:
    """`name = value`, `a, b = value`, `xs[i] = value`."""
    match target:
        case ast.Name(id=name):
            known = scope.function.locals.get(name)
            if known is None and _is_empty(value_node) and name not in scope.module.symbols:
                hint = _EMPTY[type(value_node)].format(name=name)
                scope.error(codes.INFER, value_node, hint, what=f"`{name}`")
                scope.unknown_local(name)
                return []
            value = scope.check(value_node, known)
            bound = bind(scope, target, name, value, written=value_node)
            return [] if bound is None else [Assign(scope.span(node), name, bound)]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return _unpack(scope, node, elements, scope.check(value_node))
        case ast.Subscript():
            return _set_item(scope, node, target, value_node)
        case ast.Attribute():
            _field_assigned(scope, target)
    return []


_EMPTY: dict[type[ast.expr], str] = {
    ast.List: "write `{name}: list[T] = []`, T the type of its items",
    ast.Dict: "write `{name}: dict[K, V] = {{}}`, with the types of its keys and values",
}


def _is_empty(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
    return False


def _field_assigned(scope: Scope, target: ast.Attribute) -> None:
    owner = shown(target.value)
    hint = f"make a changed copy: `{owner} = {owner}.replace({target.attr}=…)`"
    match target.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="at")):
            hint = f"amounts move: `{name}.move(amount, source=…, target={shown(target)})`"
    scope.error(codes.IMMUTABLE, target, hint)


def _unpack(scope: Scope, node: ast.Assign, elements: list[ast.expr], value: Expr) -> list[Stmt]:
    names = [item.id for item in elements if isinstance(item, ast.Name)]
    found = value.type.items if isinstance(value.type, TupleType) else ()
    if value.type == UNKNOWN or len(names) != len(elements) or len(found) != len(names):
        refused = scope.module.parsed.refused
        if len(names) != len(elements) and not any(id(item) in refused for item in elements):
            hint = "take one tuple after the other apart"
            scope.error(codes.STATEMENT, node.targets[0], hint, what="this kind of unpacking")
        elif value.type != UNKNOWN and len(names) == len(elements):
            hint = "items of a list are taken by themselves: `first = xs[0]`"
            hint = hint if isinstance(value.type, ListType) else ""
            expected = f"a tuple of {len(elements)}"
            scope.error(codes.MISMATCH, node.value, hint, expected=expected, found=value.type)
        for name in names:
            scope.unknown_local(name)
        return []
    for element, name, type_ in zip(elements, names, found, strict=True):
        known = scope.function.locals.get(name, type_)
        if known != type_:
            scope.error(codes.MISMATCH, element, expected=known, found=type_)
        bind(scope, element, name, Expr("item", type_, scope.span(node)))
    return [Unpack(scope.span(node), tuple(names), value)]


def annotated(scope: Scope, node: ast.AnnAssign) -> list[Stmt]:
    """`name: Type = value`."""
    if not isinstance(node.target, ast.Name) or node.value is None:
        scope.error(
            codes.STATEMENT,
            node,
            "give the value in the same line",
            what="a declaration without a value",
        )
        return []
    declared = Annotations(scope.module, scope.reporter).read(node.annotation)
    value = scope.check(node.value, declared)
    bound = bind(scope, node.target, node.target.id, value, declared, node.value)
    return [] if bound is None else [Assign(scope.span(node), node.target.id, bound)]


def augmented(scope: Scope, node: ast.AugAssign) -> list[Stmt]:
    """`name += value` and its like."""
    if isinstance(node.target, ast.Attribute):
        _field_assigned(scope, node.target)
        return []
    if not isinstance(node.target, ast.Name):
        text = ast.unparse(ast.BinOp(node.target, node.op, node.value))
        hint = f"write the assignment out: `{shown(node.target)} = {text}`"
        scope.error(codes.STATEMENT, node, hint, what="this kind of augmented assignment")
        return []
    name = node.target.id
    if name in scope.module.symbols:
        if name not in scope.excused:
            scope.error(codes.ASSIGN_GLOBAL, node.target, name=name)
        return []
    read = ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node.target)
    left, right = scope.check(read), scope.check(node.value)
    if isinstance(left.type, ListType) and name in scope.params:
        what = f"the parameter `{name}` belongs to the caller"
        scope.error(codes.SHARED_LIST, node.target, what=what)
        return []
    value = operators.binary(scope, node, left, node.op, right)
    bound = bind(scope, node, name, value)
    in_place = isinstance(left.type, ListType)
    return [] if bound is None else [Assign(scope.span(node), name, bound, in_place)]


def _set_item(scope: Scope, node: ast.Assign, target: ast.Subscript, value: ast.expr) -> list[Stmt]:
    if isinstance(target.value, ast.Name):
        symbol = scope.module.symbols.get(target.value.id)
        if isinstance(symbol, TableSymbol):
            return [Do(scope.span(node), storage.set_item(scope, symbol.table, target, value))]
    name = methods.own_collection(scope, target.value)
    if not name:
        return []
    span = scope.span(node)
    owner = scope.check(target.value)
    match owner.type:
        case ListType(item) if not isinstance(target.slice, ast.Slice):
            args = (
                check_as(scope, target.slice, INT),
                check_as(scope, value, item),
            )
            return [Change(span, name, "list.set", args)]
        case MapType(key, item):
            args = (
                check_as(scope, target.slice, key),
                check_as(scope, value, item),
            )
            return [Change(span, name, "dict.put", args)]
    if owner.type != UNKNOWN:
        scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to assign")
    return []


def delete(scope: Scope, node: ast.stmt, target: ast.expr) -> list[Stmt]:
    """`del xs[i]`, `del map[key]`."""
    if not isinstance(target, ast.Subscript):
        hint = "leave it out: locals end with their function"
        scope.error(codes.STATEMENT, target, hint, what="`del` of a name")
        return []
    if isinstance(target.value, ast.Name):
        symbol = scope.module.symbols.get(target.value.id)
        if isinstance(symbol, TableSymbol):
            return [Do(scope.span(node), storage.delete_item(scope, symbol.table, target))]
    name = methods.own_collection(scope, target.value)
    if not name:
        return []
    owner = scope.check(target.value)
    match owner.type:
        case ListType():
            return [
                Change(
                    scope.span(node),
                    name,
                    "list.remove",
                    (check_as(scope, target.slice, INT),),
                )
            ]
        case MapType(key):
            return [
                Change(
                    scope.span(node),
                    name,
                    "dict.delete",
                    (check_as(scope, target.slice, key),),
                )
            ]
    if owner.type != UNKNOWN:
        scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to delete")
    return []


def list_change(scope: Scope, node: ast.Call, owner: ast.Name, attr: str) -> list[Stmt]:
    """`xs.append(…)` and the other changes of a local list."""
    name = methods.own_collection(scope, owner)
    current = scope.check(owner)
    if not name or not isinstance(current.type, ListType):
        return []
    item = current.type.item
    if attr == "sort" and not is_ordered(item):
        what, hint = "has items without an order", "sort numbers, texts, dates or times"
        scope.error(codes.NOT_ITERABLE, node, hint, found=current.type, what=what)
        return []
    wanted: dict[str, tuple[Type, ...]] = {
        "append": (item,),
        "extend": (ListType(item, current.type.length),),
        "insert": (INT, item),
    }
    types = wanted.get(attr, ())
    if len(node.args) != len(types) or node.keywords:
        scope.error(codes.ARGUMENTS, node, what=f"`{attr}` takes {len(types)} arguments")
        return []
    args = tuple(check_as(scope, arg, type_) for arg, type_ in zip(node.args, types, strict=False))
    return [Change(scope.span(node), name, f"list.{attr}", args)]
