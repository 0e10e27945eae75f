"""Signatures: parameters, result, and the decorator that opens a function to callers."""

from __future__ import annotations

import ast

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, shown
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.scope import BuiltinSymbol, Module, TypeSymbol
from daicho.compiler.tree import Function, Param
from daicho.compiler.types import (
    NONE,
    PARTY,
    ROLE,
    UNKNOWN,
    BytesType,
    ListType,
    MapType,
    OptionalType,
    StrType,
    Type,
    is_storable,
)

PARAMS_MAX = 64
CALLERS_MAX = 64
_OPTIONS = {
    "entry": ("roles", "signed_by"),
    "query": ("roles",),
    "export": ("callers",),
    "scheduled": ("priority", "gas"),
    "migrate": (),
}
PRIORITY_MAX = 255
GAS_CLASSES = ("S", "M", "L")


class Signatures:
    """Reads the signatures of one module."""

    def __init__(self, module: Module, reporter: Reporter, annotations: Annotations) -> None:
        self.module = module
        self.reporter = reporter
        self.annotations = annotations

    def read(self, node: ast.FunctionDef) -> Function:
        """A function without its body."""
        params = tuple(self._param(item) for item in node.args.args)
        self._unique(node, params)
        result = self._result(node)
        span = self.reporter.source.span(node)
        function = Function(self.module.name, node.name, params, result, "helper", span)
        function.doc = ast.get_docstring(node) or ""
        function.locals = {item.name: item.type for item in params}
        for position, decorator in enumerate(node.decorator_list):
            if position:
                self.reporter.error(
                    codes.DECORATOR, decorator, what="a function takes one decorator"
                )
            else:
                self._decorator(function, decorator)
        self._border(node, function)
        return function

    def _param(self, node: ast.arg) -> Param:
        if node.annotation is None:
            self.reporter.error(codes.MISSING_TYPE, node, what=f"the parameter `{node.arg}`")
            return Param(node.arg, UNKNOWN)
        if node.arg in self.module.symbols:
            self.reporter.error(codes.DUPLICATE, node, name=node.arg)
        return Param(node.arg, self.annotations.read(node.annotation))

    def _unique(self, node: ast.FunctionDef, params: tuple[Param, ...]) -> None:
        if len(params) > PARAMS_MAX:
            what = f"a function has at most {PARAMS_MAX} parameters"
            self.reporter.error(codes.LIMIT, node, what=what)

    def _result(self, node: ast.FunctionDef) -> Type:
        if node.returns is None:
            self.reporter.error(codes.MISSING_TYPE, node, what=f"the result of `{node.name}`")
            return UNKNOWN
        return self.annotations.read_result(node.returns)

    def _border(self, node: ast.FunctionDef, function: Function) -> None:
        """What crosses the contract's border has a bounded size."""
        if function.kind == "helper":
            return
        for item, arg in zip(function.params, node.args.args, strict=False):
            if item.type != UNKNOWN and not is_storable(item.type):
                what = f"the parameter `{item.name}`, {item.type},"
                self.reporter.error(codes.UNBOUNDED, arg, bounded(item.type), what=what)
        result = function.result
        if isinstance(result, ListType) and result.length is None:
            result = ListType(result.item, 1)
        if result not in (NONE, UNKNOWN) and not is_storable(result):
            assert node.returns is not None
            what = f"the result, {function.result},"
            self.reporter.error(codes.UNBOUNDED, node.returns, bounded(function.result), what=what)

    # --- decorators ---

    def _decorator(self, function: Function, node: ast.expr) -> None:
        callee = node.func if isinstance(node, ast.Call) else node
        symbol = self.module.symbols.get(callee.id) if isinstance(callee, ast.Name) else None
        kind = symbol.name if isinstance(symbol, BuiltinSymbol) else ""
        if kind not in _OPTIONS:
            self.reporter.error(codes.DECORATOR, node, what=f"`@{shown(node)}` is not known")
            return
        function.kind = kind
        if kind == "migrate":
            self._migration(function, node)
            return
        options = self._options(kind, node)
        if kind in ("entry", "query"):
            self._authority(function, node, options)
        if kind == "scheduled":
            self._schedule(function, node, options)
        if kind == "export":
            self._callers(function, node, options)

    def _options(self, kind: str, node: ast.expr) -> dict[str, ast.expr]:
        if not isinstance(node, ast.Call):
            if kind not in ("entry", "query", "export"):  # of those it is said who may call
                hint = f"write `@{kind}()`, and its options in the brackets"
                self.reporter.error(codes.DECORATOR, node, hint, what=f"`@{kind}` has no brackets")
            return {}
        options: dict[str, ast.expr] = {}
        for item in node.keywords:
            if item.arg not in _OPTIONS[kind]:
                self.reporter.error(
                    codes.DECORATOR, item, what=f"`@{kind}` has no option `{item.arg}`"
                )
            elif item.arg is not None:
                options[item.arg] = item.value
        for positional in node.args:
            self.reporter.error(codes.DECORATOR, positional, what="options are named")
        return options

    def _migration(self, function: Function, node: ast.expr) -> None:
        if isinstance(node, ast.Call):
            self.reporter.error(codes.DECORATOR, node, what="`@migrate` takes no options")
        if function.params or function.result not in (NONE, UNKNOWN):
            self.reporter.error(
                codes.MIGRATION, function.span, what="a migration takes and returns nothing"
            )

    def _schedule(self, function: Function, node: ast.expr, options: dict[str, ast.expr]) -> None:
        match options.get("priority"):
            case ast.Constant(value=value) if type(value) is int and 0 <= value <= PRIORITY_MAX:
                function.priority = value
            case None:
                function.priority = PRIORITY_MAX // 2 + 1
            case other:
                what = f"the priority is a literal from 0, the first, to {PRIORITY_MAX}"
                self.reporter.error(codes.SCHEDULED, other, what=what)
        match options.get("gas"):
            case ast.Constant(value=str(name)) if name in GAS_CLASSES:
                function.gas = name
            case None:
                function.gas = "M"
            case other:
                what = f"the gas class is one of {', '.join(GAS_CLASSES)}"
                self.reporter.error(codes.SCHEDULED, other, what=what)
        self._cursor(function, node)

    def _cursor(self, function: Function, node: ast.expr) -> None:
        """The result is nothing, or what the last parameter is for the next block."""
        result = function.result
        if result in (NONE, UNKNOWN):
            return
        last = function.params[-1].type if function.params else NONE
        if last != UNKNOWN and (result != last or not isinstance(result, OptionalType)):
            what = f"the result, {result}, is not None nor an optional like the last parameter"
            self.reporter.error(codes.SCHEDULED, node, what=what)

    def _authority(self, function: Function, node: ast.expr, options: dict[str, ast.expr]) -> None:
        if "roles" not in options:
            kind = function.kind
            hint = f"write `@{kind}(roles=(Role.MEMBER,))`, or `@{kind}(roles=ANY_ROLE)`"
            what = "the roles that may call it are missing"
            self.reporter.error(codes.AUTHORITY, node, hint, what=what)
        else:
            function.roles = self._roles(options["roles"])
        if "signed_by" in options:
            self._signed_by(function, options["signed_by"])

    def _signed_by(self, function: Function, node: ast.expr) -> None:
        if isinstance(node, ast.Tuple) and not node.elts:
            hint = "leave it out, or name parameters of type Party"
            self.reporter.error(codes.SIGNED_BY, node, hint, what="`signed_by` names nobody")
        function.signed_by = self._texts(node)
        parties = {item.name for item in function.params if item.type == PARTY}
        for name in function.signed_by:
            if name not in parties:
                what = f"`{name}` is not a parameter of type Party"
                self.reporter.error(codes.SIGNED_BY, node, what=what)

    def _roles(self, node: ast.expr) -> tuple[int, ...]:
        if isinstance(node, ast.Name):
            symbol = self.module.symbols.get(node.id)
            if isinstance(symbol, BuiltinSymbol) and symbol.name == "ANY_ROLE":
                return tuple(bit for _, bit in ROLE.members)
        if isinstance(node, ast.Tuple) and node.elts:
            return tuple(self._role(item) for item in node.elts)
        self.reporter.error(codes.AUTHORITY, node, what="roles are a tuple with at least one role")
        return ()

    def _role(self, node: ast.expr) -> int:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=member):
                symbol = self.module.symbols.get(name)
                bits = dict(ROLE.members)
                if isinstance(symbol, TypeSymbol) and symbol.type == ROLE and member in bits:
                    return bits[member]
        self.reporter.error(codes.AUTHORITY, node, what=f"`{shown(node)}` is not a role")
        return 0

    def _texts(self, node: ast.expr) -> tuple[str, ...]:
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        values = [item.value for item in items if isinstance(item, ast.Constant)]
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(items) or not isinstance(node, ast.Tuple):
            self.reporter.error(
                codes.DECORATOR, node, what='this is a tuple of texts, as ("seller",)'
            )
        return texts

    def _callers(self, function: Function, node: ast.expr, options: dict[str, ast.expr]) -> None:
        hint = 'write `@export(callers=("trades",))`, or `@export(callers=ANY_CONTRACT)`'
        if "callers" not in options:
            what = "the contracts that may call it are missing"
            self.reporter.error(codes.AUTHORITY, node, hint, what=what)
            return
        node = options["callers"]
        symbol = self.module.symbols.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(symbol, BuiltinSymbol) and symbol.name == "ANY_CONTRACT":
            return
        if isinstance(node, ast.Tuple) and not node.elts:
            what = "callers are a tuple with at least one contract"
            self.reporter.error(codes.AUTHORITY, node, hint, what=what)
            return
        function.callers = self._texts(node)
        if len(function.callers) > CALLERS_MAX:
            what = f"an export is for at most {CALLERS_MAX} contracts, or for any"
            self.reporter.error(codes.LIMIT, node, hint, what=what)
        for name in function.callers:
            if not name.isidentifier() or name == self.module.name:
                self.reporter.error(
                    codes.CONTRACT_SET, node, what=f"`{name}` is not another contract"
                )


def bounded(type_: Type) -> str:
    """How a type is given a bound; "" where something inside it needs one."""
    match type_:
        case StrType(None) | BytesType(None):
            return f"write `Annotated[{type_}, MaxLen(64)]`"
        case ListType(item, None) if is_storable(item):
            return f"write `Annotated[{type_}, MaxLen(100)]`"
        case MapType(_, value, None) if is_storable(value):
            return f"write `Annotated[{type_}, MaxLen(100)]`"
    return ""
