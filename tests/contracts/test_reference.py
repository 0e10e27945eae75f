"""Issuers, institutions, instruments, and their check digits."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.market_chain import Market, lei, party_id

# Check digits that others published: Apple, Deutsche Bank, Sony.
KNOWN_LEIS = ["HWUPKR0MPOU8FGXBT394", "7LTWFZYICNSX8D621K86", "529900R5WX9N2OI2N910"]
# Apple, Sony, Toyota, BAE Systems, a German Federal bond.
KNOWN_ISINS = ["US0378331005", "JP3435000009", "JP3633400001", "GB0002634946", "DE0001102580"]


def _register(market: Market, code: str, text: str) -> None:
    arguments = {"issuer": party_id("new"), "lei": text, "name": "New", "account": party_id("own")}
    market.refused(code, "adm", "reference", "register_issuer", **arguments)


def test_an_issuer_is_readable_by_the_administrator_and_itself(market: Market) -> None:
    """R44: `register_issuer(LEI,name)` -> readable by adm+issuer; bad LEI check digits
    -> refused.
    """
    me = party_id("issX")
    for who in ("adm", "issX"):
        found = market.ask(who, "reference", "find_issuer", issuer=me)
        assert (found["lei"], found["name"]) == (lei("issX"), "issX")
        assert [
            row["isin"] for row in market.ask(who, "reference", "instruments_of", issuer=me)
        ] == ["JP3435000009"]
    assert market.query("issY", "reference", "find_issuer", issuer=me).code == "ACCESS"
    assert market.query("issY", "reference", "instruments_of", issuer=me).code == "ACCESS"
    assert market.query("bankA", "reference", "find_issuer", issuer=me).code == "ROLE"


@pytest.mark.parametrize("text", KNOWN_LEIS)
def test_published_leis_pass(market: Market, text: str) -> None:
    """R44, the rule itself: ISO 7064 mod 97-10 as others compute it."""
    arguments = {"issuer": party_id("new"), "lei": text, "name": "New", "account": party_id("own")}
    market.ok("adm", "reference", "register_issuer", **arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HWUPKR0MPOU8FGXBT39",
        "hwupkr0mpou8fgxbt394",
        "HWUPKR0MPOU8FGXBT39 ",
        "HWUPKR0MPOU8FGXBT3A4",
    ],
)
def test_malformed_leis_are_refused(market: Market, text: str) -> None:
    """R44: bad LEI check digits -> refused; so is what is no LEI at all."""
    _register(market, "BAD_LEI", text)


def test_every_single_wrong_letter_of_an_lei_is_found(market: Market) -> None:
    """R44: mod 97-10 finds every error in one place."""
    good = KNOWN_LEIS[0]
    for place in range(0, 20, 3):
        wrong = "7" if good[place] != "7" else "8"
        _register(market, "BAD_LEI", good[:place] + wrong + good[place + 1 :])


def test_an_lei_and_a_party_are_registered_once(market: Market) -> None:
    _register(market, "DUP", lei("issX"))
    arguments = {
        "issuer": party_id("issX"),
        "lei": KNOWN_LEIS[0],
        "name": "Again",
        "account": party_id("own"),
    }
    market.refused("DUP", "adm", "reference", "register_issuer", **arguments)
    bank = {"institution": party_id("bankA"), "lei": KNOWN_LEIS[0], "name": "Again"}
    market.refused("DUP", "adm", "reference", "register_institution", **bank)


@pytest.mark.parametrize("who", ["bankA", "issX", "trust"])
def test_only_the_administrator_registers(market: Market, who: str) -> None:
    """R44: the administrator registers issuers; R6: the same call from bankA -> refused(ROLE)."""
    arguments = {
        "issuer": party_id("new"),
        "lei": KNOWN_LEIS[0],
        "name": "New",
        "account": party_id("own"),
    }
    market.refused("ROLE", who, "reference", "register_issuer", **arguments)


@pytest.mark.parametrize("isin", [isin for isin in KNOWN_ISINS if not isin.startswith("JP")])
def test_published_isins_pass(market: Market, isin: str) -> None:
    market.ok(
        "adm", "reference", "register_instrument", isin=isin, issuer=party_id("issX"), name="Shares"
    )
    market.refused(
        "DUP",
        "adm",
        "reference",
        "register_instrument",
        isin=isin,
        issuer=party_id("issX"),
        name="Shares",
    )


@pytest.mark.parametrize(
    "isin",
    [
        "",
        "US037833100",
        "US0378331006",
        "us0378331005",
        "U10378331005",
        "US037833100A",
        "120378331005",
    ],
)
def test_malformed_isins_are_refused(market: Market, isin: str) -> None:
    market.refused(
        "BAD_ISIN",
        "adm",
        "reference",
        "register_instrument",
        isin=isin,
        issuer=party_id("issX"),
        name="Shares",
    )


def test_an_instrument_needs_a_registered_issuer(market: Market) -> None:
    arguments = {"isin": "US0378331005", "issuer": party_id("nobody"), "name": "Shares"}
    market.refused("UNKNOWN_ISSUER", "adm", "reference", "register_instrument", **arguments)


def _luhn_holds(isin: str) -> bool:
    """The rule as a textbook says it: expand letters, then double from the right."""
    digits = [int(digit) for letter in isin for digit in str(int(letter, 36))]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(int(part) for part in str(digit * (1 + place % 2)))
    return total % 10 == 0


@settings(max_examples=60, deadline=None)
@given(
    country=st.text(string.ascii_uppercase, min_size=2, max_size=2),
    number=st.text(string.ascii_uppercase + string.digits, min_size=9, max_size=9),
)
def test_isins_agree_with_the_textbook(new_market, country: str, number: str) -> None:  # type: ignore[no-untyped-def]
    market = new_market()
    for check in string.digits:
        isin = country + number + check
        arguments = {"isin": isin, "issuer": party_id("issX"), "name": "Shares"}
        receipt = market.call("adm", "reference", "register_instrument", **arguments)
        assert receipt.code == ("OK" if _luhn_holds(isin) else "BAD_ISIN"), isin
