"""The top level of a file: imports, constants, types, state, signatures.

One pass in the order of the file, so a type is declared above its use.
Function bodies come afterwards and may use everything.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Container

from daicho.compiler import codes
from daicho.compiler.diagnostics import START, Diagnostic, Reporter, shown
from daicho.compiler.hints import MODULES, OTHER_MODULE
from daicho.compiler.step1_parse import Parsed
from daicho.compiler.step2_check import expressions
from daicho.compiler.step2_check.annotations import Annotations
from daicho.compiler.step2_check.classes import Classes
from daicho.compiler.step2_check.convert import coerce
from daicho.compiler.step2_check.language import CONTRACT_NAMES, PYTHON_NAMES
from daicho.compiler.step2_check.scope import (
    BuiltinSymbol,
    ConstantSymbol,
    FeedSymbol,
    FunctionSymbol,
    IndexSymbol,
    Module,
    Scope,
    Symbol,
    TableSymbol,
    TypeSymbol,
    bound_names,
    instead_of,
)
from daicho.compiler.step2_check.signatures import Signatures
from daicho.compiler.step2_check.sources import read_feed, read_index
from daicho.compiler.step2_check.tables import Tables
from daicho.compiler.tree import Expr, FeedDecl, Function
from daicho.compiler.types import NONE, UNKNOWN, Type

EDITION = 1
Loader = Callable[[str], Module | list[Diagnostic] | str]
"""A contract's name to its checked module, what is wrong in it, or the reason there is none."""
_CONSTANT_OPS = ("const", "none", "some", "list", "tuple", "record", "unknown")


def is_constant(value: Expr) -> bool:
    """Whether a value is made of literals only."""
    return value.op in _CONSTANT_OPS and all(is_constant(item) for item in value.args)


def missing_names(parsed: Parsed, known: Container[str]) -> dict[str, ast.Name]:
    """Those of the `known` names that are used and bound nowhere, where they first stand."""
    tree = parsed.tree
    imports = [item for item in tree.body if isinstance(item, ast.ImportFrom)]
    imported = {alias.asname or alias.name for item in imports for alias in item.names}
    if not parsed.refused and not any(name in known for name in parsed.used - imported):
        return {}  # as in every file that compiles
    used: dict[str, ast.Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known:
            first = used.setdefault(node.id, node)
            if (node.lineno, node.col_offset) < (first.lineno, first.col_offset):
                used[node.id] = node
    bound = bound_names(tree) | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {name: used[name] for name in sorted(used) if name not in bound}


def is_faulty(value: Expr) -> bool:
    """Whether a fault inside was reported already."""
    return value.op == "unknown" or any(is_faulty(item) for item in value.args)


class Declarations:
    """Fills a `Module` from its tree."""

    def __init__(self, name: str, parsed: Parsed, reporter: Reporter, load: Loader) -> None:
        self.module = Module(name, parsed, dict(PYTHON_NAMES))
        self.reporter = reporter
        self.load = load
        self.bodies: list[tuple[Function, ast.FunctionDef]] = []
        self.has_edition = False
        self._annotations = Annotations(self.module, reporter)
        self._classes = Classes(self.module, reporter, self._annotations)
        self._tables = Tables(self.module, reporter, self._annotations)
        self._signatures = Signatures(self.module, reporter, self._annotations)

    def read(self) -> Module:
        """Read every statement of the top level."""
        body = self.module.parsed.tree.body
        self._not_imported()
        for statement in body:
            if isinstance(statement, ast.Import):  # it was refused; no more of what it names
                names = [item.asname or item.name.partition(".")[0] for item in statement.names]
                self.module.symbols |= dict.fromkeys(names, TypeSymbol(UNKNOWN))
            if not _is_text(statement) and id(statement) not in self.module.parsed.refused:
                self._statement(statement)
        if not self.has_edition:
            self.reporter.error(codes.EDITION, START, reason="the file does not say its edition")
        return self.module

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.ImportFrom():
                self._import(node)
            case ast.ClassDef(name=name):
                self._declare(node, name, TypeSymbol(self._classes.read(node)))
            case ast.FunctionDef(name=name):
                function = self._signatures.read(node)
                self._one_migration(node, function)
                self._declare(node, name, FunctionSymbol(function))
                self.module.functions.append(function)
                refused = self.module.parsed.refused
                if not (refused and any(id(item) in refused for item in ast.walk(node.args))):
                    self.bodies.append((function, node))
            case ast.Assign(targets=[ast.Name(id="edition")], value=value):
                self._edition(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assignment(node, name, None, value)
            case ast.AnnAssign(
                target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value
            ):
                self._assignment(node, name, annotation, value)
            case _:
                what = f"`{shown(node).splitlines()[0]}`"
                self.reporter.error(codes.MODULE_LEVEL, node, what=what)

    def _one_migration(self, node: ast.AST, function: Function) -> None:
        if function.kind == "migrate" and any(f.kind == "migrate" for f in self.module.functions):
            self.reporter.error(codes.MIGRATION, node, what="a contract has one migration")

    def _declare(self, node: ast.AST, name: str, symbol: Symbol) -> None:
        if name in self.module.symbols:
            self.reporter.error(codes.DUPLICATE, node, name=name)
        self.module.symbols[name] = symbol
        self.module.own.add(name)

    def _edition(self, value: ast.expr) -> None:
        if self.has_edition:
            self.reporter.error(codes.EDITION, value, reason="the edition is said twice")
        number = value.value if isinstance(value, ast.Constant) else None
        if type(number) is not int or number != EDITION:  # True is not an edition
            self.reporter.error(
                codes.EDITION, value, reason=f"the only edition so far is {EDITION}"
            )
        self.has_edition = True

    # --- imports ---

    def _not_imported(self) -> None:
        """Names of the language that are used as if they were imported.

        Each is told once, where it first stands, and then taken as imported.
        """
        tree = self.module.parsed.tree
        imports = [item for item in tree.body if isinstance(item, ast.ImportFrom)]
        if any(alias.name == "*" for item in imports for alias in item.names):
            return
        used = missing_names(self.module.parsed, CONTRACT_NAMES)
        hint = f"from daicho.contract import {', '.join(sorted(used))}"
        for name, node in used.items():
            self.reporter.error(codes.UNKNOWN_NAME, node, hint, name=name)
            self.module.symbols[name] = CONTRACT_NAMES[name]

    def _import(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            self.reporter.error(
                codes.IMPORT, node, what="a relative import is not part of the language"
            )
        elif node.module == "daicho.contract":
            self._names(node, CONTRACT_NAMES, "daicho.contract")
        elif "." in node.module or node.module == "__future__":
            self.reporter.error(codes.IMPORT, node, what=f"`{node.module}` is not a contract")
        else:
            self._contract(node, node.module)

    def _contract(self, node: ast.ImportFrom, name: str) -> None:
        loaded = self.load(name)
        if not isinstance(loaded, Module):
            if isinstance(loaded, str) and name in sys.stdlib_module_names:
                what = f"`{name}` is of Python's library"
                hint = MODULES.get(name, OTHER_MODULE)
                self.reporter.error(codes.IMPORT, node, hint, what=what)
            elif isinstance(loaded, str):
                self.reporter.error(codes.CONTRACT_SET, node, what=loaded)
            else:
                self.reporter.imported(loaded, node)
            for alias in node.names:
                self.module.symbols[alias.asname or alias.name] = TypeSymbol(UNKNOWN)
            return
        self.module.imported[name] = loaded
        own = {key: loaded.symbols[key] for key in sorted(loaded.own)}
        for alias in node.names:
            if isinstance(own.get(alias.name), (TableSymbol, IndexSymbol)):
                self.reporter.error(codes.OWN_NAME, alias, name=alias.name, contract=name)
        self._names(node, own, name)

    def _names(self, node: ast.ImportFrom, known: dict[str, Symbol], source: str) -> None:
        for alias in node.names:
            if alias.name == "*":
                self._star(alias, known, source)
                continue
            if alias.name not in known:
                what = f"`{source}` has no name `{alias.name}`"
                hint = instead_of(alias.name, known, f"`{source}` has other names")
                self.reporter.error(codes.IMPORT, alias, hint, what=what)
                self.module.symbols[alias.asname or alias.name] = TypeSymbol(UNKNOWN)
                continue
            name = alias.asname or alias.name
            if name in self.module.symbols and self.module.symbols[name] != known[alias.name]:
                self.reporter.error(codes.DUPLICATE, alias, name=name)
            self.module.symbols[name] = known[alias.name]

    def _star(self, alias: ast.alias, known: dict[str, Symbol], source: str) -> None:
        """`import *`, as if all that is used had been named."""
        used = sorted(missing_names(self.module.parsed, known))
        hint = f"name what is used: from {source} import {', '.join(used)}"
        self.reporter.error(codes.IMPORT, alias, hint, what="`*` does not say what is imported")
        for name in used:
            self.module.symbols.setdefault(name, known[name])

    # --- constants, aliases, state ---

    def _assignment(
        self, node: ast.stmt, name: str, annotation: ast.expr | None, value: ast.expr
    ) -> None:
        kind = self._builtin(value.func) if isinstance(value, ast.Call) else ""
        if kind in ("Table", "Holdings", "Var", "Map"):
            assert isinstance(value, ast.Call)
            table = self._tables.read(node, name, kind, annotation, value)
            if table is None:
                self._declare(node, name, TypeSymbol(UNKNOWN))
                return
            self._declare(node, name, TableSymbol(table))
            self.module.tables.append(table)
            self.module.stored += [name, *map(table.locks, table.locked)]
        elif kind == "Index":
            assert isinstance(value, ast.Call)
            self._index(node, name, annotation, value)
        elif kind == "Feed":
            assert isinstance(value, ast.Call)
            feed = read_feed(self._annotations, name, annotation, value)
            self._one_type(node, feed)
            self._declare(node, name, FeedSymbol(feed) if feed else TypeSymbol(UNKNOWN))
        elif self._is_state(annotation):
            assert isinstance(annotation, ast.Subscript)
            self._without_call(name, annotation, value)
            self._declare(node, name, TypeSymbol(UNKNOWN))
        elif annotation is None and self._is_alias(value):
            self._declare(node, name, TypeSymbol(self._annotations.read(value)))
        else:
            self._declare(node, name, ConstantSymbol(self._constant(annotation, value)))

    def _is_state(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation is that of stored state."""
        if not isinstance(annotation, ast.Subscript):
            return False
        return self._builtin(annotation.value) in ("Var", "Map")

    def _without_call(self, name: str, annotation: ast.Subscript, value: ast.expr) -> None:
        kind = self._builtin(annotation.value)
        first = "…, " if kind == "Var" else ""
        hint = f"write `{name}: {shown(annotation)} = {kind}({first}compartment=…)`"
        self.reporter.error(codes.TABLE, value, hint, what=f"a {kind} is declared by its call")

    def _one_type(self, node: ast.AST, feed: FeedDecl | None) -> None:
        """Readings of one number are of one type, by whatever names."""
        for symbol in self.module.symbols.values():
            if feed is None or not isinstance(symbol, FeedSymbol):
                continue
            if symbol.feed.number == feed.number and symbol.feed.type != feed.type:
                what = f"the readings of feed {feed.number} are {symbol.feed.type} above"
                self.reporter.error(codes.FEED, node, what=what)

    def _index(
        self, node: ast.stmt, name: str, annotation: ast.expr | None, call: ast.Call
    ) -> None:
        index = read_index(self._tables, name, annotation, call)
        if index is None:
            self._declare(node, name, TypeSymbol(UNKNOWN))
            return
        self._declare(node, name, IndexSymbol(index))
        self.module.indexes.append(index)
        self.module.stored.append(name)

    def _builtin(self, node: ast.expr) -> str:
        symbol = self.module.symbols.get(node.id) if isinstance(node, ast.Name) else None
        return symbol.name if isinstance(symbol, BuiltinSymbol) else ""

    def _is_alias(self, value: ast.expr) -> bool:
        match value:
            case ast.Subscript(value=ast.Name()):
                return True
            case ast.BinOp(op=ast.BitOr(), right=ast.Constant(value=None)):
                return True
            case ast.Name(id=name):
                return isinstance(self.module.symbols.get(name), TypeSymbol)
        return False

    def _constant(self, annotation: ast.expr | None, value: ast.expr) -> Expr:
        nobody = Function(self.module.name, "constant", (), NONE, "helper", START)
        scope = Scope(self.module, nobody, self.reporter, expressions.check)
        expected: Type | None = (
            self._annotations.read(annotation) if annotation is not None else None
        )
        result = scope.check(value, expected)
        if expected is not None:
            result = coerce(scope, result, expected, value)
        if not is_constant(result) and not is_faulty(result):
            hint = ""
            if isinstance(value, ast.Dict):
                hint = (
                    "what is stored by a key is `name: Map[K, V] = Map(compartment=…)`, or a Table"
                )
            return scope.error(codes.CONSTANT, value, hint, what="this is not a literal")
        return result


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
