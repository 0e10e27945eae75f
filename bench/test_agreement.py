"""Four nodes in one thread decide a block, from its submission at the leader."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daicho import _native


@pytest.mark.parametrize("batch", [1, 64, 512])
def test_agreement(measure: Callable[..., None], batch: int) -> None:
    """Admission, proposal, votes and commit at all four; no sockets, disks or execution."""
    rounds = min(8, _native.AGREEMENT_ROUNDS_MAX)
    measure("agreement", batch, rounds=rounds, validators=4, work_of="all four nodes together")
