"""Whatever is handed to the compiler, it answers with diagnostics: R28.

"Contract that ... recurses, or allocates without bound": not in the compiler either.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from daicho.compiler import CompileError, compile_path, compile_source
from daicho.compiler.bytecode import COLUMN_MAX
from daicho.compiler.diagnostics import DIAGNOSTICS_MAX, LINE_MAX
from daicho.compiler.step1_parse import (
    ACCEPTED,
    REFUSED_EXPRESSIONS,
    REFUSED_OPERATORS,
    REFUSED_STATEMENTS,
    SOURCE_BYTES_MAX,
)
from daicho.compiler.step2_check.limits import LOOPS_MAX
from daicho.testing import Chain, aborts

HEAD = """from daicho.contract import *
edition = 1
""".replace("*", "ANY_ROLE, Bool, Enum, Int, MaxLen, Record, Str, entry, query")
PRIME = (1 << 61) - 1
"""What CPython's hash of integers is taken modulo."""


def function(body: str, parameters: str = "a: Int, b: Bool", result: str = "Int") -> str:
    return f"{HEAD}\n\ndef f({parameters}) -> {result}:\n{body}"


def joined(form: str, count: int, between: str = "") -> str:
    return between.join(form.format(i) for i in range(count))


TEXTS: dict[str, str] = {
    "parentheses": "(" * 200_000,
    "brackets": "x = " + "[" * 200_000 + "]",
    "minus signs": "x = " + "-" * 50_000 + "1",
    "not": "x = " + "not " * 60_000 + "True",
    "attributes": "x = a" + ".a" * 100_000,
    "items": "x = a" + "[0]" * 60_000,
    "sums": "x = 1" + "+1" * 100_000,
    "powers": "x = 1" + "**1" * 80_000,
    "calls": "x = " + "f(" * 60_000,
    "conditionals": "x = " + "1 if True else " * 15_000 + "2",
    "lambdas": "x = " + "lambda: " * 30_000 + "1",
    "comparisons": HEAD + "x = 1" + "<1" * 100_000,
    "chained assignments": "x = " * 60_000 + "1",
    "stars": "f(" + "*a," * 50_000 + ")",
    "decorators": "@a\n" * 40_000 + "def f(): pass",
    "else-if": function(
        "    if a == 0:\n        return 0\n"
        + joined("    elif a == {0}:\n        return {0}\n", 5_000)
        + "    return 0\n"
    ),
    "indentation": function("".join(" " * (4 + i) + "if b:\n" for i in range(99))),
    "loops in loops": function(
        "".join(" " * (4 + i) + f"for i{i} in range(3):\n" for i in range(30))
        + " " * 40
        + "pass\n    return 1\n"
    ),
    "calls in calls": HEAD
    + f"def f({joined('a{}: Int', 64, ', ')}) -> Int:\n    return 1\n"
    + f"def g() -> Int:\n    return {('f(' + '1,' * 63) * 20}1{')' * 20}\n",
    "decimal digits": "x = " + "9" * 200_000,
    "hexadecimal digits": HEAD + "x = 0x" + "f" * 200_000,
    "digits in a statement": HEAD + "print(0x" + "f" * 200_000 + ")",
    "digits with a point": HEAD + "x = " + "9" * 100_000 + ".5",
    "a text": HEAD + "x = '" + "a" * 200_000 + "'",
    "bytes": HEAD + "x = b'" + "a" * 100_000 + "'",
    "half a letter": HEAD + "x = '\\ud800'",
    "half a letter outside": 'x = "\ud800"',
    "an f-string": HEAD + "x = f'" + "{1}" * 80_000 + "'",
    "an f-string of few": HEAD + "x = f'" + ("{1}" + "a" * 40) * 5_000 + "'",
    "a long name": "a" * 100_000 + " = 1",
    "long names": HEAD + joined("{:0>200} = 1\n".replace("{", "a{"), 500),
    "letters of other scripts": "é" * 50_000 + " = 1",
    "null bytes": "x = 1\0",
    "every byte": "".join(map(chr, range(256))) * 100,
    "two byte order marks": "\ufeff\ufeff" + HEAD,
    "an enormous file": "#" * (SOURCE_BYTES_MAX + 1),
    "empty lines": "\n" * 200_000,
    "one name over and over": HEAD + "x = 1\n" * 30_000,
    "unknown names": HEAD + joined("x{0} = y{0}\n", 12_000),
    "locals": function(joined("    x{} = 1\n", 12_000) + "    return 1\n"),
    "branches": function(joined("    if b:\n        x{} = 1\n", 6_000) + "    return 1\n"),
    "returns": function("    return 1\n" * 20_000),
    "a list": function("    return len([" + "1," * 60_000 + "])\n"),
    "a tuple": function("    x = (" + "1," * 60_000 + ")\n    return 1\n"),
    "constants": function(
        "    return len({"
        + joined("{}: 1", 5_000, ", ").replace(": 1", "0000000000000000000: 1")
        + "})\n"
    ),
    "members": HEAD + "class E(Enum):\n" + joined("    A{0} = {0}\n", 10_000),
    "cases": HEAD
    + "class E(Enum):\n"
    + joined("    A{0} = {0}\n", 500)
    + "def f(e: E) -> Int:\n    match e:\n"
    + joined("        case E.A{0}:\n            return {0}\n", 500),
    "records of records": HEAD
    + "class R0(Record):\n    a: Int\n"
    + "".join(
        f"class R{i}(Record):\n" + joined(f"    f{{}}: R{i - 1}\n", 50) for i in range(1, 15)
    ),
    "lists of lists": HEAD + "X = " + "list[" * 60 + "Int" + "]" * 60 + "\n",
    "functions": HEAD + joined("def f{}() -> Int:\n    return 1\n", 1_100),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_are_refused(name: str) -> None:
    """A clear error, never a traceback or a hang."""
    with pytest.raises(CompileError) as failure:
        compile_source(TEXTS[name], "case.py")
    found = failure.value.diagnostics
    assert 1 <= len(found) <= DIAGNOSTICS_MAX
    for line in str(failure.value).splitlines():
        assert len(line) <= 2 * LINE_MAX


GOOD: dict[str, str] = {
    "a chain of calls": HEAD
    + "def f0() -> Int:\n    return 1\n"
    + "".join(f"def f{i}() -> Int:\n    return f{i - 1}()\n" for i in range(1, 1_000)),
    "everything calls everything": HEAD
    + joined(
        "def f{}(a: Int) -> Int:\n    return "
        + joined("f{}(a)", 20, " + ").replace("{", "{{").replace("}", "}}")
        + "\n",
        20,
    )
    + "@query(roles=ANY_ROLE)\ndef all(a: Int) -> Int:\n    return f0(a)\n",
    "an else-if chain": function(
        "    if a == 0:\n        return 0\n"
        + joined("    elif a == {0}:\n        return {0}\n", 50)
        + "    return 0\n"
    ),
    "a long condition": function(
        "    return " + joined("a == {}", 2_000, " or ") + "\n", "a: Int", "Bool"
    ),
    "a long membership": function(
        "    return a in (" + joined("{}", 1_000, ", ") + ")\n", "a: Int", "Bool"
    ),
    "a list": function("    return len([" + "1, " * 4_000 + "])\n"),
    "a case of many members": HEAD
    + "class E(Enum):\n"
    + joined("    A{0} = {0}\n", 900)
    + "def f(e: E) -> Int:\n    match e:\n        case "
    + joined("E.A{}", 900, " | ")
    + ":\n            return 1\n",
    "carriage returns": HEAD.replace("\n", "\r"),
    "form feeds": HEAD.replace("\n", "\n\f"),
    "comments": HEAD + "# x\n" * 60_000,
    "a coding line": "# -*- coding: utf-7 -*-\n" + HEAD,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", GOOD)
def test_large_and_odd_texts_that_are_fine_give_what_verifies(name: str) -> None:
    artefact = compile_source(GOOD[name], "case.py")
    Chain().deploy(artefact, 1)


NESTING = {
    "attempts": "with attempt() as tried_{}:\n",
    "loops": "for _{} in range(1):\n",
}


def nested(form: str, depth: int) -> str:
    lines = [" " * 4 * (at + 1) + form.format(at) for at in range(depth)]
    body = "".join(lines) + " " * 4 * (depth + 1) + "n = n // 0\n"
    head = HEAD.replace("Str", "Str, attempt")
    return f"{head}@entry(roles=ANY_ROLE)\ndef f() -> Int:\n    n = 1\n{body}    return n\n"


@pytest.mark.parametrize("backend", ["vm", "python"])
@pytest.mark.parametrize("name", NESTING)
def test_loops_and_attempts_nest_as_deep_as_both_backends_can(name: str, backend: str) -> None:
    with pytest.raises(CompileError, match="nest more than 19 deep") as failure:
        compile_source(nested(NESTING[name], LOOPS_MAX + 1), "case.py")
    assert [item.code for item in failure.value.diagnostics] == ["DC0080"]
    chain = Chain(backend_name=backend)
    chain.deploy(compile_source(nested(NESTING[name], LOOPS_MAX), "case.py"), 1)
    bank = chain.party("bank", "MEMBER")
    if name == "attempts":
        assert chain.call(bank, "case", "f") == 1
    else:
        with aborts("DIVIDE_BY_ZERO"):
            chain.call(bank, "case", "f")


def test_a_column_past_the_last_one_is_the_last_one() -> None:
    text = f"{HEAD}@query(roles=ANY_ROLE)\ndef f() -> Int:\n    x = 0;{' ' * 70_000}return x // x\n"
    artefact = compile_source(text, "case.py")
    assert [item.column for item in artefact.source_map["f"]] == [4, COLUMN_MAX]
    chain = Chain(backend_name="both")
    chain.deploy(artefact, 1)
    with aborts("DIVIDE_BY_ZERO"):  # at the same place in both
        chain.query(chain.party("bank", "MEMBER"), "case", "f")


@pytest.mark.parametrize(
    "data", [b"\xff\xfe" + "edition = 1\n".encode("utf-16-le"), b"edition = 1\n# \xe9\n"]
)
def test_a_file_that_is_not_utf_8_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "case.py"
    path.write_bytes(data)
    with pytest.raises(CompileError, match="not UTF-8"):
        compile_path(path)


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    """Some editors put one first, and Python skips it: in the file, and in what it imports."""
    mark, other = "\ufeff", "edition = 1\nX = 3\n"
    text = f"{HEAD}from other import X\n@query(roles=ANY_ROLE)\ndef f() -> Int:\n    return X\n"
    for name, content in (("case", text), ("other", other)):
        (tmp_path / f"{name}.py").write_text(mark + content, encoding="utf-8")
    plain = compile_source(text, "case.py", {"other": other})
    assert compile_path(tmp_path / "case.py").data == plain.data
    assert compile_source(mark + text, "case.py", {"other": mark + other}).data == plain.data
    with pytest.raises(CompileError) as failure:
        compile_source(f"{mark}x = 1.5\n{other}", "case.py")
    assert [item.span[:2] for item in failure.value.diagnostics] == [(1, 5)]
    assert str(failure.value).splitlines()[1:3] == ["    x = 1.5", "        ^^^"]


def test_keys_of_one_hash_do_no_harm() -> None:
    """Neither the compiler nor the machine looks such keys up by a hash of Python's."""
    count = 1_000
    body = "    counts: Annotated[dict[Int, Int], MaxLen(2000)] = {}\n"
    body += f"    for i in range({count}):\n        counts[i * {PRIME}] = i\n"
    body += (
        "    total = 0\n    for key in counts:\n        total += counts[key]\n    return total\n"
    )
    literal = "{" + ", ".join(f"{i * PRIME}: {i}" for i in range(count)) + "}"
    text = HEAD.replace("ANY_ROLE", "ANY_ROLE, Annotated")
    text += f"@query(roles=ANY_ROLE)\ndef f() -> Int:\n{body}"
    text += f"@query(roles=ANY_ROLE)\ndef g() -> Int:\n    return len({literal})\n"
    chain = Chain()
    chain.deploy(compile_source(text, "case.py"), 1)
    bank = chain.party("bank", "MEMBER")
    assert chain.query(bank, "case", "f") == sum(range(count))
    assert chain.query(bank, "case", "g") == count


# --- every kind of node ---

ABSTRACT = {"expr_context", "operator", "unaryop", "cmpop", "boolop", "mod", "stmt", "expr"}
ABSTRACT |= {"pattern", "excepthandler", "type_ignore", "type_param", "slice"}


def node_classes() -> dict[str, type[ast.AST]]:
    """Every class of syntax this Python knows, without those that group others."""
    found = {name: item for name, item in vars(ast).items() if isinstance(item, type)}
    nodes = {name: item for name, item in found.items() if issubclass(item, ast.AST)}
    return {name: item for name, item in nodes.items() if name not in ABSTRACT and name != "AST"}


INNER = {"ExceptHandler", "FunctionType", "Interactive", "Expression", "TypeIgnore", "Suite"}
INNER |= {"comprehension", "Param", "AugLoad", "AugStore", "TypeVar", "ParamSpec", "TypeVarTuple"}
"""Parts of refused nodes, and forms that a file never has."""
OLD = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice"}
"""Names that old Pythons gave to `Constant` and what stands in a subscript."""
DIVISION = {"Div"}


def test_every_kind_of_node_is_accepted_or_refused_by_name() -> None:
    """Unknown syntax is an error: what a later Python adds is in neither list, and refused."""
    accepted = {item.__name__ for item in ACCEPTED}
    refused = {*REFUSED_STATEMENTS, *REFUSED_EXPRESSIONS, *REFUSED_OPERATORS, *DIVISION}
    assert not accepted & refused
    later = {"TemplateStr", "Interpolation"}
    known = accepted | refused | INNER | OLD | later
    assert sorted(set(node_classes()) - known) == []


@pytest.mark.parametrize(
    "name", sorted({*REFUSED_STATEMENTS, *REFUSED_EXPRESSIONS} & node_classes().keys())
)
def test_refused_nodes_are_refused_wherever_they_stand(name: str) -> None:
    sources = {
        "Assert": "assert a",
        "AsyncFor": "async def g():\n    async for x in y: pass",
        "AsyncFunctionDef": "async def g(): pass",
        "AsyncWith": "async def g():\n    async with x: pass",
        "Await": "async def g(): await x",
        "DictComp": "x = {a: a for a in b}",
        "FormattedValue": "x = f'{a}'",
        "GeneratorExp": "x = f(a for a in b)",
        "Global": "def g():\n    global x",
        "Import": "import x",
        "JoinedStr": "x = f''",
        "Lambda": "x = lambda: 1",
        "ListComp": "x = [a for a in b]",
        "MatchClass": "match x:\n    case A(): pass",
        "MatchMapping": "match x:\n    case {}: pass",
        "MatchSequence": "match x:\n    case []: pass",
        "MatchSingleton": "match x:\n    case None: pass",
        "MatchStar": "match x:\n    case [*a]: pass",
        "NamedExpr": "x = (y := 1)",
        "Nonlocal": "def g():\n    def h():\n        nonlocal x",
        "Raise": "raise x",
        "Set": "x = {1}",
        "SetComp": "x = {a for a in b}",
        "Starred": "x = [*a]",
        "Try": "try:\n    pass\nfinally:\n    pass",
        "TryStar": "try:\n    pass\nexcept* A:\n    pass",
        "TypeAlias": "type X = int",
        "Yield": "def g():\n    yield 1",
        "YieldFrom": "def g():\n    yield from x",
    }
    text = sources[name]
    for place in (text, "def outer():\n" + "".join(f"    {line}\n" for line in text.splitlines())):
        with pytest.raises(CompileError) as failure:
            compile_source(place, "case.py")
        assert {"DC0005", "DC0006"} & {item.code for item in failure.value.diagnostics}


def test_only_so_many_reports_are_made() -> None:
    with pytest.raises(CompileError) as failure:
        compile_source(HEAD + "x = 1\n" * 1_000, "case.py")
    assert len(failure.value.diagnostics) == DIAGNOSTICS_MAX
