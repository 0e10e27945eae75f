"""Calls: functions of the contract, of other contracts, of the language, methods."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import shown
from daicho.compiler.step2_check import constructors, functions, methods, outside, storage
from daicho.compiler.step2_check.arguments import arguments, in_order, written_order
from daicho.compiler.step2_check.convert import check_as
from daicho.compiler.step2_check.scope import (
    BuiltinSymbol,
    FunctionSymbol,
    Scope,
    TypeSymbol,
)
from daicho.compiler.tree import Expr
from daicho.compiler.types import (
    UNKNOWN,
    Type,
)

_FROM_OUTSIDE = {"entry": "an entry point", "query": "a query"}
"""Kinds of functions whose callers are asked who they are before they come in."""


def check(scope: Scope, node: ast.Call, expected: Type | None) -> Expr:
    """The typed node of a call."""
    match node.func:
        case ast.Name(id=name):
            return _named(scope, node, name, expected)
        case ast.Attribute(value=value, attr=attr):
            return _method(scope, node, value, attr)
    return scope.error(codes.NOT_CALLABLE, node, name=shown(node.func))


def _named(scope: Scope, node: ast.Call, name: str, expected: Type | None) -> Expr:
    if scope.function.locals.get(name) == UNKNOWN or name in scope.shadowed:
        return scope.unknown(node)
    if name in scope.function.locals:
        return scope.error(codes.NOT_CALLABLE, node, name=name)
    match scope.module.symbols.get(name):
        case FunctionSymbol(function):
            return _function(scope, node, function.module, function.name)
        case TypeSymbol(type_):
            return constructors.construct(scope, node, name, type_)
        case BuiltinSymbol(builtin):
            return functions.check(scope, node, builtin, expected)
        case None:
            return scope.unknown_name(node.func, name)
    return scope.error(codes.NOT_CALLABLE, node, name=name)


def _function(scope: Scope, node: ast.Call, module: str, name: str) -> Expr:
    assert isinstance(node.func, ast.Name)
    symbol = scope.module.symbols[node.func.id]
    assert isinstance(symbol, FunctionSymbol)
    function = symbol.function
    if function.kind in ("scheduled", "migrate"):
        hint = f"set a timer: `{name}.at(time, …)`" if function.kind == "scheduled" else ""
        return scope.error(codes.NOT_CALLABLE, node, hint or "it runs by itself", name=name)
    if function.kind in _FROM_OUTSIDE:
        what = _FROM_OUTSIDE[function.kind]
        return scope.error(codes.CALLED_FROM_CODE, node, name=name, what=what)
    names = [item.name for item in function.params]
    given = arguments(scope, node, names, name)
    if given is None:
        return Expr("unknown", UNKNOWN, scope.span(node))
    args = tuple(check_as(scope, given[item.name], item.type) for item in function.params)
    span, target = scope.span(node), (module, name)
    scope.function.calls.append((module, name, span))
    return in_order(
        scope,
        args,
        written_order(given, names),
        lambda args: Expr("call", function.result, span, args, target),
    )


def _method(scope: Scope, node: ast.Call, value: ast.expr, attr: str) -> Expr:
    source = storage.view(scope, value)
    if source is not None:
        if attr == "as_of":
            whole = storage.view(scope, node)
            return storage.method(scope, whole or source, attr, node)
        return storage.method(scope, source, attr, node)
    if isinstance(value, ast.Name) and value.id not in scope.function.locals:
        symbol = scope.module.symbols.get(value.id)
        match symbol:
            case TypeSymbol(type_):
                return constructors.class_method(scope, node, type_, attr)
            case FunctionSymbol(function):
                return outside.timer_set(scope, node, function, attr)
            case BuiltinSymbol("oracle"):
                return outside.oracle(scope, node, attr)
    return methods.check(scope, node, scope.check(value), attr)
