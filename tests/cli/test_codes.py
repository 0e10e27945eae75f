"""One registry for the five families: unique, explained, and one with Rust."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT
from daicho import _native
from daicho.codes import registry, retry_codes
from daicho.compiler import ir
from daicho.identity import ROLE_BITS
from daicho.machine_codes import OF_THE_LANGUAGE, TRAPS

FORMS = {
    "ledger": r"[A-Z][A-Z_]*",
    "machine": r"[A-Z][A-Z_]*",
    "configuration": r"CFG_[A-Z_]+",
    "verify": r"VFY_[A-Z_]+",
    "compiler": r"DC[0-9]{4}",
}


def test_every_code_has_its_family_s_form_and_words() -> None:
    for entry in registry().values():
        assert re.fullmatch(FORMS[entry.family], entry.code), entry.code
        assert entry.meaning, entry.code
        assert entry.remedy or entry.family == "compiler", entry.code


def test_rust_and_python_agree_on_the_ledger_s_codes() -> None:
    explained = {entry.code for entry in registry().values() if entry.family == "ledger"}
    assert explained == {name for _, name, _ in _native.codes()}
    numbers = [number for number, _, _ in _native.codes()]
    assert len(set(numbers)) == len(numbers)
    assert "BUSY" in retry_codes()
    assert "SIGNATURE" not in retry_codes()


def test_rust_and_python_agree_on_the_machine_s_traps() -> None:
    """`daicho explain` knows every name that a contract's call can end with."""
    source = (ROOT / "rust" / "execution" / "src" / "trap.rs").read_text()
    traps = re.findall(r'^    \w+ = \d+ "([A-Z_]+)" "', source, re.MULTILINE)
    assert len(traps) > 30
    assert set(traps) == set(TRAPS)
    assert set(traps) <= registry().keys()
    for shared in ("READ_ONLY", "ACCESS", "GAS"):
        assert TRAPS[shared][0] in registry()[shared].meaning
        assert registry()[shared].family == "ledger"


def test_what_the_language_itself_fails_with_is_explained() -> None:
    """Beside the traps: every code that the compiler emits and no contract declares."""
    own = {item.name for item in vars(ir).values() if isinstance(item, ir.ErrorRef)}
    assert "BOUNDS" in own
    assert own == set(OF_THE_LANGUAGE)
    assert own <= registry().keys()


def test_codes_promised_by_the_interfaces_exist() -> None:
    promised = (
        "ROLE READ_ONLY GAS REPLAY SEQUENCE_USED EXPIRED SIGNATURE SEAL TOO_LARGE MALFORMED "
        "ACCESS BUSY"
    )
    assert set(promised.split()) <= registry().keys()


def test_every_code_raised_in_python_is_registered() -> None:
    raised: set[str] = set()
    for path in Path(ROOT / "python" / "daicho").rglob("*.py"):
        raised |= set(re.findall(r'"((?:CFG|VFY)_[A-Z_]+)"', path.read_text()))
    assert raised
    assert raised <= registry().keys()


def test_roles_agree_with_rust() -> None:
    source = (ROOT / "rust" / "types" / "src" / "roles.rs").read_text()
    bits = re.findall(r"pub const ([A-Z_]+): u32 = 1 << (\d+);", source)
    assert {name.lower(): 1 << int(bit) for name, bit in bits} == dict(ROLE_BITS)


def test_roles_agree_with_the_bytecode_page() -> None:
    page = ROOT / "docs" / "bytecode.md"
    text = page.read_text() if page.exists() else ""
    for bit, name in re.findall(
        r"(\d+) ([a-z_]+)(?= ·|\.)", text.partition("## 8. Roles")[2][:400]
    ):
        assert ROLE_BITS[name] == 1 << int(bit)
