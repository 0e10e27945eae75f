"""What names mean, and what is known at a point of a function.

A `Scope` belongs to one function: the names of its module, its locals, and the
flow facts at the statement being checked.
"""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass, field

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter, Span
from daicho.compiler.step1_parse import Parsed
from daicho.compiler.tree import EventDecl, Expr, Function, TableDecl
from daicho.compiler.types import UNKNOWN, Type


@dataclass(frozen=True)
class TypeSymbol:
    """A type, under the name of an alias or a class."""

    type: Type


@dataclass(frozen=True)
class ConstantSymbol:
    """A value worked out when the file is read."""

    value: Expr


@dataclass(frozen=True)
class TableSymbol:
    """Stored state."""

    table: TableDecl


@dataclass(frozen=True)
class FunctionSymbol:
    """A function of this contract or of another."""

    function: Function


@dataclass(frozen=True)
class BuiltinSymbol:
    """A function or a special name of the language."""

    name: str


Symbol = TypeSymbol | ConstantSymbol | TableSymbol | FunctionSymbol | BuiltinSymbol


@dataclass
class Module:
    """One contract file, checked as far as it has come."""

    name: str
    parsed: Parsed
    symbols: dict[str, Symbol] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    tables: list[TableDecl] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    events: dict[str, EventDecl] = field(default_factory=dict)
    imported: dict[str, Module] = field(default_factory=dict)
    """Contracts this one imports from, by name."""


@dataclass
class Flow:
    """What holds at a point: locals that have a value, paths that are not None."""

    assigned: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    reachable: bool = True

    def copy(self) -> Flow:
        """The same facts, to be changed on their own."""
        return Flow(set(self.assigned), set(self.present), self.reachable)

    def join(self, other: Flow) -> Flow:
        """What holds where two paths meet."""
        if not self.reachable:
            return other.copy()
        if not other.reachable:
            return self.copy()
        return Flow(self.assigned & other.assigned, self.present & other.present, True)

    def forget(self, name: str) -> None:
        """`name` was assigned: nothing is known any more of what lies below it."""
        self.present = {
            path for path in self.present if path != name and not path.startswith(name + ".")
        }


@dataclass
class Loop:
    """The loop being checked, and the flows that leave it by `break`."""

    breaks: list[Flow] = field(default_factory=list)


class Scope:
    """Everything a check of one function needs."""

    def __init__(self, module: Module, function: Function, reporter: Reporter) -> None:
        self.module = module
        self.function = function
        self.reporter = reporter
        self.flow = Flow(assigned={item.name for item in function.params})
        self.loops: list[Loop] = []
        self.uncertain = False
        """Whether a faulty statement was left out, so that flow facts are guesses."""
        self.params = {item.name for item in function.params}
        self._temporaries = 0

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands."""
        return self.reporter.source.span(node)

    def error(self, code: codes.Code, node: ast.AST, hint: str = "", **values: object) -> Expr:
        """Report, and return what stands for the value that could not be made."""
        if id(node) not in self.module.parsed.refused:
            self.reporter.error(code, node, hint, **values)
        return self.unknown(node)

    def unknown(self, node: ast.AST) -> Expr:
        """What stands for a value after a report."""
        return Expr("unknown", UNKNOWN, self.span(node))

    def effect(self, kind: str, node: ast.AST) -> None:
        """Note that the function reads or writes state, or emits."""
        self.function.effects.append((kind, self.span(node)))

    def temporary(self, type_: Type) -> str:
        """A new local that no author can name."""
        self._temporaries += 1
        name = f"${self._temporaries}"
        self.function.locals[name] = type_
        return name

    def unknown_name(self, node: ast.AST, name: str) -> Expr:
        """Report a name that is not there, with a close one."""
        known = sorted({*self.module.symbols, *self.function.locals})
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "declare or import it"
        return self.error(codes.UNKNOWN_NAME, node, hint, name=name)
