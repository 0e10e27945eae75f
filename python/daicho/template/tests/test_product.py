"""What the paper does, on the real machine: `daicho test`.

`chain` is a ledger in memory with every contract of `contracts/ids.toml`, new for
each test. Each call is a block of its own, half a second after the one before.
"""

from collections.abc import Callable

import pytest

from daicho.testing import Chain, Clock, Party, aborts

Parties = dict[str, Party]
PAPER = "CP-0001"


@pytest.fixture
def parties(party: Callable[..., Party]) -> Parties:
    """A company, its dealer, and a bank."""
    return {name: party(name, "MEMBER") for name in ("company", "dealer", "bank")}


@pytest.fixture
def issued(chain: Chain, parties: Parties) -> Parties:
    """The dealer holds a hundred million of a paper that runs for ninety days."""
    issue(chain, parties)
    return parties


def issue(chain: Chain, parties: Parties, amount: int = 100_000_000, term_days: int = 90) -> int:
    """Issue the paper; when it matures."""
    dealer = parties["dealer"]
    matures_at = chain.call(
        parties["company"],
        "product",
        "issue",
        signed_by=[dealer],
        paper=PAPER,
        dealer=dealer,
        amount=amount,
        term_days=term_days,
    )
    return int(matures_at)


def held(chain: Chain, who: Party) -> int:
    """What somebody holds, as it sees it."""
    return int(chain.query(who, "product", "position_of", holder=who, paper=PAPER))


def test_a_paper_from_issue_to_redemption(chain: Chain, issued: Parties, clock: Clock) -> None:
    dealer, bank = issued["dealer"], issued["bank"]
    chain.call(dealer, "product", "transfer", paper=PAPER, buyer=bank, amount=40_000_000)
    assert (held(chain, dealer), held(chain, bank)) == (60_000_000, 40_000_000)
    clock.advance(days=90)
    assert chain.call(bank, "product", "redeem", paper=PAPER) == 40_000_000
    assert held(chain, bank) == 0


def test_it_is_not_due_before_its_time(chain: Chain, issued: Parties, clock: Clock) -> None:
    clock.advance(days=89)
    with aborts("NOT_DUE"):
        chain.call(issued["dealer"], "product", "redeem", paper=PAPER)


def test_nobody_passes_on_more_than_it_holds(chain: Chain, issued: Parties) -> None:
    with aborts("INSUFFICIENT"):
        chain.call(
            issued["dealer"],
            "product",
            "transfer",
            paper=PAPER,
            buyer=issued["bank"],
            amount=100_000_001,
        )


def test_the_dealer_must_sign_too(chain: Chain, parties: Parties) -> None:
    with aborts("AUTHORITY"):
        chain.call(
            parties["company"],
            "product",
            "issue",
            paper=PAPER,
            dealer=parties["dealer"],
            amount=1,
            term_days=1,
        )


@pytest.mark.parametrize("term_days", [0, -1, 366])
def test_a_term_is_a_year_at_most(chain: Chain, parties: Parties, term_days: int) -> None:
    with aborts("TERM", term_days):
        issue(chain, parties, term_days=term_days)


def test_a_position_is_nobody_elses_business(chain: Chain, issued: Parties) -> None:
    dealer, bank = issued["dealer"], issued["bank"]
    assert held(chain, dealer) == 100_000_000
    assert chain.query(bank, "product", "position_of", holder=dealer, paper=PAPER) == 0


def test_its_price_is_par_less_interest(chain: Chain, issued: Parties) -> None:
    worth = chain.query(
        issued["bank"], "product", "price", paper=PAPER, amount=100_000_000, rate="0.01"
    )
    # Ninety days at one per cent a year.
    assert worth == 100_000_000 - 246_575
