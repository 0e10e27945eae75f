"""An author's tests: whole calls from Python, from arguments by name to a decoded outcome."""

from __future__ import annotations

from typing import Any

import pytest

from daicho.author.founding import TEMPLATE
from daicho.compiler import compile_path
from daicho.testing import Chain, Party

CALLS = 1_000
ROUNDS = 10
ISSUED = 10**12


@pytest.fixture(scope="module")
def parties() -> tuple[Chain, Party, Party]:
    """A ledger on which a dealer holds a paper, and a bank that buys it."""
    chain = Chain()
    chain.deploy(compile_path(TEMPLATE / "contracts" / "product.py"))
    company, dealer, bank = (chain.party(name, "MEMBER") for name in ("company", "dealer", "bank"))
    chain.call(
        company,
        "product",
        "issue",
        signed_by=[dealer],
        paper="CP",
        dealer=dealer,
        amount=ISSUED,
        term_days=90,
    )
    return chain, dealer, bank


def test_calls_from_pytest(benchmark: Any, parties: tuple[Chain, Party, Party]) -> None:
    """`Chain.call` of a transfer between two holders: two rows, an event, a block of its own."""
    chain, dealer, bank = parties

    def transfers() -> None:
        for _ in range(CALLS):
            chain.call(dealer, "product", "transfer", paper="CP", buyer=bank, amount=1)

    benchmark.pedantic(transfers, rounds=ROUNDS, warmup_rounds=1)
    held = chain.query(bank, "product", "position_of", holder=bank, paper="CP")
    assert held == CALLS * (ROUNDS + 1) or benchmark.disabled
    benchmark.extra_info.update(
        one_figure_is=f"{CALLS} calls, each a block of its own",
        calls_per_s=round(CALLS / benchmark.stats.stats.median) if benchmark.stats else None,
        rows_in_ledger=len(chain.rows()),
        ledger="in memory, without trees, sealing and disk",
    )


def test_a_project_s_chain(benchmark: Any) -> None:
    """The fixture `chain`: a ledger with the template's contract, compiled already."""
    artefact = compile_path(TEMPLATE / "contracts" / "product.py")

    def fresh() -> Chain:
        chain = Chain()
        chain.deploy(artefact)
        return chain

    chain = benchmark(fresh)
    assert chain.height == 0
    benchmark.extra_info.update(one_figure_is="one ledger", artefact_bytes=len(artefact.data))
