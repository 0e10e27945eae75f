"""docs/contracts: an author's first hour, and every tool, as they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from authors.pages import Page, fits
from authors.support import daicho
from conftest import ROOT

DOCS = ROOT / "docs" / "contracts"


@pytest.mark.slow
def test_an_author_s_first_hour(tmp_path: Path) -> None:
    """R128: "Contract author: new product from template ≤ 1 day; unit tests under plain
    CPython". From the template to a rule of one's own, tested on the machine and on
    CPython, as the page tells it."""
    page = Page(tmp_path)
    page.run((DOCS / "testing.md").read_text())
    assert page.commands >= 10


def test_a_page_that_is_wrong_fails(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    for wrong in (
        "```console\n$ daicho explain GAS\nsomething else\n```\n",
        "```diff a.py\n-two\n+three\n```\n",
        "```console\n$ rm -r everything\n```\n",
    ):
        with pytest.raises(AssertionError):
            Page(tmp_path).run(wrong)
    assert fits("a b c\n", "a … c")
    assert not fits("a b d\n", "a … c")


@pytest.mark.slow
def test_every_tool(tmp_path: Path, loopback: str) -> None:
    """From a file to an upgrade on a network, as the page tells it."""

    def on_loopback(arguments: list[str]) -> list[str]:
        return [*arguments, "--host", loopback] if arguments[:2] == ["net", "init"] else arguments

    page = Page(tmp_path, on_loopback)
    try:
        page.run((DOCS / "tools.md").read_text())
    finally:
        daicho(tmp_path / "paper", "net", "down", "ledger")
    assert page.commands >= 15
