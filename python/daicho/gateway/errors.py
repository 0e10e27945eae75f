"""What can go wrong between a client and the ledger."""

from __future__ import annotations


class GatewayError(Exception):
    """Base of everything this package raises on purpose."""


class UnreachableError(GatewayError):
    """No answer in time: nothing is known about what was asked."""


class RefusedError(GatewayError):
    """A gateway said no, and nothing was ordered."""

    def __init__(self, code: str, message: str, *, retry: bool, tx_id: bytes = b"") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.retry = retry
        self.tx_id = tx_id


class BadReplyError(GatewayError):
    """A reply does not prove what it claims, or is no reply at all."""
