"""Deposits at the trust bank become money tokens, one for one; redeeming burns them first."""

from __future__ import annotations

from decimal import Decimal

from daicho.demo.cast import BANKS, DEPOSITS, REDEEMED_BY_A
from daicho.demo.stage import Stage


def deposits_become_tokens(stage: Stage) -> str:
    """Four deposits are confirmed, one of them twice; bank A takes some of its money out."""
    trust, a = stage.desk("trust"), stage.desk("bankA")
    for name, amount in DEPOSITS.items():
        trust.submit("cash", "confirm_deposit", **_deposit(stage, name, amount))
    again = trust.code("cash", "confirm_deposit", **_deposit(stage, "bankA", DEPOSITS["bankA"]))
    stage.seen.note("money.same_deposit_again", again)
    paid = {"amount": REDEEMED_BY_A, "reference": "A-OUT-1"}
    a.submit("cash", "redeem", trust_bank=trust.id, **paid)
    payout = {"institution": a.id, "reference": "A-OUT-1"}
    trust.submit("cash", "confirm_payout", **payout)
    stage.seen.note("money.paid_out_twice", trust.code("cash", "confirm_payout", **payout))
    backing = trust.ask("cash", "backing", trust_bank=trust.id)
    stage.seen.note("money.deposited", backing["deposited"])
    stage.seen.note("money.outstanding", backing["outstanding"])
    stage.seen.note("money.bankA", balance(stage, "bankA"))
    return f"{backing['outstanding']:,} yen in tokens against {backing['deposited']:,} deposited"


def balance(stage: Stage, name: str) -> Decimal:
    """A party's own money tokens that it may dispose of."""
    desk = stage.desk(name)
    found: Decimal = desk.ask("cash", "balance", holder=desk.id)["available"]
    return found


def total_of_tokens(stage: Stage) -> Decimal:
    """All tokens there are, as the administrator sees them."""
    adm = stage.desk("adm")
    rows = [adm.ask("cash", "balance", holder=stage.desk(name).id) for name in (*BANKS, "issX")]
    return sum((row["available"] + row["earmarked"] for row in rows), Decimal(0))


def _deposit(stage: Stage, name: str, amount: int) -> dict[str, object]:
    return {"holder": stage.desk(name).id, "amount": amount, "reference": f"{name}-IN-1"}
