"""The plugin's fixtures where a project is laid out in another way."""

from __future__ import annotations

from pathlib import Path

from authors.support import daicho
from daicho.cli.exits import Exit
from daicho.testing.record import Lines, Record, Usage

HERE = Path(__file__).parent / "samples" / "deposits.py"


def passes(folder: Path, *arguments: str) -> int:
    """How many tests pass in a folder, where all do."""
    ended = daicho(folder, "test", "--json", *arguments)
    assert ended.code == Exit.OK, ended.err
    return int(ended.json["tests"]["passed"])


def test_the_folder_of_contracts_may_be_configured(paper: Path) -> None:
    (paper / "contracts").rename(paper / "src")
    (paper / "pytest.ini").write_text("[pytest]\ndaicho_contracts = src\n")
    assert passes(paper, "tests/test_paper.py") >= 9


def test_contracts_and_tests_may_share_a_folder(paper: Path) -> None:
    for path in [*(paper / "contracts").iterdir(), paper / "tests" / "test_paper.py"]:
        path.rename(paper / path.name)
    assert passes(paper, "test_paper.py") >= 9


def test_a_contract_from_anywhere_and_a_next_version(paper: Path) -> None:
    (paper / "tests" / "test_more.py").write_text(
        "import pathlib\n"
        "def test_path(chain, deploy, party):\n"
        f"    deploy(pathlib.Path({str(HERE)!r}), number=9)\n"
        "    assert chain.contracts['deposits'][0] == 9\n"
        "    chain.query(party('b', 'MEMBER'), 'deposits', 'time_now')\n"
        "def test_again(chain, deploy):\n"
        "    before = chain.contracts['paper'][0]\n"
        "    assert deploy('paper').contract_id == before\n"
    )
    assert passes(paper, "tests/test_more.py") == 2


def test_fixtures_of_one_s_own_come_first(paper: Path) -> None:
    """The plugin's names are plain words: a project that has them keeps its own."""
    (paper / "tests" / "conftest.py").write_text(
        "import pytest\n@pytest.fixture\ndef clock():\n    return 'mine'\n"
    )
    (paper / "tests" / "test_mine.py").write_text(
        "def test_mine(clock):\n    assert clock == 'mine'\n"
    )
    assert passes(paper, "tests/test_mine.py") == 1


def test_without_contracts_a_fixture_says_where_it_looked(tmp_path: Path) -> None:
    (tmp_path / "test_lost.py").write_text("def test_lost(chain):\n    pass\n")
    ended = daicho(tmp_path, "test")
    assert ended.code == Exit.CHECK_FALSE
    assert "no contracts/ids.toml in" in ended.out


def test_parts_of_a_run_add_up() -> None:
    one, other = Record(), Record()
    for record, gas in ((one, 5), (other, 7), (other, 7)):
        record.called("c.f", gas, 1, ok=True)
    other.called("c.f", 9, 9, ok=False)
    one.knows("c", "c.py", {1, 2, 3})
    other.knows("c", "c.py", {2, 3, 4})
    other.reached("c", {4})
    one.add(Record.of_plain(other.plain()))
    assert one.usage == {"c.f": Usage(one.usage["c.f"].spent, failed=1)}
    assert dict(one.usage["c.f"].spent) == {(5, 1): 1, (7, 1): 2}
    assert one.lines == {"c": Lines("c.py", {1, 2, 3, 4}, {4})}
