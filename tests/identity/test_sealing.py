"""What a client seals: equal lengths, one place each, and only what it expects."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from daicho import _native
from daicho.gateway import Party


@pytest.fixture(scope="module")
def bank(seed_network: Path) -> Party:
    return Party.open(seed_network / "parties" / "bankA")


def seal(party: Party, arguments: bytes, **changed: object) -> tuple[bytes, bytes, bytes]:
    fields: dict[str, object] = {
        "sender": party.file.alias,
        "lane": 0,
        "sequence": 5,
        "expiry_us": 10,
        "salt": bytes(16),
        "contract": 3,
        "entry": 1,
        "arguments": arguments,
    }
    return _native.seal_envelope(party.signer, party.session(), **{**fields, **changed})  # type: ignore[arg-type]


def test_two_transactions_that_differ_only_in_price_have_equal_length(bank: Party) -> None:
    prices = (1, 99_999, 10**17)
    sealed = [seal(bank, price.to_bytes(16, "little"), salt=secrets.token_bytes(16))[0]
              for price in prices]  # fmt: skip
    assert len({len(item) for item in sealed}) == 1
    for item, price in zip(sealed, prices, strict=True):
        assert price.to_bytes(16, "little") not in item


def test_lengths_come_in_classes(bank: Party) -> None:
    sizes = {len(seal(bank, bytes(count))[0]) for count in range(0, 60_000, 997)}
    assert len(sizes) <= 5
    with pytest.raises(ValueError, match="above the bound"):
        seal(bank, bytes(70_000))


def test_ids_follow_from_the_bytes(bank: Party) -> None:
    item, tx_id, witness_id = seal(bank, b"x")
    assert _native.item_ids(item) == (tx_id, witness_id)
    assert seal(bank, b"x") == (item, tx_id, witness_id), "the same salt, the same bytes"
    assert seal(bank, b"x", sequence=6)[1] != tx_id


def test_a_session_comes_back_after_a_restart(bank: Party) -> None:
    again = Party.open(bank.home)
    assert again.session().enc == bank.session().enc
    assert again.session(1).enc != bank.session().enc


def test_a_consent_is_for_one_place(bank: Party, seed_network: Path) -> None:
    other = Party.open(seed_network / "parties" / "bankB")
    place = {
        "sender": bank.file.alias,
        "lane": 0,
        "sequence": 5,
        "contract": 3,
        "entry": 1,
        "arguments": b"x",
    }

    def consent(**changed: object) -> bytes:
        return _native.consent(
            other.signer, other.file.alias, bank.genesis.chain_id, **{**place, **changed}
        )  # type: ignore[arg-type]

    given = consent()
    assert consent() == given
    for changed in ({"sequence": 6}, {"arguments": b"y"}, {"entry": 2}, {"contract": 4}):
        assert consent(**changed) != given


def test_a_malformed_reply_is_an_error_and_no_panic() -> None:
    for frame in (b"", b"\0" * 8, b"\0" * 8 + b"\xff", b"\0" * 8 + b"\x03" + b"\xff" * 90):
        with pytest.raises(ValueError, match=r"\w"):
            _native.decode_reply(frame)


def test_a_verifier_refuses_what_carries_no_receipts(bank: Party) -> None:
    verifier = _native.ReceiptVerifier(bank.genesis.encoded)
    admitted = (7).to_bytes(8, "little") + b"\x01" + bytes(32)
    assert _native.decode_reply(admitted) == {"id": 7, "tx_id": bytes(32), "say": "admitted"}
    with pytest.raises(_native.VerificationError, match="no receipts"):
        verifier.verify(admitted)
    with pytest.raises(_native.VerificationError):
        verifier.verify_batch([b"junk"])


def test_commands_have_one_encoding(bank: Party) -> None:
    record = bank.record()
    assert _native.command_admit(record) == _native.command_admit(dict(record))
    with pytest.raises((KeyError, TypeError, ValueError)):
        _native.command_admit({**record, "key": b"short"})
    assert len(_native.command_revoke(bank.file.alias)) == 17
