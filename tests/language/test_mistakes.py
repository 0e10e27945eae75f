"""What a Python programmer writes first: each mistake is named, underlined and has a way out.

A mistake is a piece of contract; beside it stand the diagnostics it must give and no
others: the code, the text that the carets underline, and a part of the hint.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daicho.compiler import CompileError, compile_source, render_json
from daicho.compiler.diagnostics import HINT_MAX
from daicho.compiler.step2_check.language import CONTRACT_NAMES

PRELUDE = (Path(__file__).parent / "cases" / "prelude.txt").read_text()
PRELUDE += """
from daicho.contract import minutes
READINGS: Feed[Price] = Feed(1)
CONSTANTS: list[Int] = [1, 2]
owed: Map[Party, JPY] = Map(compartment=PUBLIC)
"""
Told = tuple[str, str, str]
"""Code, underlined text, a part of the hint."""
MISTAKES: dict[str, list[Told]] = {
    # --- expressions ---
    'return f"{n}"': [("DC0006", 'f"{n}"', "`str(n)`")],
    'return "%d" % n': [("DC0041", '"%d" % n', "`str(n)`")],
    'return "{}".format(n)': [("DC0045", '"{}".format', "`str(n)`")],
    'return "n: " + n': [("DC0041", '"n: " + n', "`str(n)`")],
    "ys = [x for x in xs]": [("DC0006", "[x for x in xs]", "`for` loop")],
    "ys = sorted(xs, key=lambda x: -x)": [("DC0006", "lambda x: -x", "`def`")],
    "ys: list[Int | None] = [n, m]\n    ys.sort()": [("DC0053", "ys.sort()", "sort numbers")],
    "x = fine * fine": [("DC0042", "fine * fine", "`fine.round(…)`")],
    "x = Pair.a": [("DC0045", "Pair.a", "a value of Pair has it")],
    "text = str(price)": [("DC0040", "price", "`price.to_int(DOWN)`")],
    'fee = JPY("\u0661")': [("DC0034", '"\u0661"', "-1_000.50")],
    'fee = JPY(" 12 ")': [("DC0034", '" 12 "', "-1_000.50")],
    "for p in xs.items():\n        n += 1": [("DC0045", "xs.items", "a list has")],
    "for p in nothing.items():\n        n += 1": [("DC0020", "nothing", "")],
    "t = attempt()": [("DC0048", "attempt()", "with attempt() as tried")],
    "if n > 3:\n        return abort(Error.BAD)\n    n += 1": [
        ("DC0040", "abort(Error.BAD)", "alone in its line")
    ],
    "d: dict[Int, Int] = {1: 2}\n    for p in d.items():\n        n += 1": [
        ("DC0053", "d.items", "for key, value in d.items()")
    ],
    "ys = xs[::-1]": [("DC0006", "::-1", "range(start, stop, step)")],
    "if (k := n) > 3:\n        n = k": [("DC0006", "k := n", "line of its own")],
    "s = {1, 2}": [("DC0006", "{1, 2}", "Table")],
    "s = set(xs)": [("DC0020", "set", "dict[T, Bool]")],
    "x = 0.5": [("DC0007", "0.5", 'Decimal("0.5")')],
    "x = n / 2": [("DC0009", "n / 2", ".div(")],
    "ok = n is None": [("DC0040", "n", "not needed")],
    "ok = m == None": [("DC0041", "m == None", "is None")],
    "if m:\n        pass": [("DC0049", "m", "is not None")],
    "ok = n > 0 and n or 0": [("DC0049", "n", "!= 0"), ("DC0049", "0", "!= 0")],
    "x = 1 if n else 2": [("DC0049", "n", "!= 0")],
    "x = 0 < n < 9": [("DC0052", "0 < n < 9", "`0 < n and n < 9`")],
    "x = 0 < price < 9": [
        ("DC0041", "0 < price", 'Decimal("0")'),
        ("DC0052", "0 < price < 9", "`0 < price and price < 9`"),
        ("DC0041", "price < 9", 'Decimal("9")'),
    ],
    "row = trades.get(who)\n    x = row.quantity\n    y = row.holder\n    row = trades.get(who)\n"
    "    x = row.quantity": [
        ("DC0047", "row", "row = expect(…, Error.CODE)"),
        ("DC0047", "row", "`require` does not tell"),
    ],
    "x = 1 + m": [("DC0047", "m", "if m is None")],
    "x = 0 if not m else m + 1": [("DC0049", "m", "`m is not None`")],
    "if m:\n        n = m + 1": [("DC0049", "m", "`m is not None`")],
    "while xs:\n        pass": [("DC0049", "xs", "`len(xs) > 0`")],
    "x = sum(xs)": [("DC0020", "sum", "`for` loop")],
    "for i, x in enumerate(xs):\n        n = i + x": [("DC0020", "enumerate", "range(len(xs))")],
    "for x, y in zip(xs, xs):\n        n = x + y": [("DC0020", "zip", "ys[i]")],
    "x = round(price, 2)": [("DC0020", "round", "value.round(2")],
    "x = n if isinstance(n, int) else 0": [("DC0020", "isinstance", "one type")],
    "x = text.upper()": [("DC0045", "text.upper", "outside the ledger")],
    'x = text.split(",")': [("DC0045", "text.split", "text.find(part)")],
    'x = ",".join(xs)': [("DC0045", '",".join', "`+`")],
    "x = trades.get(who).quantity": [("DC0047", "trades.get(who)", "expect(x, Error.CODE)")],
    "x = await n": [("DC0006", "await n", "")],
    # --- numbers and units ---
    "x = fee + 1": [("DC0041", "fee + 1", "`JPY(1)`")],
    "x = fee > 0": [("DC0041", "fee > 0", "`JPY(0)`")],
    "x = 2 * fee": [("DC0041", "2 * fee", "`fee * 2`")],
    "x = fee * price": [("DC0042", "fee * price", "fee.decimal * price")],
    "x = fee + dollars": [("DC0042", "fee + dollars", "price")],
    "x = Decimal(n)": [("DC0034", "n", 'Decimal("1") * n')],
    "x = JPY(n)": [("DC0034", "n", "`JPY(1) * n`")],
    "x = JPY(dollars)": [("DC0034", "dollars", "JPY.of(dollars.decimal, EXACT)")],
    "x = JPY(price)": [("DC0034", "price", "JPY.of(price, HALF_UP)")],
    "x = JPY(undefined)": [("DC0020", "undefined", "declare")],
    "x = Decimal(price)": [("DC0034", "price", "it is one")],
    "x = []\n    x.append(3)": [("DC0051", "[]", "`x: list[T] = []`")],
    "x = {}\n    x[3] = 3": [("DC0051", "{}", "`x: dict[K, V] = {}`")],
    "d = {1: 2}\n    x = d.get(1, 0)": [("DC0046", "0", "`0 if found is None else found`")],
    "LIMIT = 3\n    n = LIMIT + Trade": [
        ("DC0066", "LIMIT", "another name"),
        ("DC0040", "Trade", "give a value"),
    ],
    "x = None\n    x = 3": [("DC0051", "None", "`x: T | None = None`")],
    "x: JPY = dollars": [("DC0040", "dollars", "JPY.of(dollars.decimal, EXACT)")],
    "x = int(price)": [("DC0040", "price", "price.to_int(DOWN)")],
    "x: Int = price": [("DC0040", "price", "price.to_int(DOWN)")],
    "x: JPY = price * 2": [("DC0040", "price * 2", "JPY.of((price * 2), HALF_UP)")],
    "x: JPY = n": [("DC0040", "n", "JPY.from_units(n)")],
    "x: Price = n": [("DC0040", "n", 'Decimal("1") * n')],
    "x: Int = fee": [("DC0040", "fee", "`fee.units`")],
    "x = JPY.of(n, HALF_UP)": [("DC0040", "n", "`JPY(1) * n`")],
    'total = Decimal("0")\n    for _ in xs:\n        total += price': [
        ("DC0043", "total += price", "line 53 how many, `total: Annotated[Decimal, Digits(38, 4)]")
    ],
    "when = now() + 3": [("DC0041", "now() + 3", "days(2)")],
    "x = now().date() - now().date()": [("DC0041", "now().date() - now().date()", "days_since")],
    'ok = side == "BUY"': [("DC0041", 'side == "BUY"', "`Side.BUY`")],
    "x = side.value": [("DC0045", "side.value", "x == Side.BUY")],
    "x = oracle.read(READINGS, minutes(5))": [("DC0046", "minutes(5)", "`max_age=…`")],
    # --- statements ---
    "try:\n        n = undefined\n    except ValueError as e:\n        n = 0.5": [
        ("DC0005", "try:", "attempt()"),
        ("DC0020", "undefined", "declare"),
        ("DC0007", "0.5", "Decimal"),
    ],
    "assert n > 0": [("DC0005", "assert n > 0", "require(")],
    'raise ValueError("no")': [("DC0005", 'raise ValueError("no")', "abort(")],
    'require(n > 0, "no")': [("DC0050", '"no"', "class Error(Code)")],
    'print("n")': [("DC0020", "print", "emit(")],
    "global LIMIT\n    LIMIT += 1": [("DC0005", "global LIMIT", "Var")],
    "with open(text) as f:\n        pass": [("DC0005", "open(text)", "attempt()")],
    "def inner(y: Int) -> Int:\n        return y\n    n = inner(n)": [
        ("DC0005", "def inner(y: Int) -> Int:", "beside this one")
    ],
    "import time\n    n = time.time()": [("DC0005", "import time", "now()")],
    "from math import floor\n    n = floor(n)": [("DC0005", "from math import floor", "top")],
    "x = y = n\n    n = x + y": [("DC0005", "y", "assign twice")],
    "a, *rest = xs\n    n = a": [("DC0006", "*rest", "write the values out")],
    "a, b = xs\n    n = a + b": [("DC0040", "xs", "xs[0]")],
    "(a, b), c = (1, 2), 3\n    n = c": [("DC0005", "(a, b), c", "one tuple after the other")],
    "del n": [("DC0005", "n", "leave it out")],
    "xs.append(3)": [("DC0065", "xs", "list(theirs)")],
    "parts = {1: [1]}\n    parts[1].append(3)\n    parts[1][0] = 3\n    n = parts[1].pop()": [
        ("DC0065", "parts[1]", "`parts[1] = mine`")
    ]
    * 3,
    "some: list[Int] | None = [1]\n    if some is not None:\n        some.append(2)\n"
    "        some[0] = 2\n        del some[0]\n        n = some.pop()": [
        ("DC0047", "some", "`list(some)`")
    ]
    * 4,
    "n == 3": [("DC0067", "n == 3", "assign it")],
    "match n:\n        case 1:\n            pass": [("DC0040", "n", "`if`")],
    "match side:\n        case BUY:\n            pass\n        case _:\n            pass": [
        ("DC0005", "BUY", "case Side.BUY:")
    ],
    "for i in range(n):\n        last = i\n    n = last": [("DC0060", "last", "before the branch")],
    "yield n": [("DC0006", "yield n", "return a list")],
    "max = 3": [("DC0066", "max", "another name")],
    # --- calls ---
    "x = Pair(1, 2)": [("DC0046", "1", "`Pair(a=…, b=…)`")],
    "x = Pair(a=1)": [("DC0046", "Pair(a=1)", "`Pair(a=…, b=…)`")],
    "x = Pair(a=1, b=2).replace(3)": [("DC0046", "Pair(a=1, b=2).replace(3)", "`replace(a=…)`")],
    "x = trades[who, n]": [("DC0046", "trades[who, n]", "`trades[holder]`")],
    "x = muldiv(1, 2)": [("DC0046", "muldiv(1, 2)", "`muldiv(a, b, c, rounding)`")],
    "x = Isin(text)": [("DC0048", "Isin(text)", "written as it is")],
    "x = Date(2026, 1, 31)": [("DC0048", "Date(2026, 1, 31)", "`Date.of(2026, 3, 31)`")],
    "x = Side(0)": [("DC0048", "Side(0)", "`Side.BUY`")],
    "x = sender": [("DC0040", "sender", "`sender()`")],
    'x = days("3")': [("DC0040", '"3"', "`int('3')`")],
    "emit(Paid(who=who))": [("DC0046", "emit(Paid(who=who))", "to=(PUBLIC,)")],
    "emit(Paid(who=who), to=party(Paid.who))": [
        ("DC0072", "party(Paid.who)", "`to=(party(Paid.who),)`")
    ],
    "emit(Paid(who=who), to=[party(Paid.who)])": [
        ("DC0072", "[party(Paid.who)]", "`to=(party(Paid.who),)`")
    ],
    "emit(Paid(who=who), to=(who,))": [("DC0072", "who", "`party(Paid.who)`")],
    "CONSTANTS.append(3)": [("DC0066", "CONSTANTS", "a constant does not change")],
    "CONSTANTS[0] = 3": [("DC0066", "CONSTANTS", "a constant does not change")],
    "ys = [1, 2]\n    ys[0] += 3": [("DC0005", "ys[0] += 3", "`ys[0] = ys[0] + 3`")],
    # --- stored state ---
    "owed[who] += fee": [("DC0005", "owed[who] += fee", "`owed[who] = owed[who] + fee`")],
    "owed.put(who, fee)": [("DC0045", "owed.put", "`owed[key] = value`")],
    "for who2 in owed:\n        pass": [("DC0031", "owed", "is a Table")],
    "fee = owed.get(who, JPY(0))": [("DC0046", "JPY(0)", "if found is None")],
    "row = trades[who]\n    row.quantity = Shares(3)": [
        ("DC0069", "row.quantity", "row = row.replace(quantity=…)")
    ],
    "trades[who] = trades[who]": [("DC0031", "trades[who]", "trades.put(row)")],
    "trades.put(who, trades[who])": [
        ("DC0046", "trades.put(who, trades[who])", "trades.put(Trade")
    ],
    "for row in trades:\n        pass": [("DC0031", "trades", "trades.scan(holder)")],
    "for row in trades.scan():\n        pass": [("DC0074", "trades.scan()", "trades.scan(holder)")],
    "x = len(trades)": [("DC0031", "trades", "trades.scan(holder)")],
    "tokens.move(fee, who, who)": [
        ("DC0046", "tokens.move(fee, who, who)", "source=tokens.at(bank).amount")
    ],
    "tokens.at(who).amount -= fee": [("DC0069", "tokens.at(who).amount", "tokens.move(amount")],
    "x = tokens.at(who).amount": [("DC0045", "tokens.at", "`tokens[bank]`")],
}
"""Statements of a function of `PARAMETERS`."""
PARAMETERS = (
    "n: Int, m: Int | None, xs: list[Int], text: Str, price: Price, fee: JPY, dollars: USD, "
    "who: Party, side: Side, fine: Annotated[Decimal, Digits(38, 20)]"
)
DECLARED: dict[str, list[Told]] = {
    "def f(n: Int = 3) -> Int:\n    return n": [("DC0011", "3", "None")],
    "def f(*n: Int) -> None:\n    pass": [("DC0011", "n: Int", "take a list")],
    "def f(**n: Int) -> None:\n    pass": [("DC0011", "n: Int", "take a record")],
    "def f(n, m: Int):\n    return n": [
        ("DC0023", "def f(n, m: Int):", "-> Type"),
        ("DC0023", "n", "name: Type"),
    ],
    'def f(n: "Int") -> None:\n    pass': [("DC0022", '"Int"', "without quotes: Int")],
    "def f(n: Int | Str) -> None:\n    pass": [("DC0022", "Int | Str", "T | None")],
    "def f(n: float) -> None:\n    pass": [("DC0022", "float", "Digits(18, 4)")],
    "def f(n: Optional[Int]) -> None:\n    pass": [("DC0022", "Optional[Int]", "`T | None`")],
    "async def f() -> None:\n    await f()": [("DC0005", "async def f() -> None:", "`def`")],
    "def f(party: Party, list: Int) -> None:\n    pass": [
        ("DC0021", "party: Party", "another name"),
        ("DC0021", "list: Int", "another name"),
    ],
    "def f(n: Int) -> Int:\n    if n > 0:\n        return 1": [
        ("DC0061", "def f(n: Int) -> Int:", "every path")
    ],
    "def f(n: Int) -> Int:\n    return n\n    n = 1\n    n = 2": [("DC0062", "n = 1", "remove it")],
    "@entry(roles=ANY_ROLE)\ndef f(x: Str) -> dict[Int, Int]:\n    return {1: 2}": [
        ("DC0029", "x: Str", "Annotated[Str, MaxLen(64)]"),
        ("DC0029", "dict[Int, Int]", "Annotated[dict[Int, Int], MaxLen(100)]"),
    ],
    "@entry\ndef f() -> None:\n    pass": [("DC0070", "entry", "@entry(roles=(Role.MEMBER,))")],
    "@export\ndef f() -> None:\n    pass": [("DC0070", "export", "callers=ANY_CONTRACT")],
    "@property\ndef f() -> None:\n    pass": [("DC0012", "property", "@query(roles=…)")],
    "class A(Record):\n    n: Int = 3": [("DC0026", "3", "where the record is made")],
    "class A(Record):\n    n = 3": [("DC0026", "n = 3", "`n: Type`")],
    "class A(Record):\n    n: Int\n\n    def twice(self) -> Int:\n        return self.n": [
        ("DC0026", "def twice(self) -> Int:", "`def twice(of: A, …)`")
    ],
    "class A:\n    n: Int": [("DC0025", "class A:", "Record, Row")],
    'class A(Enum):\n    X = "x"\n\ndef f(a: A) -> Bool:\n    return a == A.X': [
        ("DC0026", '"x"', "`X = 0`")
    ],
    "from enum import Enum as E\nclass A(E):\n    X = 0": [
        ("DC0013", "from enum import Enum as E", "of daicho.contract")
    ],
    "from dataclasses import dataclass\n@dataclass\nclass A(Record):\n    n: Int": [
        ("DC0013", "from dataclasses import dataclass", "class Name(Record)")
    ],
    "import datetime\ndef f(d: datetime.date) -> None:\n    x = datetime.datetime.now()": [
        ("DC0005", "import datetime", "now()")
    ],
    "from typing import List\ndef f(xs: List[Int]) -> None:\n    pass": [
        ("DC0013", "from typing import List", "`list[T]`")
    ],
    'if __name__ == "__main__":\n    print(1)': [
        ("DC0014", 'if __name__ == "__main__":', "imports, constants")
    ],
    "sums: Map[Str, JPY] = {}": [("DC0031", "{}", "`sums: Map[Str, JPY] = Map(compartment=…)`")],
    "count: Var[Int] = 3": [("DC0031", "3", "`count: Var[Int] = Var(…, compartment=…)`")],
    "sums: dict[Int, Int] = {}": [("DC0034", "{}", "Map(compartment=…)")],
    "class Member(Row):\n    bank: Key[Party]\nmembers = Table(Member, compartment=PUBLIC)": [
        ("DC0031", "Table(Member, compartment=PUBLIC)", "Map[Party, Bool]")
    ],
    "class Couple(Row):\n    bank: Key[Party]\n    other: Key[Party]\n"
    "pairs = Table(Couple, compartment=PUBLIC)": [
        ("DC0031", "Table(Couple, compartment=PUBLIC)", "`since: Timestamp`")
    ],
    "class Alone(Row):\n    n: Int\nalone = Table(Alone, compartment=PUBLIC)": [
        ("DC0031", "Table(Alone, compartment=PUBLIC)", "one row is a Var")
    ],
}
"""What stands at the top level."""
WHOLE: dict[str, list[Told]] = {
    "edition = 1\nn++\n": [("DC0001", "", "n += 1")],
    "edition = 1\nX = 1 if a && b else 2\n": [("DC0001", "1", "`and`")],
    # A name that is not imported is told once, and the hint imports all of them.
    "edition = 1\n@scheduled()\ndef f(n: Int) -> None:\n    abort(n)\n\n\ndef g(n: Int) -> None:\n"
    "    f.at(now(), n)\n": [
        ("DC0020", "scheduled", "from daicho.contract import Int, abort, now, scheduled"),
        ("DC0020", "Int", "from daicho.contract import Int, abort, now, scheduled"),
        ("DC0020", "abort", "from daicho.contract import"),
        ("DC0050", "n", "class Error(Code)"),
        ("DC0020", "now", "from daicho.contract import"),
    ],
    "from daicho.contract import *\nedition = 1\nX: Int = 1\n": [
        ("DC0013", "*", "from daicho.contract import Int")
    ],
    # A local of the same name is the author's own.
    "edition = 1\nX: U9 = 3\n\n\ndef f(days: int) -> int:\n    return days\n": [
        ("DC0022", "U9", "types are")
    ],
}


def told(text: str) -> list[Told]:
    """What the compiler says: code, underlined text, hint."""
    with pytest.raises(CompileError) as caught:
        compile_source(text, "mistake.py")
    found: list[Told] = []
    for item in caught.value.diagnostics:
        line, span = caught.value.source.line(item.span.line), item.span
        end = span.end_column - 1 if span.end_line == span.line else len(line)
        found.append((item.code, line[span.column - 1 : end], item.hint))
    return found


def must_tell(text: str, expected: list[Told]) -> None:
    found = told(text)
    assert [item[:2] for item in found] == [item[:2] for item in expected], found
    for (_, _, hint), (code, _, part) in zip(found, expected, strict=True):
        assert part in hint, (code, hint)
        assert hint, code


@pytest.mark.parametrize("statement", list(MISTAKES))
def test_a_mistake_in_a_function(statement: str) -> None:
    text = f"{PRELUDE}def f({PARAMETERS}) -> None:\n    {statement}\n"
    must_tell(text.replace("return ", "text = "), MISTAKES[statement])


@pytest.mark.parametrize("statement", list(DECLARED))
def test_a_mistake_at_the_top_level(statement: str) -> None:
    must_tell(f"{PRELUDE}{statement}\n", DECLARED[statement])


@pytest.mark.parametrize("text", list(WHOLE))
def test_a_mistake_of_a_whole_file(text: str) -> None:
    must_tell(text, WHOLE[text])


@pytest.mark.parametrize("part", range(3))
def test_all_mistakes_of_one_file_are_told_in_one_run(part: int) -> None:
    """A third of the statements above, each in a function of its own, in one file."""
    parts, expected = [PRELUDE], 0
    assert len(MISTAKES) >= 80
    for number, (statement, mistakes) in enumerate(list(MISTAKES.items())[part::3]):
        body = statement.replace("return ", "text = ")
        parts.append(f"def f{number}({PARAMETERS}) -> None:\n    {body}\n\n")
        expected += len(mistakes)
    with pytest.raises(CompileError) as caught:
        compile_source("".join(parts), "mistake.py")
    rows = json.loads(render_json(caught.value.source, caught.value.diagnostics))
    wanted = {"file", "line", "column", "end_line", "end_column", "code", "message", "hint"}
    assert len(rows) == expected
    for row in rows:
        assert row.keys() == wanted
        assert all(row[name] for name in wanted)
        assert (row["line"], row["column"]) <= (row["end_line"], row["end_column"])


def test_a_hint_is_bounded_and_an_import_of_everything_is_whole() -> None:
    names = sorted(CONTRACT_NAMES)
    text = "edition = 1\n\n\ndef f() -> int:\n" + "".join(f"    {name}\n" for name in names)
    found = {hint for code, _, hint in told(text + "    return 1\n") if code == "DC0020"}
    assert found == {f"from daicho.contract import {', '.join(names)}"}
    fields = "".join(f"    {'a' * 40}{number:03}: int\n" for number in range(200))
    long = f"{PRELUDE}class Long(Record):\n{fields}\n\ndef g(x: Long) -> Int:\n    return x.b\n"
    [(_, _, hint)] = told(long)
    assert len(hint) == HINT_MAX + 1
