"""Figures of a network of real processes, with the conditions they were taken under.

    run            found a network, load it, check everything, report
    dvp            the scenario: delivery versus payment
    market         who trades what, and our own book of it
    courier        many transactions under way at one gateway
    load           the open loop and what it measures
    primitives     the cryptographic floor under one transaction
    closing        the ledger's balances and roots against our own book
    machine        what it runs on

A figure without its checks is not reported as valid: every receipt is verified
against the genesis, and the balances must be those of our own book.
"""

from __future__ import annotations

from typing import Any

from daicho.admin.plan import Profile
from daicho.admin.temporary import Note
from daicho.bench.dvp import dvp

__all__ = ["dvp", "run"]

INSTRUMENTS = 16


def run(
    scenario: str,
    rate: float | None,
    seconds: float,
    accounts: int,
    profile: Profile,
    note: Note,
    instruments: int = INSTRUMENTS,
) -> dict[str, Any]:
    """Measure a scenario on a network of its own. Without `rate`: the highest kept up with."""
    assert scenario == "dvp", "the command line offers no other"
    return dvp(rate, seconds, accounts, instruments, profile, note)
