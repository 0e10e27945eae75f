"""Assignment: to locals, to items of lists and maps, to stored maps."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import methods, operators, storage
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.convert import check_as, coerce
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
    NEVER,
    UNKNOWN,
    ListType,
    MapType,
    NoneType,
    OptionalType,
    TupleType,
    Type,
)

LOCALS_MAX = 200
"""Locals that an author may name; the machine has 256 with the compiler's own."""


def bind(
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
    if name not in scope.function.locals and len(scope.function.locals) >= LOCALS_MAX:
        what = f"`{scope.function.name}` has more than {LOCALS_MAX} locals"
        if not scope.uncertain:
            scope.error(codes.LIMIT, node, what=what)
        scope.uncertain = True  # of further locals nothing is known
        return None
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
    if isinstance(value.type, (ListType, MapType)) and scope.path(node):
        scope.error(codes.SHARED_LIST, node, what=f"`{shown(node)}` would have two names")


def assign(scope: Scope, node: ast.Assign, target: ast.expr, value_node: ast.expr) -> list[Stmt]:
    """`name = value`, `a, b = value`, `xs[i] = value`."""
    match target:
        case ast.Name(id=name):
            value = scope.check(value_node, scope.function.locals.get(name))
            _alias(scope, value_node, value)
            bound = bind(scope, target, name, value)
            return [] if bound is None else [Assign(scope.span(node), name, bound)]
        case ast.Tuple(elts=elements):
            return _unpack(scope, node, elements, scope.check(value_node))
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
    _alias(scope, node.value, value)
    bound = bind(scope, node.target, node.target.id, value, declared)
    return [] if bound is None else [Assign(scope.span(node), node.target.id, bound)]


def augmented(scope: Scope, node: ast.AugAssign) -> list[Stmt]:
    """`name += value` and its like."""
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
    left, right = scope.check(read), scope.check(node.value)
    if isinstance(left.type, ListType) and name in scope.params:
        what = f"the parameter `{name}` belongs to the caller"
        scope.error(codes.SHARED_LIST, node.target, what=what)
        return []
    value = operators.binary(scope, node, left, node.op, right)
    bound = bind(scope, node, name, value)
    return [] if bound is None else [Assign(scope.span(node), name, bound)]


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
    scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to assign")
    return []


def delete(scope: Scope, node: ast.stmt, target: ast.expr) -> list[Stmt]:
    """`del xs[i]`, `del map[key]`."""
    if not isinstance(target, ast.Subscript):
        scope.error(codes.STATEMENT, target, what="`del` of a name")
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
    scope.error(codes.NOT_ITERABLE, target, found=owner.type, what="has no items to delete")
    return []


def list_change(scope: Scope, node: ast.Call, owner: ast.Name, attr: str) -> list[Stmt]:
    """`xs.append(…)` and the other changes of a local list."""
    name = methods.own_collection(scope, owner)
    current = scope.check(owner)
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
    args = tuple(check_as(scope, arg, type_) for arg, type_ in zip(node.args, types, strict=False))
    return [Change(scope.span(node), name, f"list.{attr}", args)]
