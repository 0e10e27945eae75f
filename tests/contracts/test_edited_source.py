"""What a contract does is what its source says: edit a line, see another market.

Must hold: "Editing one line of a contract's source changes the demo's outcome."
The demo itself plays an edited set in tests/demo/test_command.py; here each
edit is one line, and the books of a small market tell it.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.market_chain import CONTRACTS, X_ISIN, Market, party_id, request
from daicho.compiler.driver import compile_folder

HOUR_US = 3_600_000_000

Books = dict[str, Any]

BOOKS: Books = {
    "seller's shares": (Decimal("900.01"), Decimal(0)),
    "buyer's shares": (Decimal(100), Decimal(0)),
    # 100,000 - 5,000 for the shares, and 0.3333 x 100 = 33.33 of dividend
    "buyer's tokens": Decimal("95033.33"),
    # 5,000, and 0.3333 x 900.01 = 299.973333, rounded down to the sen
    "seller's tokens": Decimal("5299.97"),
    "issuer's tokens": Decimal("666.70"),
}

EDITS = {
    "every holder gets a yen more": (
        "corporate_actions.py",
        "amount = JPY.of(action.per_share * holder.quantity.decimal, DOWN)",
        "amount = JPY.of(action.per_share * holder.quantity.decimal, DOWN) + JPY(1)",
        {
            "buyer's tokens": Decimal("95034.33"),
            "seller's tokens": Decimal("5300.97"),
            "issuer's tokens": Decimal("664.70"),
        },
    ),
    "the buyer pays twice": (
        "trades.py",
        " pay(purchase.holder, sale.holder, terms.consideration)",
        " pay(purchase.holder, sale.holder, terms.consideration + terms.consideration)",
        {"buyer's tokens": Decimal("90033.33"), "seller's tokens": Decimal("10299.97")},
    ),
}


def played(folder: Path) -> Books:
    """A sale and a dividend under the contracts of a folder."""
    market = Market(compile_folder(folder))
    market.register_everyone()
    market.open("bankA", "P")
    market.open("bankB", "Q")
    market.issue_to(X_ISIN, bankA="P:1000.01")
    market.deposit("bankB", "100000")
    market.deposit("issX", "1000")
    terms = {
        "isin": X_ISIN,
        "quantity": "100",
        "price": "50",
        "consideration": "5000",
        "signoff": "NONE",
    }
    sale = {"counterparty": party_id("bankB"), "side": "SELL", "account": party_id("P")}
    trade = market.ok(
        "bankA", "trades", "enter", **sale, terms=terms, lapses_at=market.now + HOUR_US
    )
    purchase = {"trade": trade, "side": "BUY", "account": party_id("Q"), "terms": terms}
    assert market.ok("bankB", "trades", "confirm", **purchase) == "SETTLED"
    action = market.ok(
        "adm",
        "corporate_actions",
        "announce_dividend",
        isin=X_ISIN,
        per_share="0.3333",
        record_time=market.now,
        request=request("dividend"),
    )
    executed = {"issuer": party_id("issX"), "action": action}
    assert market.ok("adm", "corporate_actions", "execute", **executed) == "EXECUTED"
    return {
        "seller's shares": market.shares("bankA", "P"),
        "buyer's shares": market.shares("bankB", "Q"),
        "buyer's tokens": market.tokens("bankB")[0],
        "seller's tokens": market.tokens("bankA")[0],
        "issuer's tokens": market.tokens("issX")[0],
    }


def test_the_books_of_the_set_as_it_is() -> None:
    assert played(CONTRACTS) == BOOKS


@pytest.mark.parametrize("edit", EDITS)
def test_one_edited_line_changes_the_outcome(edit: str, tmp_path: Path) -> None:
    """Editing one line of a contract's source changes the outcome, as the line says."""
    file, line, instead, changes = EDITS[edit]
    folder = tmp_path / "contracts"
    shutil.copytree(CONTRACTS, folder)
    source = (folder / file).read_text(encoding="utf-8")
    assert source.count(line) == 1, "the line is there, once"
    (folder / file).write_text(source.replace(line, instead), encoding="utf-8")
    assert played(folder) == BOOKS | changes
