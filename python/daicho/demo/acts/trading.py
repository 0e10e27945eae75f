"""The market is open: trades are confirmed and settled, delivery against payment."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from daicho.demo.acts.money import balance
from daicho.demo.cast import (
    APPROVED,
    ISIN_X,
    MISHEARD,
    MISHEARD_PRICE,
    OPEN_OVER_SPLIT,
    REJECTED,
    SALES,
    SOLD_TWICE,
    TOO_DEAR,
)
from daicho.demo.dealing import (
    available,
    buyer,
    confirm,
    confirmation_of,
    deal,
    enter,
    enter_all,
    position,
    sealed_confirmations,
)
from daicho.demo.stage import WAIT_S, Desk, Stage, until
from daicho.gateway import RefusedError, SealedItem
from daicho.gateway.client import Receipt

BENT_PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where in a receipt one bit is changed, as a share of its length."""


def banks_sell_to_investors(stage: Stage) -> str:
    """Three sales against cash; the register shows the investors by name."""
    stage.seen.note("sales.status", [deal(stage, sale) for sale in SALES])
    for holder in ("ito", "mori", "sato"):
        stage.seen.note(f"sales.{holder}", available(stage, holder))
    for bank in ("bankA", "bankB", "bankC"):
        stage.seen.note(f"sales.{bank}_cash", balance(stage, bank))
    a = stage.desk("bankA")
    omnibus = a.ask("securities", "omnibus_of", bank=a.id, isin=ISIN_X)["quantity"]
    stage.seen.note("sales.bankA_omnibus", omnibus)
    return f"bank A's clients and own book: {omnibus:,} shares"


def wrong_price_is_a_mismatch(stage: Stage) -> str:
    """Who confirms another price is told which field differs, and nothing is settled."""
    number = enter(stage, MISHEARD)
    arguments = confirmation_of(stage, MISHEARD, number, MISHEARD_PRICE)
    code, details = buyer(stage, MISHEARD).failure("trades", "confirm", **arguments)
    stage.seen.note("mismatch.code", code)
    stage.seen.note("mismatch.fields", str(details[0]).split() if details else [])
    stage.seen.note("mismatch.then", confirm(stage, MISHEARD, number))
    return f"{code} in {details[0] if details else 'nothing'}; confirmed with the right price"


def short_by_one_yen(stage: Stage) -> str:
    """The buyer lacks one yen: neither leg moves."""
    before = _both_legs(stage)
    number = enter(stage, TOO_DEAR)
    short = TOO_DEAR.consideration - balance(stage, "bankC")
    arguments = confirmation_of(stage, TOO_DEAR, number)
    code = buyer(stage, TOO_DEAR).code("trades", "confirm", **arguments)
    stage.seen.note("short.by", short)
    stage.seen.note("short.code", code)
    stage.seen.note("short.legs_moved", _both_legs(stage) != before)
    return f"{code}, {short} yen short"


def _both_legs(stage: Stage) -> list[Decimal]:
    shares = [available(stage, holder) for holder in ("houseA", "houseC")]
    return shares + [balance(stage, bank) for bank in ("bankA", "bankC")]


def sold_twice_in_one_block(stage: Stage) -> str:
    """Two sales of the same shares are confirmed at once: exactly one settles."""
    numbers = enter_all(stage, SOLD_TWICE, 2)
    desk = buyer(stage, SOLD_TWICE)
    receipts = desk.send(sealed_confirmations(stage, SOLD_TWICE, numbers))
    settled = [receipt for receipt in receipts if receipt["status"] == "ok"]
    failed = [str(receipt["code"]) for receipt in receipts if receipt["status"] != "ok"]
    stage.seen.note("double.one_block", len({receipt["height"] for receipt in receipts}) == 1)
    stage.seen.note("double.settled", len(settled))
    stage.seen.note("double.other", failed)
    stage.seen.note("double.seller_left", available(stage, "houseC"))
    return f"{len(settled)} settled, {', '.join(failed)}"


def signoff_is_waited_for(stage: Stage) -> str:
    """Two trades wait for the administrator, who approves one and rejects the other."""
    adm = stage.desk("adm")
    number = enter(stage, APPROVED)
    stage.seen.note("signoff.confirmed", confirm(stage, APPROVED, number))
    stage.seen.note("signoff.shares_earmarked", position(stage, "houseA")["earmarked"])
    stage.seen.note("signoff.cash_earmarked", _earmarked_cash(stage.desk("bankB")))
    approved = adm.result("trades", "approve", isin=ISIN_X, trade=number, leg="SECURITIES")
    stage.seen.note("signoff.approved", str(approved))
    stage.seen.note("signoff.houseB", available(stage, "houseB"))
    other = enter(stage, REJECTED)
    stage.seen.note("signoff.other_confirmed", confirm(stage, REJECTED, other))
    stage.seen.note("signoff.other_shares", position(stage, "houseB")["earmarked"])
    rejected = adm.result("trades", "reject", isin=ISIN_X, trade=other)
    stage.seen.note("signoff.rejected", str(rejected))
    stage.seen.note("signoff.released", position(stage, "houseB")["earmarked"])
    again = adm.code("trades", "reject", isin=ISIN_X, trade=number)
    stage.seen.note("signoff.settled_is_final", again)
    return f"one {approved}, one {rejected}"


def _earmarked_cash(desk: Desk) -> Decimal:
    found: Decimal = desk.ask("cash", "balance", holder=desk.id)["earmarked"]
    return found


def one_trade_stays_open(stage: Stage) -> str:
    """A large trade is entered and not confirmed: the split will find it open."""
    stage.ids["open_over_split"] = enter(stage, OPEN_OVER_SPLIT)
    a = stage.desk("bankA")
    alleged = a.ask(
        "trades", "find_trade", holder=a.id, trade=stage.ids["open_over_split"], side="BUY"
    )
    stage.seen.note("open.status_at_buyer", str(alleged["status"]))
    return f"{OPEN_OVER_SPLIT.quantity:,} at {OPEN_OVER_SPLIT.price}, alleged to bank A"


def receipts_prove_finality(stage: Stage) -> str:
    """A receipt says the same on every node and carries both quorums; a bent one is refused.

    That of a failure, too: no amount is no transfer, and that is as final as any other end.
    """
    desk = stage.desk("bankB")
    item = desk.seal("cash", "transfer", payee=stage.desk("bankC").id, amount=0)
    [receipt] = desk.send([item])
    quorum = int(stage.statuses()[0]["consensus"]["quorum"])
    executors = sum(bool(status["executes"]) for status in stage.statuses())
    signed = len(receipt["commit_certificate"]["signatures"])
    certified = len(receipt["result_certificate"]["signatures"])
    stage.seen.note("receipts.finality", str(receipt["finality"]))
    stage.seen.note("receipts.commit_quorum", signed >= quorum)
    stage.seen.note("receipts.result_majority", certified >= executors // 2 + 1)
    stage.seen.note("receipts.same_on_every_node", _same_everywhere(stage, desk, receipt))
    stage.seen.note("receipts.bent_refused", _bent_are_refused(desk, item))
    return f"{signed} commit and {certified} result signatures, equal on every node"


def _same_everywhere(stage: Stage, desk: Desk, receipt: Receipt) -> bool:
    """Whether each node, as soon as it has the block and its result, says the same."""
    place = ("height", "index", "block_time_us", "code", "finality")
    wanted = [receipt[key] for key in place]

    def told(node: str) -> list[Any] | None:
        try:
            other = stage.client(desk.party.file.name, node).receipt(receipt["tx_id"])
        except RefusedError as refusal:
            # A node that is a block behind knows as little as of any other.
            if refusal.code != "ACCESS":
                raise
            return None
        return [other[key] for key in place] if other["finality"] == "final" else None

    names = [node.name for node in stage.network.nodes()]
    return all(until(f"the receipt at {name}", partial(told, name)) == wanted for name in names)


def _bent_are_refused(desk: Desk, item: SealedItem) -> bool:
    """Whether the receipt verifies as it is, and not with any one of these bytes changed."""
    desk.client.post([item], "final")
    [frame] = desk.client.poll(WAIT_S)[:1]
    desk.client.verifier.verify(frame)
    return all(_refused(desk, item, frame, place) for place in BENT_PLACES)


def _refused(desk: Desk, item: SealedItem, frame: bytes, share: float) -> bool:
    place = int(len(frame) * share)
    bent = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]
    desk.client.expect([item])
    try:
        desk.client.verifier.verify(bent)
    except ValueError:
        return True
    return False
