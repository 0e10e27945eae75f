"""A block's changes on the state: trees, roots and history, without sealing and disk."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("rows", [1_000, 100_000])
@pytest.mark.parametrize("batch", [1, 512])
def test_state_update(measure: Callable[..., None], rows: int, batch: int) -> None:
    """Rows spread over 24 compartments, 40-byte values."""
    measure("state", batch, rows=rows, compartments=24, value_bytes=40)
