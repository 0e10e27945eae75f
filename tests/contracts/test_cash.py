"""Money tokens: backed by deposits, held by settling institutions only."""

from __future__ import annotations

from decimal import Decimal

from contracts.market_chain import Market, party_id


def _backing(market: Market) -> tuple[Decimal, Decimal, Decimal]:
    found = market.ask("trust", "cash", "backing", trust_bank=party_id("trust"))
    return found["deposited"], found["redeemed"], found["outstanding"]


def _supply(market: Market) -> Decimal:
    return sum(
        (sum(market.tokens(holder), Decimal(0)) for holder in ("bankA", "bankB", "bankC", "issX")),
        Decimal(0),
    )


def test_a_confirmed_deposit_becomes_tokens_once(market: Market) -> None:
    """R79: Deposit confirm 100 -> mint 100; Σ tokens = confirmed deposits at every h."""
    deposit = {"holder": party_id("bankA"), "amount": "100", "reference": "D-1"}
    market.ok("trust", "cash", "confirm_deposit", **deposit)
    assert market.tokens("bankA") == (100, 0)
    market.refused("DUP", "trust", "cash", "confirm_deposit", **deposit)
    market.refused(
        "AMOUNT",
        "trust",
        "cash",
        "confirm_deposit",
        **deposit | {"reference": "D-2", "amount": "0"},
    )
    for who in ("bankA", "adm", "issX"):
        market.refused("ROLE", who, "cash", "confirm_deposit", **deposit | {"reference": "D-2"})
    assert _backing(market) == (100, 0, 100)


def test_tokens_equal_deposits_at_every_height(market: Market) -> None:
    """R79: Σ tokens = confirmed deposits at every h; redeem burns first, pays once."""
    steps = [
        (
            "trust",
            "confirm_deposit",
            {"holder": party_id("bankA"), "amount": "100", "reference": "1"},
        ),
        (
            "trust",
            "confirm_deposit",
            {"holder": party_id("bankB"), "amount": "50.05", "reference": "2"},
        ),
        ("bankA", "transfer", {"payee": party_id("bankC"), "amount": "30.01"}),
        ("bankC", "redeem", {"trust_bank": party_id("trust"), "amount": "30", "reference": "out"}),
        ("trust", "confirm_deposit", {"holder": party_id("issX"), "amount": "7", "reference": "3"}),
    ]
    for who, name, arguments in steps:
        market.ok(who, "cash", name, **arguments)
        deposited, redeemed, outstanding = _backing(market)
        assert _supply(market) == outstanding == deposited - redeemed
    assert _backing(market) == (Decimal("157.05"), 30, Decimal("127.05"))


def test_redemption_burns_first_and_pays_once(market: Market) -> None:
    """R79: redeem burns first, pays once."""
    market.deposit("bankA", "100")
    redeem = {"trust_bank": party_id("trust"), "amount": "60", "reference": "R-1"}
    receipt = market.call("bankA", "cash", "redeem", **redeem)
    [(name, _, addressees)] = receipt.events
    assert name == "PayoutDue"
    assert addressees == [b"\2" + party_id("trust"), b"\2" + party_id("bankA")]
    assert market.tokens("bankA") == (40, 0)
    market.refused("DUP", "bankA", "cash", "redeem", **redeem)
    market.refused("INSUFFICIENT", "bankA", "cash", "redeem", **redeem | {"reference": "R-2"})
    payout = {"institution": party_id("bankA"), "reference": "R-1"}
    market.ok("trust", "cash", "confirm_payout", **payout)
    market.refused("DUP", "trust", "cash", "confirm_payout", **payout)
    market.refused(
        "UNKNOWN_PAYOUT", "trust", "cash", "confirm_payout", **payout | {"reference": "R-2"}
    )
    found = market.ask("trust", "cash", "find_payout", trust_bank=party_id("trust"), **payout)
    assert (found["amount"], found["paid"]) == (60, True)


def test_a_trust_bank_pays_out_no_more_than_it_holds(market: Market) -> None:
    """R79: nothing is paid from a trust bank that has no deposit behind it."""
    market.deposit("bankA", "100")
    elsewhere = {"trust_bank": party_id("other"), "amount": "1", "reference": "R-1"}
    market.refused("NOT_BACKED", "bankA", "cash", "redeem", **elsewhere)


def test_tokens_stay_among_settling_institutions(market: Market) -> None:
    """R81: Transfer token to investor account -> refused(NOT_SETTLEMENT_BANK)."""
    market.deposit("bankA", "100")
    for payee in ("P", "issX", "nobody"):
        market.refused(
            "NOT_SETTLEMENT_BANK", "bankA", "cash", "transfer", payee=party_id(payee), amount="1"
        )
    deposit = {"holder": party_id("P"), "amount": "1", "reference": "D-P"}
    market.refused("NOT_SETTLEMENT_BANK", "trust", "cash", "confirm_deposit", **deposit)


def test_a_balance_is_seen_by_its_holder_only(market: Market) -> None:
    market.deposit("bankA", "100")
    market.deposit("issX", "100")
    for who in ("bankB", "issY"):
        assert market.query(who, "cash", "balance", holder=party_id("bankA")).code == "ACCESS"
        assert market.query(who, "cash", "balance", holder=party_id("nobody")).code == "ACCESS"
    assert market.ask("issX", "cash", "balance", holder=party_id("issX"))["available"] == 100
