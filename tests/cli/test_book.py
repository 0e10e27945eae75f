"""The contracts that a network's folder knows: one number each, and damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT
from daicho.compiler import compile_folder
from daicho.config import ConfigError
from daicho.query.book import ContractBook


@pytest.fixture
def book(tmp_path: Path) -> ContractBook:
    """The cash contract under its number."""
    made = ContractBook(tmp_path)
    cash = compile_folder(ROOT / "contracts")["cash"]
    made.put(cash.contract_id, "cash", cash.data)
    return made


def refused(caught: pytest.ExceptionInfo[ConfigError]) -> tuple[str, str]:
    """The code and the key of the one problem."""
    [problem] = caught.value.problems
    return problem.code, problem.key


def test_a_name_has_one_number_and_a_number_one_name(book: ContractBook) -> None:
    number = book.get("cash").number
    book.check_new(number + 1, "bonds")
    for taken in ((number + 1, "cash"), (number, "bonds"), (number, "cash")):
        with pytest.raises(ConfigError, match=f"contract {number} is deployed: cash") as caught:
            book.check_new(*taken)
        assert refused(caught) == ("CFG_EXISTS", "SOURCE")


@pytest.mark.parametrize("damage", [b"", b"DAICHOBC", b"\xff" * 100, None])
def test_an_artefact_that_is_damaged_is_named(book: ContractBook, damage: bytes | None) -> None:
    path = book.folder / "cash.dcb"
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    with pytest.raises(ConfigError) as caught:
        book.get("cash")
    assert refused(caught) == ("CFG_FORM", str(path))
    path.unlink()
    with pytest.raises(ConfigError) as caught:
        book.get("cash")
    assert refused(caught) == ("CFG_FILE", str(path))


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "CFG_SYNTAX"), ("{", "CFG_SYNTAX"), ("[]", "CFG_FORM"), ('{"cash": "1"}', "CFG_FORM")],
)
def test_an_index_that_is_damaged_is_named(book: ContractBook, text: str, code: str) -> None:
    path = book.folder / "index.json"
    path.write_text(text)
    for asked in (book.names, book.next_number, lambda: book.get("cash")):
        with pytest.raises(ConfigError) as caught:
            asked()
        assert refused(caught) == (code, str(path))
