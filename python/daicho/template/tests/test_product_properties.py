"""What holds whatever is done to a paper: hypothesis looks for a counterexample.

Values come from the contract's own types (`daicho.testing.strategies`).
"""

import contextlib
from collections.abc import Callable

import pytest

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from daicho.testing import Aborted, Chain
from daicho.testing.strategies import arguments

ISSUED = 1_000
NAMES = ("company", "dealer", "bank A", "bank B")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_was_issued_is_what_is_held(
    new_chain: Callable[[], Chain], data: st.DataObject
) -> None:
    chain = new_chain()
    parties = [chain.party(name, "MEMBER") for name in NAMES]
    company, dealer = parties[:2]
    chain.call(
        company, "product", "issue",
        signed_by=[dealer], paper="CP", dealer=dealer, amount=ISSUED, term_days=1,
    )  # fmt: skip
    transfers = arguments(
        chain.abi("product"),
        "transfer",
        parties=parties,
        paper=st.just("CP"),
        amount=st.integers(-5, ISSUED + 5),
    )
    for call in data.draw(st.lists(transfers, max_size=8)):
        seller = data.draw(st.sampled_from(parties))
        # What a transfer may say no with is in the contract; its sums are in what is left.
        with contextlib.suppress(Aborted):
            chain.call(seller, "product", "transfer", **call)
    held = [
        chain.query(party, "product", "position_of", holder=party, paper="CP") for party in parties
    ]
    assert sum(held) == ISSUED
    assert min(held) >= 0
