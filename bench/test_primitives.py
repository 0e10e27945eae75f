"""The cryptography of a transaction, part by part, as nodes and clients call it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

ENVELOPE = "envelope of the smallest size class, as a confirmation of a trade fills it"


@pytest.mark.parametrize("batch", [1, 64])
def test_hash(measure: Callable[..., None], batch: int) -> None:
    """Transaction id and witness id."""
    measure("hash", batch, of=ENVELOPE)


def test_sign(measure: Callable[..., None]) -> None:
    """What a sender does last."""
    measure("sign", 64, of=ENVELOPE)


def test_verify_single(measure: Callable[..., None]) -> None:
    """One signature by itself, as votes are verified."""
    measure("verify", 1, rounds=200, of=ENVELOPE)


def test_verify_batch_64(measure: Callable[..., None]) -> None:
    """Sixty-four signatures together, as admission verifies them."""
    measure("verify_batch", 64, of=ENVELOPE)


def test_seal(measure: Callable[..., None]) -> None:
    """Header, padding, authenticated encryption and signature of one call."""
    measure("seal", 64, of=ENVELOPE, session="known")


def test_open(measure: Callable[..., None]) -> None:
    """What an executor does with an envelope of a session that it knows."""
    measure("open", 64, of=ENVELOPE, session="known")


def test_seal_receipt(measure: Callable[..., None]) -> None:
    """A receipt padded and sealed to its sender."""
    measure("receipt_seal", 64, of="receipt without events")


def test_open_receipt(measure: Callable[..., None]) -> None:
    """A receipt opened by its sender."""
    measure("receipt_open", 64, of="receipt without events")


@pytest.mark.parametrize("batch", [1, 64])
def test_verify_receipts(measure: Callable[..., None], batch: int) -> None:
    """A client's check of one reply: header, both quorums, both places, opened."""
    measure("receipts_check", batch, validators=4, executors=4, certificates="not seen before")
