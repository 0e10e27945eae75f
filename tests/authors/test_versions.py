"""`daicho contract diff`: what changes, and what cannot take over."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import pytest

from authors.support import Here
from daicho.author.comparing import Comparison, compare
from daicho.author.interface import interface_of
from daicho.cli.exits import Exit
from daicho.cli.output import Output
from daicho.cli.versions import confirm
from daicho.compiler import AbiError, Artefact, compile_folder, compile_source
from daicho.config import ConfigError
from daicho.testing import Chain

BASE = '''"""A register."""
from daicho.contract import (
    PUBLIC, ANY_CONTRACT, ANY_ROLE, Bool, Code, Enum, Event, Int, Key, MaxLen, Annotated, Party,
    Record, Role,
    Row, Str, Table, U32, U64, emit, entry, export, party, query, require, sender,
)
edition = 1
class Error(Code):
    NO = 1001
class Side(Enum):
    BUY = 0
    SELL = 1
class Line(Row):
    who: Key[Party]
    number: Key[U32]
    amount: Int
    side: Side
lines = Table(Line, compartment=party(Line.who))
class Written(Event):
    who: Party
    number: U32
@entry(roles=(Role.MEMBER,))
def write(number: U32, amount: Int) -> Int:
    require(amount > 0, Error.NO)
    lines.put(Line(who=sender(), number=number, amount=amount, side=Side.BUY))
    emit(Written(who=sender(), number=number), to=(party(Written.who),))
    return amount
@export(callers=ANY_CONTRACT)
def known(who: Party) -> Bool:
    return (who, 1) in lines
@query(roles=ANY_ROLE)
def read(who: Party) -> list[Line]:
    return lines.scan(who)
'''
EXTRA = """
@entry(roles=(Role.MEMBER,))
def wipe(number: U32) -> None:
    lines.delete(sender(), number)
"""


def versions(*edits: tuple[str, str], also: str = "") -> Comparison:
    """The base against itself with these edits."""
    text = BASE + also
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    old, new = (compile_source(source, "register.py") for source in (BASE, text))
    found = compare(interface_of(old.data), interface_of(new.data))
    assert found.takes_over == ledger_lets(old, new), "the rules are the ledger's own"
    return found


def ledger_lets(old: Artefact, new: Artefact) -> bool:
    """Whether the ledger lets a version take over."""
    chain = Chain()
    chain.deploy(old, 1)
    try:
        chain.upgrade(new, 1)
    except ValueError:
        return False
    return True


def test_nothing_differs_from_itself() -> None:
    found = versions()
    assert (found.same, found.takes_over) == (True, True)
    assert not found.warnings


def test_an_entry_more_is_added_and_costs_what_is_said() -> None:
    found = versions(also=EXTRA)
    assert [(part.kind, part.id, part.name) for part in found.added] == [("entry", 2, "wipe")]
    assert found.takes_over
    assert found.facts["artefact bytes"]["new"] > found.facts["artefact bytes"]["old"]
    assert found.facts["code bytes of wipe"]["old"] == 0
    assert "code bytes of write" not in found.facts


EVENT = "class Written(Event):\n    who: Party\n    number: U32"
CHANGES = {
    "table 1 lines": [
        [("    amount: Int\n", "    amount: U64\n"), ("amount=amount", "amount=U64(amount)")],
        [("number: Key[U32]", "number: Key[U64]")],
        [
            ("    side: Side\n", "    side: Side\n    more: Int\n"),
            ("Side.BUY)", "Side.BUY, more=1)"),
        ],
        [("    SELL = 1\n", "    SELL = 1\n    BOTH = 2\n")],
        [("compartment=party(Line.who)", "compartment=PUBLIC")],
    ],
    "event 1 Written": [[(EVENT, EVENT.replace("U32", "U64"))]],
    "entry 1 write": [[("amount: Int) -> Int:", "amount: U32) -> U32:")]],
    "export 1 known": [[("def known(who: Party)", "def known(who: Party, at: U32)")]],
}


@pytest.mark.parametrize(
    ("part", "edits"), [(part, edits) for part, listed in CHANGES.items() for edits in listed]
)
def test_a_number_keeps_its_meaning(part: str, edits: list[tuple[str, str]]) -> None:
    """docs/bytecode.md, section 13: "every id that both have keeps its meaning"."""
    found = versions(*edits)
    assert not found.takes_over
    assert any(problem.startswith(f"{part} must keep its form") for problem in found.problems), (
        found.problems
    )


def test_names_may_change_and_the_author_is_told() -> None:
    found = versions(("amount: Int\n", "worth: Int\n"), ("amount=amount", "worth=amount"))
    assert found.takes_over
    assert any("other names" in warning for warning in found.warnings)
    found = versions(("def write", "def enter"))
    assert found.takes_over
    assert any("entry 1 write is called enter now" in warning for warning in found.warnings)
    found = versions(("    BUY = 0\n    SELL = 1\n", "    SELL = 0\n    BUY = 1\n"))
    assert found.takes_over, "the ledger cannot see it"
    assert any("other names" in warning for warning in found.warnings)


def test_the_contract_s_own_name_is_kept() -> None:
    """The ledger refuses another under the same number: NO_CONTRACT."""
    old, new = (interface_of(compile_source(BASE, f"{name}.py").data) for name in ("one", "two"))
    found = compare(old, new)
    assert found.problems == ["the contract is called two and must keep its name, one"]


def test_what_is_gone_is_said_with_what_follows() -> None:
    found = versions((BASE[BASE.index("@export(callers=ANY_CONTRACT)") : BASE.index("@query")], ""))
    assert [(part.kind, part.name) for part in found.removed] == [("export", "known")]
    assert found.takes_over
    assert any("NO_ENTRY" in warning for warning in found.warnings)


MORE = """
class More(Row):
    who: Key[Party]
    amount: Int
mores = Table(More, compartment=party(More.who))
"""
INDEX = "mores_by_amount = Index(mores, More.who, More.amount)\n"


def test_tables_and_indexes_are_never_left_out() -> None:
    """Else a version after that could give the rows that stay another meaning."""
    base = BASE.replace(
        "from daicho.contract import (", "from daicho.contract import (\n    Index,"
    )
    texts = [base + MORE + INDEX, base + MORE, base]
    both, table, neither = (compile_source(text, "register.py") for text in texts)
    left_out = ["index 3 mores_by_amount", "table 2 mores"]
    for old, new, problems in [
        (both, table, left_out[:1]),
        (table, neither, left_out[1:]),
        (both, neither, left_out[::-1]),
    ]:
        found = compare(interface_of(old.data), interface_of(new.data))
        wanted = [f"{part} is left out, and its rows would stay" for part in problems]
        assert found.problems == wanted
        assert not ledger_lets(old, new)
    assert ledger_lets(neither, both)


def test_roles_queries_and_errors_may_change() -> None:
    found = versions(
        ("@entry(roles=(Role.MEMBER,))", "@entry(roles=(Role.ISSUER,))"),
        ("NO = 1001", "NEVER = 1001"),
        ("Error.NO", "Error.NEVER"),
        ("def read(who: Party) -> list[Line]:\n    return lines.scan(who)",
         "def read(who: Party, most: U32) -> list[Line]:\n    return lines.scan(who, limit=most)"),
    )  # fmt: skip
    assert found.takes_over
    changed = {change.new.kind for change in found.changed}
    assert {"entry", "query", "error"} <= changed
    assert any("NO is called NEVER" in warning for warning in found.warnings)


def test_the_market_s_contracts_are_read_whole(root: Path) -> None:
    """Every declaration of the set is a part, by the numbers of its `ids.toml`."""
    for artefact in compile_folder(root / "contracts").values():
        found = interface_of(artefact.data)
        for kind, names in (("entry", artefact.abi.entries), ("query", artefact.abi.queries)):
            assert {part.name for part in found.of_kind(kind).values()} == set(names)
        tables = {table.name for table in artefact.module.tables}
        assert {part.name for part in found.of_kind("table").values()} == tables
        assert found.artefact_bytes == len(artefact.data)


def test_damaged_artefacts_are_no_artefacts(root: Path) -> None:
    """Any byte may be wrong: an artefact is read, or refused, and nothing else happens."""
    data = compile_folder(root / "contracts")["cash"].data
    assert len(data) > 4_000
    refused = 0
    for at in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        try:
            interface_of(bytes(damaged))
        except AbiError:
            refused += 1
    assert refused > 100
    for end in range(0, len(data), 97):
        with pytest.raises(AbiError):
            interface_of(data[:end])


def test_sources_and_artefacts_alike(here: Here, paper: Path) -> None:
    assert here(paper, "contract", "build", "contracts/paper.py", "--out", "v1.dcb").code == Exit.OK
    contract = paper / "contracts" / "paper.py"
    contract.write_text(
        contract.read_text()
        .replace("term_days: Int) -> Timestamp:", "term_days: Int, note: PaperId) -> Timestamp:")
        .replace("TERM_DAYS_MAX = 365", "TERM_DAYS_MAX = 180")
    )
    same = here(paper, "contract", "diff", "v1.dcb", "v1.dcb", "--json")
    assert (same.code, same.json["ok"], same.json["changed"]) == (Exit.OK, True, [])
    ended = here(paper, "contract", "diff", "v1.dcb", "contracts/paper.py", "--json")
    document: dict[str, Any] = ended.json
    assert (ended.code, document["ok"]) == (Exit.CHECK_FALSE, False)
    assert [row["name"] for row in document["changed"]] == ["issue"]
    assert "note: Str(12)" in document["changed"][0]["text"]
    assert "note" not in document["changed"][0]["was"]
    shown = here(paper, "contract", "diff", "v1.dcb", "contracts/paper.py")
    assert "it cannot take over" in shown.out
    assert here(paper, "contract", "diff", "v1.dcb", "README.md").code == Exit.USAGE
    assert here(paper, "contract", "diff", "v1.dcb", "nowhere.py").code == Exit.USAGE


def test_a_contract_must_be_known_before_it_is_replaced(here: Here, paper: Path) -> None:
    ended = here(
        paper, "contract", "upgrade", "contracts/paper.py", "--as", "exchange", "-n", ".", "--json"
    )
    assert (ended.code, ended.json["errors"][0]["code"]) == (Exit.USAGE, "CFG_REFERENCE")


def test_what_a_callable_touches_is_compared() -> None:
    found = versions(("    return amount\n", "    lines.delete(sender(), 9)\n    return amount\n"))
    assert "touched by entry write" not in found.facts, "the same table, by key as before"
    found = versions(("    return (who, 1) in lines\n", "    return len(lines.scan(who)) > 0\n"))
    assert found.facts["touched by export known"] == {
        "old": "reads lines by key",
        "new": "reads lines by prefix",
    }


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False), ("", False)])
def test_an_upgrade_asks_who_can_answer(
    monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    """Nothing is sent without a yes: not on a no, not when the terminal is closed."""
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    with nullcontext() if goes_on else pytest.raises(click.Abort):
        confirm("Replace it?", False, Output(False))
    with pytest.raises(ConfigError):
        confirm("Replace it?", False, Output(True))
    confirm("Replace it?", True, Output(True))
