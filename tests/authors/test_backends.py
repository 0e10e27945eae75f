"""What runs the calls: the machine, CPython, both held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authors.support import daicho
from daicho.cli.exits import Exit
from daicho.compiler import compile_path
from daicho.testing import Chain, Difference, Party, aborts
from daicho.testing.backends import Both, Machine

SAMPLES = Path(__file__).parent / "samples"


class Faulty:
    """A machine whose answers are changed: what CPython with a fault would be."""

    def __init__(self, genesis_us: int, field: str) -> None:
        self.machine = Machine(genesis_us)
        self.field = field

    def __getattr__(self, name: str) -> Any:
        return getattr(self.machine, name)

    def block(self, *block: Any, **seed: Any) -> list[dict[str, Any]]:
        return [self._changed(raw) for raw in self.machine.block(*block, **seed)]

    def query(self, *query: Any) -> dict[str, Any]:
        return self._changed(self.machine.query(*query))

    def rows(self) -> list[Any]:
        rows = self.machine.rows()
        return rows[:-1] if self.field == "rows" else rows

    def _changed(self, raw: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {"name": "OTHER", "result": b"\1", "events": [(1, 1, [], b"")]}
        return raw | {self.field: changes[self.field]} if self.field in changes else raw


def both_with(field: str) -> tuple[Chain, Party, Party]:
    """A chain whose second backend has a fault in one field; two parties."""
    chain = Chain()
    chain.backend = Both(Machine(chain.time_us), Faulty(chain.time_us, field))
    chain.deploy(compile_path(SAMPLES / "deposits.py"))
    return chain, chain.party("holder", "MEMBER"), chain.party("bank", "MEMBER")


@pytest.mark.parametrize("field", ["name", "result", "events", "rows"])
def test_a_difference_fails_and_is_shown(field: str) -> None:
    chain, holder, bank = both_with(field)
    call = {"bank": bank, "amount": 1, "due": 0}
    with pytest.raises(Difference) as caught:
        chain.call(holder, "deposits", "place", signed_by=[bank], **call)
    said = str(caught.value)
    assert "the machine and CPython differ" in said
    assert ("row" if field == "rows" else f": {field}") in said
    assert "    machine " in said
    assert "    python  " in said


@pytest.mark.parametrize("field", ["name", "result"])
def test_a_query_s_difference_fails_too(field: str) -> None:
    chain, holder, _ = both_with(field)
    with pytest.raises(Difference):
        chain.query(holder, "deposits", "time_now")


def test_no_difference_where_there_is_none() -> None:
    chain, holder, bank = both_with("")
    chain.call(holder, "deposits", "place", signed_by=[bank], bank=bank, amount=1, due=0)
    chain.block([])
    assert [ran.outcome.code for ran in chain.timers] == ["FEED"]


def test_what_the_meters_end_is_not_asked_of_cpython() -> None:
    """CPython has no gas: it would go on where the machine stopped."""
    chain, holder, bank = both_with("name")
    with aborts("GAS"):
        chain.call(
            holder, "deposits", "place", signed_by=[bank], gas=100, bank=bank, amount=1, due=0
        )


def test_a_backend_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="vm, python, both"):
        Chain(backend_name="fast")


@pytest.mark.parametrize("backend", ["python", "both"])
def test_an_author_s_tests_run_under_plain_cpython(paper: Path, backend: str) -> None:
    """R128: "Contract author: new product from template ≤ 1 day; unit tests under plain
    CPython"."""
    ended = daicho(paper, "test", f"--backend={backend}", "--json")
    assert (ended.code, ended.json["failures"]) == (Exit.OK, []), ended.err
    assert ended.json["tests"]["passed"] >= 10


def test_the_debugger_stops_in_the_author_s_own_line(paper: Path) -> None:
    """A breakpoint in the contract's file is met, with the contract's own names."""
    text = (paper / "contracts" / "paper.py").read_text().splitlines()
    line = next(at for at, said in enumerate(text, 1) if said.strip().startswith("return owed"))
    (paper / "tests" / "test_stop.py").write_text(
        "import bdb, sys\n"
        "from test_paper import PAPER, issued, parties\n"
        "class Stop(bdb.Bdb):\n"
        "    seen = []\n"
        "    def user_line(self, frame):\n"
        "        if self.break_here(frame):\n"
        "            self.seen.append(frame.f_locals['owed'])\n"
        "        self.set_continue()\n"
        "def test_stop(chain, issued, clock):\n"
        "    clock.advance(days=90)\n"
        "    stop = Stop()\n"
        f"    assert stop.set_break({str(paper / 'contracts' / 'paper.py')!r}, {line}) is None\n"
        "    stop.runcall(chain.call, issued['dealer'], 'paper', 'redeem', paper=PAPER)\n"
        "    assert len(stop.seen) == 1\n"
    )
    ended = daicho(paper, "test", "--backend=python", "-k", "stop", "tests/test_stop.py", "--json")
    assert ended.code == Exit.OK, ended.err
