"""The compiler as a whole: type checkers agree, equal bytes, every node, golden texts."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import token
import tokenize
from pathlib import Path
from random import Random

import pytest

from daicho._native import TestChain as Machine
from daicho.compiler import (
    CompileError,
    Ids,
    compile_folder,
    compile_path,
    compile_source,
    load_ids,
    render_json,
)
from daicho.compiler.bytecode import INSTRUCTIONS
from daicho.compiler.step1_parse import ACCEPTED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SAMPLES = HERE / "samples"
CONTRACTS = ROOT / "contracts"
FOLDERS = [SAMPLES, CONTRACTS, CONTRACTS / "examples"]
FILES = sorted(path for folder in FOLDERS for path in folder.glob("*.py"))


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "MYPYPATH": str(ROOT / "python"), **more}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_contracts_pass_mypy_strict_without_a_plugin(folder: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--no-incremental"]
    names = sorted(path.name for path in folder.glob("*.py"))
    done = subprocess.run(
        [*command, *names],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_contracts_pass_pyright_strict(folder: Path, tmp_path: Path) -> None:
    config = {
        "include": [os.path.relpath(path, tmp_path) for path in sorted(folder.glob("*.py"))],
        "extraPaths": [str(ROOT / "python"), str(folder)],
        "typeCheckingMode": "strict",
        "reportUnnecessaryComparison": False,
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


OPERATIONS = """from daicho.contract import (
    DOWN, EXACT, Date, Decimal, Duration, Hash, Int, Money, Party, Timestamp,
)
edition = 1


class JPY(Money, scale=0): ...


def amounts(a: JPY, b: JPY) -> JPY:
    c = -a + abs(b) - a * 3
    d = min(a, max(b, c))
    return d if a < b or a <= b or a > b or a >= b or a == b or a != b else JPY.of(d.decimal, EXACT)


def numbers(n: Int) -> Int:
    a, b = Decimal("1.50") * n, Decimal("0.25")
    c = -a + abs(b) - a * b + max(a, b)
    return c.round(1, DOWN).div(b, 2, DOWN).to_int(EXACT) + abs(-n) // 3 % 2 ** 3 if a < b else n


def times(a: Timestamp, b: Duration, day: Date) -> Duration:
    c = a + b - b * 2
    d = -(a - c) + abs(b) - b
    return d if a < c and b <= d and day < day.plus(1) else max(b, d)


def names(a: Party, b: Party, h: Hash) -> Int:
    return h.below(9) if min(a, b) == a and sorted([a, b])[0] != b else len([a] + [b])
"""


def test_type_checkers_have_the_operations_that_the_compiler_has(tmp_path: Path) -> None:
    compile_source(OPERATIONS, "operations.py")
    (tmp_path / "operations.py").write_text(OPERATIONS)
    config = {"extraPaths": [str(ROOT / "python")], "typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    for command in (
        ["mypy", "--config-file=", "--strict", "operations.py"],
        ["basedpyright", "-p", str(tmp_path)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_contract_can_be_imported_like_any_python_file(path: Path) -> None:
    """It is not run to compile it; an editor or a test may import it all the same."""
    command = [sys.executable, "-c", f"import {path.stem}"]
    folders = os.pathsep.join([str(ROOT / "python"), str(path.parent)])
    subprocess.run(command, env=environment(PYTHONPATH=folders), check=True)


def test_comments_and_layout_move_only_the_source_map() -> None:
    text = (SAMPLES / "cash.py").read_text()
    imports = {"market": (SAMPLES / "market.py").read_text()}
    ids = load_ids(SAMPLES / "ids.toml")
    plain = compile_source(text, "cash.py", imports, ids)
    moved = compile_source(
        text.replace("edition = 1", "# a remark\n\n\nedition = 1"), "cash.py", imports, ids
    )
    assert plain.texts["lower"] == moved.texts["lower"]
    assert plain.data != moved.data
    assert len(plain.data) == len(moved.data)


def test_every_accepted_node_is_used_by_a_contract_that_runs() -> None:
    used = {type(node) for path in FILES for node in ast.walk(ast.parse(path.read_text()))}
    missing = sorted(item.__name__ for item in ACCEPTED - used)
    assert not missing


def test_every_instruction_of_the_table_is_emitted_by_a_sample() -> None:
    words = {
        word
        for folder in FOLDERS
        for artefact in compile_folder(folder).values()
        for line in artefact.texts["lower"].splitlines()
        for word in line.split()[:1]
    }
    structure = {"end", "else", "if"}
    missing = sorted(set(INSTRUCTIONS) - words - structure)
    assert not missing


def test_the_opcodes_are_those_of_the_format_page() -> None:
    page = (ROOT / "docs" / "bytecode.md").read_text()
    chapter = page[page.index("### Control and errors") : page.index("\n## 5.")]
    listed: dict[str, str] = {}
    for line in chapter.splitlines():
        cells = line.split("|")
        if len(cells) > 4:
            names = [name.strip() for name in cells[2].split(",")]
            listed.update(zip(cells[1].split(), names, strict=False))
    for op, (opcode, _) in INSTRUCTIONS.items():
        assert listed[f"{opcode:02X}"] == op


def imports_of(path: Path, modules: dict[str, Path]) -> set[str]:
    """The compiler's modules that one of them imports, packages only for names of their own."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= parts & set(modules)
            if node.module in modules and parts - set(modules):
                found.add(node.module)
    return found


def test_no_file_of_the_compiler_needs_one_that_needs_it() -> None:
    root = ROOT / "python"
    modules = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((root / "daicho" / "compiler").rglob("*.py"))
    }
    waiting = {name: imports_of(path, modules) for name, path in modules.items()}
    while waiting:
        ready = {name for name, needs in waiting.items() if not needs & set(waiting) - {name}}
        assert ready, f"these need one another: {sorted(waiting)}"
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}


@pytest.mark.parametrize("step", ["check", "lower"])
def test_golden_text(step: str) -> None:
    """What a step makes of a small contract, to be read in a review."""
    artefact = compile_path(SAMPLES / "cash.py")
    golden = HERE / "golden" / f"cash.{step}.txt"
    if os.environ.get("DAICHO_REGENERATE"):
        golden.write_text(artefact.texts[step])
    assert artefact.texts[step] == golden.read_text()


# --- ids and imports ---


def test_ids_are_taken_from_the_map_and_else_from_the_order() -> None:
    ids = Ids({"a": 1}, {"a": {"exports": {"second": 1}}})
    assert ids.number("a", "exports", ["first", "second", "third"]) == {
        "first": 2,
        "second": 1,
        "third": 3,
    }
    assert ids.number("b", "tables", ["x", "y"]) == {"x": 1, "y": 2}


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids.toml"
    path.write_text("[contracts]\na = 1\nb = 1\n")
    with pytest.raises(ValueError, match="two contracts have the same id"):
        load_ids(path)


@pytest.mark.parametrize(
    "text",
    [
        "[contracts]\na = 0\n",
        "[contracts]\na = true\n",
        "a = 3\n",
        "[a.functions]\nf = 1\n",
        "[a.tables]\nt = -1\n",
        "[a.tables]\nt = 65536\n",
        '[a.entries]\nf = "1"\n',
        "[a.entries]\nf = 1\ng = 1\n",
        "[a",
    ],
)
def test_a_wrong_map_of_ids_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ids.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"\S"):
        load_ids(path)


def test_an_import_that_does_not_compile_is_told_once_and_where_it_is_wrong() -> None:
    """The fault stands at its own line, in its own file; the imports that lead there follow."""
    text = "from far import g\nfrom other import f\nedition = 1\nX = f(g, 1 / 2)\n"
    others = {
        "other": "edition = 1\nfrom far import g\nX = 1.5\n",
        "far": "edition = 1\n\nY: Z = 1\n",
    }
    with pytest.raises(CompileError) as failure:
        compile_source(text, "mine.py", others)
    lines = str(failure.value).splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [
        "far.py:3:4: DC0022 `Z` is not a type",
        "other.py:3:5: DC0007 `1.5` is a floating-point number",
        "mine.py:4:10: DC0009 `/` does not say how to round",
    ]
    assert lines[1:3] == ["    Y: Z = 1", "       ^"]
    assert [line for line in lines if "note" in line] == [
        "    note: imported here: mine.py:1:1",
        "    note: imported here: mine.py:2:1",
    ]
    rows = json.loads(render_json(failure.value.source, failure.value.diagnostics))
    assert [(row["file"], row["line"]) for row in rows] == [
        ("far.py", 3),
        ("other.py", 3),
        ("mine.py", 4),
    ]
    [note] = rows[0]["notes"]
    assert (note["file"], note["line"], note["column"]) == ("mine.py", 1, 1)
    with pytest.raises(CompileError) as failure:
        compile_source("from other import f\nedition = 1\n", "mine.py", others)
    first = failure.value.diagnostics[0]
    assert first.code == "DC0022"
    assert [note.filename for note in first.notes] == ["other.py", "mine.py"]


def test_a_helper_of_another_contract_is_compiled_in() -> None:
    helper = """from daicho.contract import Int

edition = 1


def double(n: Int) -> Int:
    return 2 * n
"""
    text = """from daicho.contract import ANY_ROLE, Int, query
from helper import double

edition = 1


@query(roles=ANY_ROLE)
def four(n: Int) -> Int:
    return double(double(n))
"""
    artefact = compile_source(text, "mine.py", {"helper": helper})
    assert "function helper.double" in artefact.texts["lower"]


def test_a_file_that_imports_another_text_than_before_is_checked_anew() -> None:
    """An imported file is kept from one compilation to the next, with what it imports."""

    def function(name: str, value: str, result: str = "Int", decorator: str = "") -> str:
        head = f"from daicho.contract import ANY_ROLE, {result}, query"
        return f"{head}\n{{}}edition = 1\n\n\n{decorator}" + (
            f"def {name}() -> {result}:\n    return {value}\n"
        )

    def compiled(inner: str) -> str:
        outer = function("outer", "inner()").format("from inner import inner\n")
        asked = function("top", "outer()", decorator="@query(roles=ANY_ROLE)\n")
        top = asked.format("from outer import outer\n")
        imports = {"outer": outer, "inner": inner.format("")}
        return compile_source(top, "top.py", imports).texts["lower"]

    assert "push.int Int 1" in compiled(function("inner", "1"))
    assert "push.int Int 2" in compiled(function("inner", "2"))
    with pytest.raises(CompileError) as failure:
        compiled(function("inner", "True", "Bool"))
    assert [item.code for item in failure.value.diagnostics] == ["DC0040"]
    assert "push.int Int 1" in compiled(function("inner", "1"))


# --- damaged sources ---

WORDS = (
    "None",
    "-1",
    "()",
    "[]",
    "{}",
    "sender()",
    "x[0]",
    "1.5",
    "*",
    "not",
    "is",
    "Key",
    "JPY",
    "=",
)


def damaged(text: str, random: Random) -> str:
    """`text` with one or two of its tokens replaced, doubled or left out."""
    tokens = [
        item
        for item in tokenize.generate_tokens(io.StringIO(text).readline)
        if item.type in (token.NAME, token.NUMBER, token.STRING, token.OP)
        and item.start[0] == item.end[0]
    ]
    lines = text.splitlines(keepends=True)
    for chosen in random.sample(tokens, random.choice((1, 1, 2))):
        line = lines[chosen.start[0] - 1]
        if line[chosen.start[1] : chosen.end[1]] == chosen.string:
            other = random.choice((random.choice(tokens).string, random.choice(WORDS), ""))
            lines[chosen.start[0] - 1] = line[: chosen.start[1]] + other + line[chosen.end[1] :]
    return "".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_sources_are_diagnosed_or_give_what_verifies(seed: int) -> None:
    """R28: whatever an author writes, the compiler answers and the verifier agrees."""
    random = Random(seed)
    for _ in range(40):
        path = random.choice(FILES)
        text = damaged(path.read_text(), random)
        try:
            artefact = compile_source(
                text, path.name, ids=load_ids(path.parent / "ids.toml"), folder=path.parent
            )
        except CompileError:
            continue
        Machine(1).deploy(1, artefact.data)
