"""The contract set compiled, and markets to test it on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.market_chain import CONTRACTS, Market
from daicho.compiler.driver import Artefact, compile_folder


@pytest.fixture(scope="session")
def artefacts() -> dict[str, Artefact]:
    """The contract set, compiled once."""
    return compile_folder(CONTRACTS)


@pytest.fixture(scope="session")
def new_market(artefacts: dict[str, Artefact]) -> Callable[[], Market]:
    """Makes markets with everyone registered, for tests that need many."""

    def make() -> Market:
        market = Market(artefacts)
        market.register_everyone()
        return market

    return make


@pytest.fixture
def market(new_market: Callable[[], Market]) -> Market:
    """Institutions, issuers, instruments; accounts of the banks and of investors P (at A) and Q (at
    B).
    """
    made = new_market()
    made.open("bankA", "houseA", "P")
    made.open("bankB", "houseB", "Q")
    made.open("bankC", "houseC")
    return made
