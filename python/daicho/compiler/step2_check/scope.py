"""What names mean, and what is known at a point of a function.

A `Scope` belongs to one function: the names of its module, its locals, and the
flow facts at the statement being checked.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from daicho.compiler import codes
from daicho.compiler.diagnostics import Reporter
from daicho.compiler.hints import HAS, INSTEAD, METHODS
from daicho.compiler.step1_parse import Parsed
from daicho.compiler.tree import EventDecl, Expr, FeedDecl, Function, IndexDecl, Stmt, TableDecl
from daicho.compiler.types import UNKNOWN, EnumType, RecordType, Type


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
class IndexSymbol:
    """Stored state in another order."""

    index: IndexDecl


@dataclass(frozen=True)
class FeedSymbol:
    """An oracle's feed."""

    feed: FeedDecl


@dataclass(frozen=True)
class FunctionSymbol:
    """A function of this contract or of another."""

    function: Function


@dataclass(frozen=True)
class BuiltinSymbol:
    """A function or a special name of the language."""

    name: str


Symbol = (
    TypeSymbol
    | ConstantSymbol
    | TableSymbol
    | IndexSymbol
    | FeedSymbol
    | FunctionSymbol
    | BuiltinSymbol
)


@dataclass
class Module:
    """One contract file, checked as far as it has come."""

    name: str
    parsed: Parsed
    symbols: dict[str, Symbol] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    tables: list[TableDecl] = field(default_factory=list)
    indexes: list[IndexDecl] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    """Tables, their lock rows and indexes by name, in the order of the file: one space of ids."""
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


def bound_names(node: ast.AST) -> set[str]:
    """Every name that `node`, or what is in it, gives a meaning."""
    bound: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.MatchAs(name=str(name)) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
    return bound


NAMES_MAX = 1_000
"""Names among which a close one is looked for."""


def instead_of(name: str, alike: Collection[str], otherwise: str = "declare or import it") -> str:
    """The hint for a name that is not there: what to write, a close name, or `otherwise`."""
    if name in INSTEAD:
        return INSTEAD[name]
    known = sorted(item for item in alike if item[:1].lower() == name[:1].lower())[:NAMES_MAX]
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else otherwise


class Scope:
    """Everything a check of one function needs.

    The checker of expressions is handed in, so that the files of step 2 that
    check a kind of expression each need not know one another.
    """

    def __init__(
        self, module: Module, function: Function, reporter: Reporter, checker: Checker
    ) -> None:
        self.module = module
        self.function = function
        self.reporter = reporter
        self._checker = checker
        self.span = reporter.source.span
        """Where a node stands."""
        self.flow = Flow(assigned={item.name for item in function.params})
        self.loops: list[Loop] = []
        """Loops around, as far out as the attempt around."""
        self.attempts: list[str] = []
        """Attempts around, the outermost first."""
        self.statement: ast.AST = ast.Pass()
        """The statement being checked, or the part of it that is run once."""
        self.uncertain = False
        """Whether a faulty statement was left out, so that flow facts are guesses."""
        self.params = {item.name for item in function.params}
        self.excused: set[str] = set()
        """Declarations of which it was told already that they are not assigned."""
        self.shadowed: set[str] = set()
        """Declarations that the function wrongly assigns: no more is said of these names."""
        self.doubtful: set[str] = set()
        """Locals and fields of which it was told that they may be None."""
        self.inferred: dict[str, int] = {}
        """Locals that have the type of their first value, and its line."""
        self._temporaries = 0

    def check(self, node: ast.expr, expected: Type | None = None) -> Expr:
        """The typed node of `node`. `expected` helps literals; it is not enforced."""
        return self._checker(self, node, expected)

    def error(self, code: codes.Code, node: ast.AST, hint: str = "", **values: object) -> Expr:
        """Report, and return what stands for the value that could not be made."""
        if id(node) not in self.module.parsed.refused:
            self.reporter.error(code, node, hint, **values)
        return self.unknown(node)

    def may_be_none(self, node: ast.expr) -> Expr:
        """Report a value that may be None: once for each name until it is assigned again."""
        path = self.path(node)
        if path in self.doubtful:
            return self.unknown(node)
        if path:
            self.doubtful.add(path)
        name = path or "x"
        hint = f"test it with `if {name} is None:` first, or use `expect({name}, Error.CODE)`"
        if path and "." not in path:
            hint = f"write `{path} = expect(…, Error.CODE)`, or test it with `if {path} is None:`"
            hint = f"{hint}; `require` does not tell"
        return self.error(codes.OPTIONAL, node, hint)

    def assigned(self, name: str) -> None:
        """A name has another value: what was known and told of the one before is forgotten."""
        self.flow.forget(name)
        self.doubtful = {
            path for path in self.doubtful if path != name and not path.startswith(name + ".")
        }

    def unknown(self, node: ast.AST) -> Expr:
        """What stands for a value after a report."""
        return Expr("unknown", UNKNOWN, self.span(node))

    def effect(self, kind: str, node: ast.AST) -> None:
        """Note that the function reads or writes state, or emits."""
        self.function.effects.append((kind, self.span(node)))

    def unknown_local(self, name: str) -> None:
        """After a report: a local of which nothing is known, and of which no more is said."""
        if name not in self.module.symbols:
            self.function.locals[name] = UNKNOWN
            self.flow.assigned.add(name)

    def temporary(self, type_: Type) -> str:
        """A new local that no author can name."""
        self._temporaries += 1
        name = f"${self._temporaries}"
        self.function.locals[name] = type_
        return name

    def unknown_name(self, node: ast.AST, name: str) -> Expr:
        """Report a name that is not there, with a close one."""
        alike = {*self.module.symbols, *self.function.locals}
        return self.error(codes.UNKNOWN_NAME, node, instead_of(name, alike), name=name)

    def path(self, node: ast.expr) -> str:
        """`trade.terms` for a local and fields below it; "" for anything else."""
        match node:
            case ast.Name(id=name) if name in self.function.locals:
                return name
            case ast.Attribute(value=value, attr=attr):
                above = self.path(value)
                return f"{above}.{attr}" if above else ""
        return ""

    def is_local(self, node: ast.expr) -> bool:
        """Whether `node` is the name of a local."""
        return isinstance(node, ast.Name) and node.id in self.function.locals

    def no_attribute(self, node: ast.Attribute, owner: Type) -> Expr:
        """Report an attribute that is not there, with what there is."""
        if isinstance(owner, RecordType):
            hint = f"it has {', '.join(item.name for item in owner.fields)}"
        elif isinstance(owner, EnumType):
            hint = f"it has {', '.join(name for name, _ in owner.members)}"
        else:
            hint = METHODS.get(node.attr) or HAS.get(type(owner).__name__, "")
        return self.error(codes.ATTRIBUTE, node, hint, owner=owner, name=node.attr)


Checker = Callable[[Scope, ast.expr, Type | None], Expr]
"""Checks one expression; the last argument is the type its place has."""
Block = Callable[[Scope, list[ast.stmt]], tuple[Stmt, ...]]
"""Checks statements one after another."""
