"""docs/requirements.md says which tests prove which requirement, and they do.

A test speaks of a requirement in its docstring, in the comment above it (Rust)
or at the head of its transcript: `R27: "..."`, with the acceptance quoted.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ROOT

NUMBERS = (
    *(7, 8, 9, 11, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33, 38, 40, 41),
    *(44, 45, 46, 47, 48, 49, 50, 52, 53, 55, 56, 57, 58, 64),
    *(69, 70, 71, 72, 79, 85, 99, 100, 104, 133),
)
"""Each of these has a test that carries its number."""

QUOTED_WORDS = 3
"""So many words in a row are a quotation; a shorter part is quoted whole."""

SIGNS = {"×": " x ", "*": " x ", "Σ": "sum "}  # noqa: RUF001
"""Signs that are written one way here and another way there."""

PLACES = (
    "tests/**/*.py",
    "rust/*/tests/**/*.rs",
    "rust/*/tests/**/*.txt",
    "rust/*/src/**/*tests.rs",
)


@dataclass(frozen=True)
class Row:
    """One line of the page."""

    acceptance: str
    proofs: tuple[str, ...]
    scaled_down: str


def _rows() -> dict[int, Row]:
    text = (ROOT / "docs" / "requirements.md").read_text()
    found = re.findall(r"^\| R(\d+) \| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {
        int(number): Row(acceptance, tuple(re.findall(r"`([^`]+)`", proofs)), scaled_down)
        for number, acceptance, proofs, scaled_down in found
    }


ROWS = _rows()


def words_of(proof: str) -> str:
    """What a test (`file::function`, or a transcript) says that it proves."""
    file, _, function = proof.partition("::")
    text = (ROOT / file).read_text()
    if file.endswith(".py"):
        return _python_words(text, function)
    if file.endswith(".rs"):
        return _rust_words(text, function)
    return _transcript_words(text)


def _python_words(source: str, function: str) -> str:
    """A test function's docstring."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            assert function.startswith("test_")
            return ast.get_docstring(node) or ""
    raise LookupError(function)


def _rust_words(source: str, function: str) -> str:
    """The doc comment above a `#[test]` function."""
    above = r"((?:^[ \t]*///.*\n)*)((?:^[ \t]*#\[.*\n)+)"
    found = re.search(rf"{above}[ \t]*fn {re.escape(function)}\(", source, re.MULTILINE)
    if found is None or "#[test]" not in found[2]:
        raise LookupError(function)
    return re.sub(r"^[ \t]*///", "", found[1], flags=re.MULTILINE)


def _transcript_words(source: str) -> str:
    """The comment that a transcript begins with."""
    head = source.split("\ncluster ", 1)[0]
    assert head.startswith("#")
    return re.sub(r"^#", "", head, flags=re.MULTILINE)


def numbers_in(text: str) -> set[int]:
    """The requirements that a text names: R27, R31."""
    return {int(number) for number in re.findall(r"\bR(\d{1,3})\b", text)}


def _plain(text: str) -> list[str]:
    """Words and numbers, whatever stands between them; signs as a keyboard has them."""
    for sign, written in SIGNS.items():
        text = text.replace(sign, written)
    text = re.sub(r"(?<=\d),(?=\d)", "", text.lower())
    text = re.sub(r"\bx(?=\d)", "x ", text)
    return re.findall(r"[a-z0-9_.^%]*[a-z0-9%]", text)


def parts_of(acceptance: str) -> list[list[str]]:
    """An acceptance, taken apart at its semicolons and arrows."""
    parts = [_plain(part) for part in re.split(r";|→|->", acceptance)]
    return [part for part in parts if part]


def is_quoted(part: list[str], texts: list[list[str]]) -> bool:
    """Whether some text has a run of the part's words."""
    length = min(len(part), QUOTED_WORDS)
    runs = {tuple(part[at : at + length]) for at in range(len(part) - length + 1)}
    return any(
        tuple(text[at : at + length]) in runs
        for text in texts
        for at in range(len(text) - length + 1)
    )


def unquoted(acceptance: str, texts: list[str]) -> list[str]:
    """The parts of an acceptance that no text quotes."""
    plain = [_plain(text) for text in texts]
    return [" ".join(part) for part in parts_of(acceptance) if not is_quoted(part, plain)]


def _files() -> list[Path]:
    here = Path(__file__)
    return sorted(path for place in PLACES for path in ROOT.glob(place) if path != here)


def test_every_required_number_is_carried_by_a_test() -> None:
    """The tests alone, whatever the page says."""
    carried = {number for path in _files() for number in numbers_in(path.read_text())}
    assert sorted(set(NUMBERS) - carried) == []


def test_the_page_has_one_row_for_each() -> None:
    assert list(ROWS) == sorted(ROWS)
    assert set(NUMBERS) <= ROWS.keys()
    assert all(row.proofs for row in ROWS.values())


@pytest.mark.parametrize("number", sorted(ROWS))
def test_the_tests_of_a_requirement_carry_its_number_and_quote_it(number: int) -> None:
    row = ROWS[number]
    texts = [words_of(proof) for proof in row.proofs]
    silent = [
        proof
        for proof, text in zip(row.proofs, texts, strict=True)
        if number not in numbers_in(text)
    ]
    assert silent == [], f"these do not speak of R{number}"
    assert unquoted(row.acceptance, [*texts, row.scaled_down]) == []


# The guard itself ------------------------------------------------------------

RUST = """
/// R27: "`while True` contract → refused(GAS)".
#[test]
fn endless() {}

/// R28: no test.
fn helper() {}
"""

PYTHON = '''
def test_idle() -> None:
    """R32: "Idle T4"."""
'''


def test_words_are_taken_from_tests_only() -> None:
    assert numbers_in(_rust_words(RUST, "endless")) == {27}
    assert numbers_in(_python_words(PYTHON, "test_idle")) == {32}
    assert numbers_in(_transcript_words("# R30: a\n# b\ncluster n=4\nR31\n")) == {30}
    for missing in ("helper", "absent"):
        with pytest.raises(LookupError):
            _rust_words(RUST, missing)
    with pytest.raises(LookupError):
        _python_words(PYTHON, "test_absent")


def test_what_is_not_quoted_is_found() -> None:
    acceptance = "Flip one byte of any page → `verify` names height and fails; refuses to serve"
    assert unquoted(acceptance, ["flip one byte", "names height and fails"]) == ["refuses to serve"]
    assert unquoted("n=4 kill 1 → commits continue", ["n=4 kill 1 -> commits continue"]) == []
    assert unquoted("±30 s; 1,000 sh", ["+-30 s, and 1000 sh"]) == []
    assert unquoted("One → DUP", ["one", "not twice"]) == ["dup"]
