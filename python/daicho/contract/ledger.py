"""What happens when a contract's functions are called as plain Python."""

from __future__ import annotations

from typing import NoReturn


class OnLedgerOnly(RuntimeError):  # noqa: N818 - reads as the sentence it is
    """This operation exists on the ledger, not in plain Python."""


def on_ledger_only() -> NoReturn:
    """Say where this can be done."""
    raise OnLedgerOnly("deploy the contract, or a test chain, and call an entry point")
