"""Every code of the compiler, on the line where it belongs.

A case is a contract; `# E: DC0012` at the end of a line says what must be
reported there, as often as it is written, and nothing else anywhere.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from daicho.compiler import CompileError, Ids, compile_source, explain, render_json
from daicho.compiler.codes import REGISTRY

HERE = Path(__file__).parent
PRELUDE = (HERE / "cases" / "prelude.txt").read_text()
OTHERS = {path.stem: path.read_text() for path in sorted((HERE / "cases").glob("import_*.txt"))}
IDS = Ids({"case": 1, "import_other": 2, "other": 2, "elsewhere": 3})
MARK = re.compile(r"#\s*E:\s*((?:DC\d{4}\s*)+)$")


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    expected: Counter[tuple[int, str]]


def read_cases() -> list[Case]:
    cases: list[Case] = []
    for path in sorted((HERE / "cases").glob("*.test")):
        for part in path.read_text().split("\n## ")[1:]:
            title, _, body = part.partition("\n")
            text = body if "whole file" in title else PRELUDE + body
            expected: Counter[tuple[int, str]] = Counter()
            for number, line in enumerate(text.splitlines(), 1):
                found = MARK.search(line)
                if found:
                    expected.update((number, code) for code in found[1].split())
            assert expected, f"{path.name}: {title} expects nothing"
            cases.append(Case(f"{path.stem}: {title}", text, expected))
    return cases


CASES = read_cases()
IMPORTS = {name.removeprefix("import_"): text for name, text in OTHERS.items()}


def failure_of(text: str) -> CompileError:
    with pytest.raises(CompileError) as caught:
        compile_source(text, "case.py", IMPORTS, IDS)
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reports_what_is_marked_and_nothing_else(case: Case) -> None:
    failure = failure_of(case.text)
    found = Counter((item.here.line, item.code) for item in failure.diagnostics)
    assert found == case.expected, f"\n{failure}"


def test_every_code_has_a_case() -> None:
    covered = {code for case in CASES for _, code in case.expected}
    missing = sorted(set(REGISTRY) - covered)
    assert not missing


def test_limits() -> None:
    body = "".join(f"    x{i} = {i}\n" for i in range(300))
    failure = failure_of(f"{PRELUDE}\ndef f() -> Int:\n{body}    return 1\n")
    assert [item.code for item in failure.diagnostics] == ["DC0080"]


def test_a_diagnostic_shows_file_line_column_caret_and_hint() -> None:
    failure = failure_of(
        "edition = 1\n\n\ndef f(straße_1: int, y: int) -> int:\n    return y / 2\n"
    )
    lines = str(failure).splitlines()
    assert lines[0].startswith("case.py:4:7: DC0003 ")
    at = lines.index("        return y / 2")
    assert lines[at - 1].startswith("case.py:5:12: DC0009 ")
    assert lines[at + 1] == "               ^^^^^"
    assert lines[at + 2].startswith("    hint: write `a.div(b")


DVP = """\
from daicho.contract import Holdings, Key, Money, Party, Quantity, Role, Row, entry, party
edition = 1
class JPY(Money, scale=0): ...
class Shares(Quantity, scale=0): ...
class Cash(Row): bank: Key[Party]; amount: JPY
class Stock(Row): bank: Key[Party]; amount: Shares
cash = Holdings(Cash, per=Cash.bank, compartment=party(Cash.bank))
stock = Holdings(Stock, per=Stock.bank, compartment=party(Stock.bank))
@entry(roles=(Role.MEMBER,), signed_by=("seler",))
def settle(buyer: Party, seller: Party, quantity: Shares, price: JPY) -> None:
    cash.move(price / 2, source=cash.at(buyer).amount, target=cash.at(seller).amount)
    stock.move(price, source=stock.at(seller).amount, target=stock.at(buyer).amount)
"""


def test_a_dvp_contract_with_three_mistakes_reports_three_with_hints() -> None:
    """A 12-line DVP contract with three planted mistakes reports all three with hints in one run.

    A signer misspelt, half a yen, and the price where the quantity belongs.
    """
    assert len(DVP.splitlines()) == 12
    failure = failure_of(DVP)
    found = [(item.span.line, item.code) for item in failure.diagnostics]
    assert found == [(9, "DC0071"), (11, "DC0009"), (12, "DC0040")]
    assert all(item.hint for item in failure.diagnostics)
    assert str(failure).count("    hint: ") == 3
    right = DVP.replace("seler", "seller").replace("price / 2", "price")
    compile_source(right.replace("stock.move(price", "stock.move(quantity"), "case.py")


def test_diagnostics_as_json() -> None:
    failure = failure_of("edition = 1\nX = 1.5\n")
    rows = json.loads(render_json(failure.source, failure.diagnostics))
    assert rows == [
        {
            "file": "case.py",
            "line": 2,
            "column": 5,
            "end_line": 2,
            "end_column": 8,
            "code": "DC0007",
            "message": "`1.5` is a floating-point number",
            "hint": 'write Decimal("1.5"), or an amount such as JPY("1.5")',
        }
    ]


def test_every_code_explains_itself_and_most_give_a_hint() -> None:
    for code in REGISTRY.values():
        assert code.id in explain(code.id)
        assert len(code.text) > 20
    hints = sum(bool(code.hint) for code in REGISTRY.values())
    assert hints >= 0.8 * len(REGISTRY)
