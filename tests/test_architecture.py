"""ARCHITECTURE.md stays a map, and the machine stays ignorant of markets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conftest import ROOT
from daicho.compiler.bytecode import INSTRUCTIONS

MAP = (ROOT / "ARCHITECTURE.md").read_text()
BYTECODE = (ROOT / "docs" / "bytecode.md").read_text()

LINES_MAX = 250
ABSENCES_MIN = 10

MARKET = re.compile(
    "asset|leg|settle|settlement|dvp|trade|payment|pay|cash|money|coin|currency|isin|lei|issuer|"
    "dividend|coupon|interest|option|instrument|security|securities|bond|equity|holding|holder|"
    "account|deposit|collateral|netting|novation|earmark|allegement|settlement|custody|price"
)
"""What an instruction may not be named after."""

TYPES = {"Account", "Decimal"}
"""Names of values that rows are made of: sixteen bytes, a number."""


def instructions() -> dict[int, str]:
    """Opcode → name, from the page's tables."""
    found: dict[int, str] = {}
    for opcodes, names in re.findall(
        r"^\| ((?:[0-9A-F]{2}[ ,]*)+) \| ([a-z][^|]*) \|", BYTECODE, re.MULTILINE
    ):
        numbers = [int(number, 16) for number in re.findall(r"[0-9A-F]{2}", opcodes)]
        if names.strip() != "reserved":
            found |= dict(zip(numbers, re.split(r",\s*", names.strip()), strict=True))
    return found


def words_of(name: str) -> set[str]:
    """The words of a dotted, snake or camel name, lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def enums(source: str) -> Iterator[str]:
    """Every name in the body of an `enum` or a method of a `trait`."""
    for body in re.findall(r"^pub (?:enum|trait) \w+[^{]*\{(.*?)^\}", source, re.MULTILINE | re.S):
        code = "\n".join(line.split("//", 1)[0] for line in body.splitlines())
        yield from re.findall(r"\b[A-Za-z_]\w+\b", code)


def test_the_map_is_short() -> None:
    assert len(MAP.splitlines()) <= LINES_MAX


def test_the_way_of_a_transaction_is_drawn_once() -> None:
    headings = re.findall(r"^## (.+)$", MAP, re.MULTILINE)
    assert headings.count("The way of a transaction") == 1
    drawing = MAP.split("## The way of a transaction\n", 1)[1].split("```")[1]
    stations = re.findall(r"^ (?:\w+ )*?((?:rust|python|cext)/[\w/]*)", drawing, re.MULTILINE)
    for folder in ("rust/admission", "rust/agreement", "rust/log", "rust/execution", "rust/state"):
        assert stations.count(folder) == 1, folder
    assert all((ROOT / folder).is_dir() for folder in stations)


def test_the_invariants_are_numbered_absences() -> None:
    """At least ten, each of them something that is not."""
    text = MAP.split("## What is never true\n", 1)[1].split("\n## ", 1)[0]
    listed = re.findall(r"^(\d+)\. ((?:.+\n(?:   .+\n)*))", text, re.MULTILINE)
    assert [int(number) for number, _ in listed] == list(range(1, len(listed) + 1))
    assert len(listed) >= ABSENCES_MIN
    for number, sentence in listed:
        assert re.search(r"\b(no|nothing|never|not)\b", sentence, re.IGNORECASE), number


def test_the_page_lists_the_instructions_that_are_compiled_to() -> None:
    listed = instructions()
    assert len(listed) > 100
    assert {(number, name) for name, (number, _) in INSTRUCTIONS.items()} <= set(listed.items())


def test_no_instruction_names_an_asset_a_leg_or_a_settlement() -> None:
    """No host function names an asset, leg or settlement: what a market does is
    written in contracts, and the machine knows tables, numbers and parties."""
    for name in instructions().values():
        assert not [word for word in words_of(name) if MARKET.fullmatch(word)], name


@pytest.mark.parametrize("file", ["op.rs", "ledger.rs", "journal.rs", "num.rs"])
def test_nor_does_what_the_machine_runs(file: str) -> None:
    """The verified instructions and the seams through which they reach rows."""
    names = set(enums((ROOT / "rust" / "execution" / "src" / file).read_text())) - TYPES
    assert {name for name in names for word in words_of(name) if MARKET.fullmatch(word)} == set()


def test_the_search_finds_what_it_is_for() -> None:
    for name in ("settle", "leg.move", "AssetTransfer", "dvp", "ctx.isin", "PAY"):
        assert any(MARKET.fullmatch(word) for word in words_of(name)), name
    assert not any(MARKET.fullmatch(word) for word in words_of("table.issue"))
    source = "pub enum Op {\n    /// Moves a leg.\n    MoveLeg(u16), // an asset\n    Add,\n}\n"
    assert set(enums(source)) == {"MoveLeg", "u16", "Add"}
