"""Step 1, parse: text to a Python syntax tree in which every node is accepted.

Python's own parser reads the file; then each node is looked up in the tables
below. What they do not name is refused with its place and a hint: nothing is
ever ignored. The tree is not changed and nothing of it is run. Refused nodes
are remembered, so that step 2 goes on around them and one run tells all.
"""

from __future__ import annotations

import ast
import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from daicho.compiler import codes
from daicho.compiler.diagnostics import SHOWN_MAX, START, Reporter, Source, Span
from daicho.compiler.hints import MODULES

SOURCE_BYTES_MAX = 262_144
"""Bytes of one source file."""
BRACES_MAX = 5_000
"""Opening braces of one file: Python 3.11 reads an f-string of many in quadratic time."""
DEPTH_MAX = 64
"""Nodes above any node; Python's parser allows more than we want to walk."""

NAME_MAX = 48
"""Letters of a name."""
INTEGER_BITS_MAX = 128
"""Bits of the widest integer."""
TEXT_BYTES_MAX = 65_532
"""Bytes of a text that is written out; with its length it is a value of 65,536."""
DEBUG = "__debug__"
"""The one name to which Python lets nobody give a value."""
TEXTS = f"at most {TEXT_BYTES_MAX} bytes of Unicode"

STATEMENTS: tuple[type[ast.AST], ...] = (
    ast.AnnAssign,
    ast.Assign,
    ast.AugAssign,
    ast.Break,
    ast.ClassDef,
    ast.Continue,
    ast.Delete,
    ast.Expr,
    ast.For,
    ast.FunctionDef,
    ast.If,
    ast.ImportFrom,
    ast.Match,
    ast.Pass,
    ast.Return,
    ast.While,
    ast.With,
)
EXPRESSIONS: tuple[type[ast.AST], ...] = (
    ast.Attribute,
    ast.BinOp,
    ast.BoolOp,
    ast.Call,
    ast.Compare,
    ast.Constant,
    ast.Dict,
    ast.IfExp,
    ast.List,
    ast.Name,
    ast.Slice,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
)
OPERATORS: tuple[type[ast.AST], ...] = (
    ast.Add,
    ast.And,
    ast.BitAnd,
    ast.BitOr,
    ast.BitXor,
    ast.Eq,
    ast.FloorDiv,
    ast.Gt,
    ast.GtE,
    ast.In,
    ast.Invert,
    ast.Is,
    ast.IsNot,
    ast.LShift,
    ast.Lt,
    ast.LtE,
    ast.Mod,
    ast.Mult,
    ast.Not,
    ast.NotEq,
    ast.NotIn,
    ast.Or,
    ast.Pow,
    ast.RShift,
    ast.Sub,
    ast.USub,
)
PARTS: tuple[type[ast.AST], ...] = (
    ast.Load,
    ast.MatchAs,
    ast.MatchOr,
    ast.MatchValue,
    ast.Module,
    ast.Store,
    ast.Del,
    ast.alias,
    ast.arg,
    ast.arguments,
    ast.keyword,
    ast.match_case,
    ast.withitem,
)
ACCEPTED: frozenset[type[ast.AST]] = frozenset(STATEMENTS + EXPRESSIONS + OPERATORS + PARTS)

REFUSED_STATEMENTS: dict[str, tuple[str, str]] = {
    "Assert": ("`assert`", "write `require(condition, Error.CODE)`"),
    "AsyncFor": ("`async for`", ""),
    "AsyncFunctionDef": ("`async def`", "write `def`"),
    "AsyncWith": ("`async with`", ""),
    "Global": ("`global`", "keep state in a Var, a Map or a Table"),
    "Import": ("`import module`", "write `from contract import name`"),
    "Nonlocal": ("`nonlocal`", "pass the value and return the new one"),
    "Raise": ("`raise`", "write `abort(Error.CODE)`"),
    "Try": ("`try`", "write `with attempt() as tried:`, then `if not tried.ok:`"),
    "TryStar": ("`try`", "write `with attempt() as tried:`, then `if not tried.ok:`"),
    "TypeAlias": ("the `type` statement", "write `Name = Annotated[Str, MaxLen(64)]`"),
}
REFUSED_EXPRESSIONS: dict[str, tuple[str, str]] = {
    "Await": ("`await`", ""),
    "DictComp": ("a comprehension", "build the map in a `for` loop"),
    "FormattedValue": ("an f-string", "join texts with `+`; a number becomes text by `str(n)`"),
    "GeneratorExp": ("a generator expression", "build a list in a `for` loop"),
    "JoinedStr": ("an f-string", "join texts with `+`; a number becomes text by `str(n)`"),
    "Lambda": ("`lambda`", "write a function with `def`"),
    "ListComp": ("a comprehension", "build the list in a `for` loop"),
    "MatchClass": ("a class pattern", "match on members of an enum"),
    "MatchMapping": ("a mapping pattern", "match on members of an enum"),
    "MatchSequence": ("a sequence pattern", "match on members of an enum"),
    "MatchSingleton": ("a pattern of None, True or False", "use `if`"),
    "MatchStar": ("a star pattern", "match on members of an enum"),
    "NamedExpr": ("`:=`", "assign in a line of its own"),
    "Set": ("a set", "use a dict, or a Table"),
    "SetComp": ("a set", "use a dict, or a Table"),
    "Starred": ("`*` before a value", "write the values out"),
    "Yield": ("`yield`", "return a list"),
    "YieldFrom": ("`yield from`", "return a list"),
}
PARAMETERS: dict[str, str] = {
    "`*` before a parameter": "take a list: `Annotated[list[Int], MaxLen(20)]`",
    "`**` before a parameter": "take a record, a class derived from Record",
    "a default": "give every argument where it is called; `T | None` may be given None",
}
REFUSED_OPERATORS: dict[str, str] = {"MatMult": "@", "UAdd": "+"}

_OPERATORS = frozenset(
    kind
    for base in (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    for kind in base.__subclasses__()
)
_TOP_LEVEL = frozenset((ast.ClassDef, ast.FunctionDef, ast.ImportFrom))
"""Statements that have a place at the top level alone."""
_NAMES = ("id", "attr", "name", "arg", "asname")
_PLAIN = (*_NAMES, "ctx", "kind", "type_comment", "level")


def _shape(kind: type[ast.AST]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(name for name in _NAMES if name in kind._fields)
    parts = () if kind is ast.Constant else tuple(x for x in kind._fields if x not in _PLAIN)
    return names, parts


_SHAPES = {kind: _shape(kind) for kind in ACCEPTED}
"""Of each kind of node the fields that are names, and those that may hold nodes."""


@dataclass
class Parsed:
    """A file whose tree was walked node by node."""

    source: Source
    tree: ast.Module
    readable: bool = True
    """Whether Python could read the file at all."""
    refused: set[int] = field(default_factory=set)
    """`id()` of refused nodes; only looked up, never ordered or printed."""
    used: set[str] = field(default_factory=set)
    """Every name that stands alone in what was accepted: not attributes, not keywords."""
    is_nested: bool = False
    """Whether something stands inside a statement that has its place at the top level."""

    def text(self) -> str:
        """The printable form: the accepted tree, written out evenly."""
        return ast.unparse(self.tree) + "\n"


def parse(source: Source, reporter: Reporter) -> Parsed:
    """Read and walk `source`.

    Faults go to `reporter`; where Python cannot read the text, the tree is empty.
    """
    tree = _python_tree(source, reporter)
    parsed = Parsed(source, tree, not reporter.diagnostics)
    _Acceptance(parsed, reporter).walk(tree, 0)
    return parsed


def _python_tree(source: Source, reporter: Reporter) -> ast.Module:
    empty = ast.Module(body=[], type_ignores=[])
    if len(source.text.encode(errors="replace")) > SOURCE_BYTES_MAX:
        reporter.error(
            codes.TOO_DEEP, START, what=f"the file has more than {SOURCE_BYTES_MAX} bytes"
        )
        return empty
    if source.text.count("{") > BRACES_MAX:
        reporter.error(codes.TOO_DEEP, START, what=f"the file has more than {BRACES_MAX} `{{`")
        return empty
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # what matters here is an error below
            return ast.parse(source.text)
    except SyntaxError as fault:
        line, column = fault.lineno or 1, max(1, fault.offset or 1)
        span = Span(line, column, line, column + 1)
        reporter.error(codes.SYNTAX, span, _of_other_languages(fault.text or ""), reason=fault.msg)
    except (RecursionError, MemoryError):
        reporter.error(codes.TOO_DEEP, START, what="an expression is nested too deeply")
    except ValueError as fault:
        reporter.error(codes.SYNTAX, START, reason=str(fault))
    return empty


def inner_blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """Blocks of a refused statement that are looked at all the same: one run tells all."""
    if not isinstance(node, (ast.Try, ast.TryStar)):
        return []
    return [node.body, *(item.body for item in node.handlers), node.orelse, node.finalbody]


def _is_text(text: str) -> bool:
    """Whether a literal can be a text of the ledger: Unicode, and not too long."""
    try:
        return len(text.encode()) <= TEXT_BYTES_MAX
    except UnicodeEncodeError:
        return False


_Named = TypeVar("_Named", ast.arg, ast.keyword)


def _again(items: Sequence[_Named]) -> list[_Named]:
    """Those whose name an earlier one has."""
    seen: set[str] = set()
    again: list[_Named] = []
    for item in items:
        if item.arg in seen:
            again.append(item)
        if item.arg is not None:  # `**` has no name
            seen.add(item.arg)
    return again


def _of_other_languages(line: str) -> str:
    """The hint for a line that reads like C or Java."""
    for sign, hint in (
        ("++", "write `n += 1`"),
        ("--", "write `n -= 1`"),
        ("&&", "write `and`"),
        ("||", "write `or`"),
    ):
        if sign in line:
            return hint
    return ""


class _Acceptance:
    """Walks the tree and looks every node up."""

    def __init__(self, parsed: Parsed, reporter: Reporter) -> None:
        self.parsed = parsed
        self.reporter = reporter

    def walk(self, node: ast.AST, depth: int) -> None:
        kind = type(node)
        if depth > DEPTH_MAX:
            self._refuse(
                node, codes.TOO_DEEP, what=f"this is nested more than {DEPTH_MAX} levels deep"
            )
            return
        if not self._accept(node, kind):
            for statement in itertools.chain(*inner_blocks(node)):
                self.walk(statement, depth + 1)
            return
        if kind in _TOP_LEVEL and depth > 1:
            self.parsed.is_nested = True
        names, parts = _SHAPES[kind]
        for name in names:
            self._name(node, getattr(node, name))
        for part in parts:
            value = getattr(node, part)
            for child in value if isinstance(value, list) else (value,):
                if type(child) in _OPERATORS:
                    self._operator(child, node)
                elif isinstance(child, ast.AST):
                    self.walk(child, depth + 1)

    def _accept(self, node: ast.AST, kind: type[ast.AST]) -> bool:
        """Report `node` unless the language has it. False: do not go below it."""
        if kind in ACCEPTED:
            details = _DETAILS.get(kind)
            return details is None or details(self, node)
        name = kind.__name__
        if name in REFUSED_STATEMENTS:
            what, hint = REFUSED_STATEMENTS[name]
            if isinstance(node, ast.Import):
                hint = MODULES.get(node.names[0].name.partition(".")[0], hint)
            return self._refuse(node, codes.STATEMENT, hint, what=what)
        if name in REFUSED_EXPRESSIONS:
            what, hint = REFUSED_EXPRESSIONS[name]
            return self._refuse(node, codes.EXPRESSION, hint, what=what)
        code = codes.STATEMENT if isinstance(node, ast.stmt) else codes.EXPRESSION
        return self._refuse(node, code, what=f"`{name}`")

    # --- nodes of the language of which some forms are not ---

    def _constant(self, node: ast.Constant) -> bool:
        match node.value:
            case int(number) if number.bit_length() > INTEGER_BITS_MAX:
                what = f"a number of {number.bit_length()} bits"
                return self._refuse(node, codes.RANGE, value=what, expected="Int")
            case str(text) if not _is_text(text):
                return self._refuse(node, codes.RANGE, value="this text", expected=TEXTS)
            case bytes(data) if len(data) > TEXT_BYTES_MAX:
                return self._refuse(node, codes.RANGE, value="this text", expected=TEXTS)
            case float() | complex():
                text = (ast.get_source_segment(self.parsed.source.text, node) or "")[:SHOWN_MAX]
                hint = codes.FLOAT.hint.format(text=text)
                return self._refuse(node, codes.FLOAT, hint, text=text)
        return True

    def _operation(self, node: ast.BinOp | ast.AugAssign) -> bool:
        if isinstance(node.op, ast.Div):
            self._refuse(node, codes.DIVISION)
        return True  # its operands may have faults of their own

    def _loop(self, node: ast.For | ast.While) -> bool:
        if node.orelse:
            hint, what = "test a flag after the loop", "`else` of a loop"
            self._refuse(node.orelse[0], codes.STATEMENT, hint, what=what)
        return True

    def _stars(self, node: ast.keyword | ast.Dict) -> bool:
        given = [node.arg] if isinstance(node, ast.keyword) else node.keys
        if None in given:
            return self._refuse(node, codes.SIGNATURE, what="`**` is not part of the language")
        return True

    def _slice(self, node: ast.Slice) -> bool:
        if node.step is not None:
            hint = "write `for i in range(start, stop, step):` and `xs[i]`"
            return self._refuse(node, codes.EXPRESSION, hint, what="a slice with a step")
        return True

    def _assignment(self, node: ast.Assign) -> bool:
        if len(node.targets) > 1:
            self.parsed.refused.add(id(node))
            hint, what = "assign twice", "a chained assignment"
            return self._refuse(node.targets[1], codes.STATEMENT, hint, what=what)
        return True

    def _parameters(self, node: ast.arguments) -> bool:
        odd: dict[str, Sequence[ast.AST | None]] = {
            "a positional-only parameter": node.posonlyargs,
            "a keyword-only parameter": node.kwonlyargs,
            "`*` before a parameter": [node.vararg],
            "`**` before a parameter": [node.kwarg],
            "a default": [*node.defaults, *node.kw_defaults],
        }
        for what, items in odd.items():
            for item in items:
                if item is not None:
                    hint = PARAMETERS.get(what, "")
                    what_ = f"{what} is not part of the language"
                    self._refuse(item, codes.SIGNATURE, hint, what=what_)
        for item in _again([*node.posonlyargs, *node.args, *node.kwonlyargs]):
            self._refuse(item, codes.PARAMETER_TWICE, name=item.arg)
        return True

    def _keywords(self, node: ast.Call | ast.ClassDef) -> bool:
        """Python's parser lets a keyword stand twice; only its compiler does not."""
        for item in _again(node.keywords):
            self._refuse(item, codes.ARGUMENT_TWICE, name=item.arg)
            if isinstance(node, ast.Call):
                self.parsed.refused.add(id(node))  # no more is said of it
        return True

    def _cases(self, node: ast.Match) -> bool:
        """`case _` is the last one; this too only Python's compiler asks for."""
        for case, following in itertools.pairwise(node.cases):
            match case:
                case ast.match_case(ast.MatchAs(pattern=None, name=None), guard=None):
                    self._refuse(following.pattern, codes.CASE_AFTER_ALL)
                    break
        return True

    def _name(self, node: ast.AST, name: str | None) -> None:
        """Identifiers are ASCII, and not too long."""
        if name is None:
            return
        if not name.isascii():
            self._refuse(node, codes.ASCII, name=name[:NAME_MAX])
        elif len(name) > NAME_MAX:
            what = f"the name `{name[:NAME_MAX]}…` has more than {NAME_MAX} letters"
            self._refuse(node, codes.LIMIT, "choose a shorter one", what=what)
        elif name == DEBUG:
            self._refuse(node, codes.PYTHON_NAME, name=name)
        elif isinstance(node, ast.Name):
            self.parsed.used.add(name)

    def _operator(self, operator: ast.AST, parent: ast.AST) -> None:
        if type(operator) in ACCEPTED or isinstance(operator, ast.Div):
            return
        shown = REFUSED_OPERATORS.get(type(operator).__name__, type(operator).__name__)
        self._refuse(parent, codes.OPERATOR, operator=shown)

    def _refuse(self, node: ast.AST, code: codes.Code, hint: str = "", **values: object) -> bool:
        self.parsed.refused.add(id(node))
        self.reporter.error(code, node, hint, **values)
        return False


_DETAILS: dict[type[ast.AST], Callable[[_Acceptance, Any], bool]] = {
    ast.Assign: _Acceptance._assignment,
    ast.AugAssign: _Acceptance._operation,
    ast.BinOp: _Acceptance._operation,
    ast.Call: _Acceptance._keywords,
    ast.ClassDef: _Acceptance._keywords,
    ast.Constant: _Acceptance._constant,
    ast.Dict: _Acceptance._stars,
    ast.For: _Acceptance._loop,
    ast.Match: _Acceptance._cases,
    ast.Slice: _Acceptance._slice,
    ast.While: _Acceptance._loop,
    ast.arguments: _Acceptance._parameters,
    ast.keyword: _Acceptance._stars,
}
"""Nodes of which some forms are refused."""
