"""The floors of ARCHITECTURE.md: which crate and which package may name which.

Reads every manifest and every Python import. To build a new way between two
floors, change the table here and the drawing there, in one commit.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT

BASE = {"types", "crypto"}
ORDERING = {"log", "control", "admission", "agreement"}

# Crate → crates of ours that it may name, in any kind of dependency.
MAY_NAME = {
    "types": set(),
    "crypto": {"types"},
    "log": BASE,
    "control": BASE,
    "admission": BASE,
    "agreement": BASE,
    "execution": BASE,
    "state": BASE,
    "node": BASE | ORDERING,
    "host": BASE | {"node"},
    "executor": BASE | {"execution", "state", "control"},
    # `execution` and `state` for running contract tests in process.
    "bindings": BASE | {"host", "execution", "state"},
    "sim": BASE | {"node", "executor"},
}
MIDDLE = ORDERING | {"execution", "state"}

# Only these name a crate that reaches the machine.
MACHINE = {
    "pyo3": {"bindings"},
    "libc": {"host", "executor"},
    "landlock": {"executor"},
    "seccompiler": {"executor"},
}

# Files that may contain `unsafe`, each at a border that safe Rust cannot cross.
UNSAFE = {
    "rust/bindings/src/frames.rs",  # pointers from the pump
    "rust/host/src/frames.rs",  # eventfd
    "rust/executor/src/sandbox.rs",  # prctl, and trying what must fail
}

# Package of python/daicho → packages that it may name; those not listed may
# name all but `cli`, as long as there is no circle.
PYTHON_MAY_NAME = {
    "__init__": set(),
    "resources": set(),
    "contract": set(),
    "compiler": {"contract"},
    # Not the machine: an oracle that names it would repeat its mistakes.
    "rewrite": {"compiler"},
}
TOP = {"cli", "__main__"}

BINDINGS_SHARE_MAX = 0.05


def crates() -> list[str]:
    return sorted(path.parent.name for path in ROOT.glob("rust/*/Cargo.toml"))


def dependencies(crate: str) -> set[str]:
    """Names of all dependencies of a crate: normal, build, dev and per target."""
    manifest = tomllib.loads((ROOT / "rust" / crate / "Cargo.toml").read_text())
    tables = [manifest, *manifest.get("target", {}).values()]
    kinds = ("dependencies", "dev-dependencies", "build-dependencies")
    found: set[str] = set()
    for table in tables:
        for kind in kinds:
            for name, wanted in table.get(kind, {}).items():
                renamed = wanted.get("package") if isinstance(wanted, dict) else None
                found.add(renamed or name)
    return found


def ours(crate: str) -> set[str]:
    prefix = "daicho-"
    return {name.removeprefix(prefix) for name in dependencies(crate) if name.startswith(prefix)}


def test_every_crate_is_on_a_floor() -> None:
    assert crates() == sorted(MAY_NAME)
    for crate in crates():
        manifest = tomllib.loads((ROOT / "rust" / crate / "Cargo.toml").read_text())
        assert manifest["package"]["name"] == f"daicho-{crate}"


@pytest.mark.parametrize("crate", sorted(MAY_NAME))
def test_crates_name_only_what_is_below_them(crate: str) -> None:
    above = ours(crate) - MAY_NAME[crate]
    assert not above, f"rust/{crate} must not name {sorted(above)}"


def test_the_table_itself_keeps_the_middle_apart() -> None:
    for crate in MIDDLE:
        assert MAY_NAME[crate] <= BASE
    assert not any("bindings" in named or "sim" in named for named in MAY_NAME.values())


@pytest.mark.parametrize("foreign", sorted(MACHINE))
def test_only_the_edges_reach_the_machine(foreign: str) -> None:
    using = {crate for crate in crates() if foreign in dependencies(crate)}
    assert using <= MACHINE[foreign]


def test_pyo3_is_written_in_the_bindings_only() -> None:
    """One crate names Python; the rest knows nothing of it."""
    word = re.compile(r"\b(pyo3|maturin)\b", re.IGNORECASE)
    named = {
        path.relative_to(ROOT).parts[1]
        for path in [*ROOT.glob("rust/*/src/**/*.rs"), *ROOT.glob("rust/*/Cargo.toml")]
        if any(word.search(line) for line in code_lines(path))
    }
    assert named == {"bindings"}


def code_lines(path: Path) -> Iterator[str]:
    """Lines of a Rust file without their comments."""
    for line in path.read_text().splitlines():
        yield line.split("//", 1)[0]


def test_unsafe_only_where_listed() -> None:
    word = re.compile(r"\bunsafe\b")
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("rust/**/*.rs")
        if any(word.search(line) for line in code_lines(path))
    }
    assert found == UNSAFE


@pytest.mark.parametrize("file", sorted(UNSAFE))
def test_unsafe_says_why(file: str) -> None:
    opening = re.compile(r"\bunsafe\s*(\{|impl\b)")
    lines = (ROOT / file).read_text().splitlines()
    for number, line in enumerate(lines):
        if opening.search(line.split("//", 1)[0]):
            before = "\n".join(lines[max(0, number - 6) : number + 1])
            assert "SAFETY:" in before, f"{file}:{number + 1} does not say why it is sound"


def test_bindings_stay_thin() -> None:
    """Design: bindings stay under 5 % of the Rust lines; logic belongs below them."""
    lines = {
        crate: sum(
            len(path.read_text().splitlines()) for path in ROOT.glob(f"rust/{crate}/**/*.rs")
        )
        for crate in crates()
    }
    total = sum(lines.values())
    share = lines["bindings"] / total
    assert share < BINDINGS_SHARE_MAX, f"{lines['bindings']} of {total} Rust lines"


# Python ---------------------------------------------------------------------


def part_of(module: str) -> str | None:
    """The package or file of python/daicho that a dotted name lies in."""
    names = module.split(".")
    if names[0] != "daicho":
        return None
    return names[1] if len(names) > 1 else "__init__"


def parts() -> dict[str, list[Path]]:
    """Parts of python/daicho with their files."""
    package = ROOT / "python" / "daicho"
    found: dict[str, list[Path]] = {}
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.pyi")]):
        first = path.relative_to(package).parts[0]
        if first != "_contracts":
            found.setdefault(first.split(".")[0], []).append(path)
    return found


def imported_names(source: str, path: Path) -> Iterator[str]:
    """Dotted names of everything a source imports, wherever the statement stands."""
    inside = path.relative_to(ROOT / "python").with_suffix("").parts
    for node in ast.walk(ast.parse(source, str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(inside[: len(inside) - node.level]) if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            # `from daicho import x` may name a part or a thing in __init__.
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def parts_named() -> dict[str, set[str]]:
    """Part → other parts that it imports."""
    known = parts()
    named: dict[str, set[str]] = {}
    for part, files in known.items():
        reached = {
            part_of(name) for path in files for name in imported_names(path.read_text(), path)
        }
        inside = {name if name in known else "__init__" for name in reached if name}
        # Everyone may read the version.
        named[part] = inside - {part, "__init__"}
    return named


def test_what_authors_import_stands_alone() -> None:
    named = parts_named()
    for part, allowed in PYTHON_MAY_NAME.items():
        above = named.get(part, set()) - allowed
        assert not above, f"daicho.{part} must not import {sorted(above)}"


def test_nobody_imports_the_command_line() -> None:
    for part, named in parts_named().items():
        if part not in TOP:
            assert not named & TOP, f"daicho.{part} imports {sorted(named & TOP)}"


def test_packages_form_no_circle() -> None:
    left = parts_named()
    while left:
        free = {part for part, named in left.items() if not named & left.keys()}
        assert free, f"these import one another: {sorted(left)}"
        left = {part: named for part, named in left.items() if part not in free}


def test_the_pump_knows_nothing_of_the_package() -> None:
    for path in ROOT.glob("cext/daicho_pump/*.py*"):
        text = path.read_text()
        assert not re.search(r"^\s*(from|import|cimport)\s+daicho\b", text, re.MULTILINE), path


def test_imports_are_seen() -> None:
    """The reader of imports finds every way to write one."""
    source = """
import daicho.cli, click
from daicho import host
from ..config import load
def late():
    from . import other
"""
    seen = set(imported_names(source, ROOT / "python" / "daicho" / "query" / "probe.py"))
    expected = {"daicho.cli", "click", "daicho.host", "daicho.config.load", "daicho.query.other"}
    assert seen == expected
    assert part_of("daicho.cli.main") == "cli"
    assert part_of("click") is None
