"""The issuer pays a dividend and splits its share.

Both are started by the administrator on the issuer's request, without which
they are turned down. The dividend goes to whoever held at the record time,
whenever it is announced; the split is of holdings as they stand.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from daicho.demo.acts.listing import request
from daicho.demo.acts.money import balance, total_of_tokens
from daicho.demo.cast import (
    BANKS,
    DIVIDEND_PER_SHARE,
    HOLDERS,
    ISIN_X,
    OPEN_OVER_SPLIT,
    SPLIT_NEW,
    SPLIT_OLD,
)
from daicho.demo.dealing import seller
from daicho.demo.stage import Desk, Stage

PAGES_MAX = 16
"""A corporate action of the day works through no more pages of holders than this."""


def dividend_goes_to_holders_of_record(stage: Stage) -> str:
    """Two yen a share, announced after the record time, paid as of it."""
    adm, x = stage.desk("adm"), stage.desk("issX")
    terms = {
        "isin": ISIN_X,
        "per_share": DIVIDEND_PER_SHARE,
        "record_time": stage.moments["record_time_us"],
    }
    without = adm.code("corporate_actions", "announce_dividend", request=None, **terms)
    stage.seen.note("dividend.without_request", without)
    asked = request("X pays 2 yen a share")
    action = adm.result("corporate_actions", "announce_dividend", request=asked, **terms)
    stage.seen.note("dividend.announced", _action(x, action)["status"])
    stage.seen.note("dividend.executed", execute(stage, action))
    found = _action(x, action)
    stage.seen.note("dividend.holders", found["holders"])
    stage.seen.note("dividend.paid", found["paid"])
    paid = _entitlements(stage, action)
    for holder in HOLDERS:
        stage.seen.note(f"dividend.{holder}", paid.get(stage.ids[holder], Decimal(0)))
    for bank in (*BANKS, "issX"):
        stage.seen.note(f"dividend.{bank}_cash", balance(stage, bank))
    stage.seen.note("dividend.all_tokens", total_of_tokens(stage))
    again = adm.code("corporate_actions", "execute", issuer=x.id, action=action)
    stage.seen.note("dividend.once_more", again)
    return f"{found['paid']:,} yen to {found['holders']} holders of record"


def share_is_split(stage: Stage) -> str:
    """Each share becomes two; the trade that stands open keeps its worth."""
    adm, x = stage.desk("adm"), stage.desk("issX")
    terms = {
        "isin": ISIN_X,
        "new": SPLIT_NEW,
        "old": SPLIT_OLD,
        "record_time": stage.moments["record_time_us"],
        "request": request("X splits its share 1:2"),
    }
    action = adm.result("corporate_actions", "announce_split", **terms)
    stage.seen.note("split.executed", execute(stage, action))
    register = holders(x)
    for holder in HOLDERS:
        stage.seen.note(f"split.{holder}", register.get(stage.ids[holder], Decimal(0)))
    issued = x.ask("securities", "issued", issuer=x.id, isin=ISIN_X)["quantity"]
    stage.seen.note("split.issued", issued)
    stage.seen.note("split.in_register", sum(register.values(), Decimal(0)))
    b = seller(stage, OPEN_OVER_SPLIT)
    number = stage.ids["open_over_split"]
    open_trade = b.ask("trades", "find_trade", holder=b.id, trade=number, side="SELL")["terms"]
    stage.seen.note("split.open_quantity", open_trade["quantity"])
    stage.seen.note("split.open_price", open_trade["price"])
    stage.seen.note("split.open_consideration", open_trade["consideration"])
    cancelled = b.result("trades", "cancel", trade=number, side="SELL")
    stage.seen.note("split.open_then", str(cancelled))
    return (
        f"{issued:,} shares issued; open trade {open_trade['quantity']:,} at {open_trade['price']}"
    )


def execute(stage: Stage, action: bytes) -> str:
    """Work through the action page by page; the status it ends with."""
    adm, issuer = stage.desk("adm"), stage.desk("issX").id
    for _ in range(PAGES_MAX):
        status = str(adm.result("corporate_actions", "execute", issuer=issuer, action=action))
        if status != "EXECUTING":
            return status
    return "EXECUTING"


def holders(issuer: Desk) -> dict[bytes, Decimal]:
    """The register of X as the issuer reads it: quantity by account."""
    rows = issuer.ask("securities", "holders", issuer=issuer.id, isin=ISIN_X, after=None)
    return {row["account"]: row["quantity"] for row in rows}


def _action(issuer: Desk, action: bytes) -> dict[str, Any]:
    found: dict[str, Any] = issuer.ask(
        "corporate_actions", "find_action", issuer=issuer.id, action=action
    )
    return found


def _entitlements(stage: Stage, action: bytes) -> dict[bytes, Decimal]:
    """What each account was paid, as its own bank reads it."""
    paid: dict[bytes, Decimal] = {}
    for name in BANKS:
        bank = stage.desk(name)
        rows = bank.ask(
            "corporate_actions", "entitlements_of", bank=bank.id, action=action, after=None
        )
        paid.update({row["account"]: row["amount"] for row in rows})
    return paid
