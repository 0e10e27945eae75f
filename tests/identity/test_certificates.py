"""R102: "CSR→cert→use; revoked cert refused from stated h; expired cert refused;
historic signatures still verify". The height stands in the control state; here
is the authority's half: dates, chain, LEI, the CURVE binding.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from daicho.identity import (
    Authority,
    Certificate,
    CertificateError,
    Credentials,
    CurveBinding,
    certificate_request,
    is_lei,
    lei_with_check_digits,
)
from daicho.identity.files import KeyFileError

# Check digits worked out by hand from ISO 7064: the base is 18 characters.
LEI = lei_with_check_digits("9999001DAICHOTEST0")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ca", "test")


def issue(authority: Authority, name: str = "bankA", days: int = 10) -> Certificate:
    key = Ed25519PrivateKey.generate()
    return authority.issue(certificate_request(key, name, "Bank A", LEI), days=days)


def refusal(certificate: Certificate, authority: Authority, at: datetime) -> str:
    with pytest.raises(CertificateError) as caught:
        certificate.check(authority.root, authority.revocations(), at)
    return caught.value.code


def test_lei_check_digits_against_published_ones() -> None:
    # From ISO 17442's own example and GLEIF's LEI.
    for lei in ("5493001KJTIIGC8Y1R12", "506700GE1G29325QX363"):
        assert is_lei(lei)
        assert lei_with_check_digits(lei[:18]) == lei
        for place in range(20):
            other = "1" if lei[place] != "1" else "2"
            assert not is_lei(lei[:place] + other + lei[place + 1 :])
    assert not is_lei("5493001kjtiigc8y1r12")
    assert not is_lei("")


def test_request_certificate_use(authority: Authority) -> None:
    certificate = issue(authority)
    certificate.check(authority.root, authority.revocations(), now())
    again = Certificate.from_pem(certificate.document.public_bytes(Encoding.PEM))
    assert again.holder.lei == LEI
    assert len(again.holder.party) == 16
    assert again.holder.alias is not None
    assert again.digest == certificate.digest
    assert [entry.name for entry in authority.entries()] == ["bankA"]


def test_ids_are_random_and_keep_the_entity(authority: Authority) -> None:
    first, second = issue(authority, "one"), issue(authority, "two")
    assert first.holder.party != second.holder.party
    assert first.holder.alias != second.holder.alias
    request = certificate_request(Ed25519PrivateKey.generate(), "three", "Bank A", LEI)
    third = authority.issue(request, party=first.holder.party)
    assert third.holder.party == first.holder.party
    assert third.holder.alias != first.holder.alias


def test_expired_and_not_yet_valid_are_refused(authority: Authority) -> None:
    certificate = issue(authority, days=10)
    assert refusal(certificate, authority, now() + timedelta(days=11)) == "CFG_CERT_EXPIRED"
    assert refusal(certificate, authority, now() - timedelta(days=1)) == "CFG_CERT_NOT_YET"


def test_revoked_is_refused_from_its_date_and_history_still_verifies(
    authority: Authority,
) -> None:
    certificate = issue(authority)
    at = now() + timedelta(days=1)
    authority.revoke("bankA", "key lost", now=at)
    assert refusal(certificate, authority, at + timedelta(hours=1)) == "CFG_CERT_REVOKED"
    certificate.check(authority.root, authority.revocations(), at - timedelta(hours=1))
    with pytest.raises(CertificateError, match="no valid certificate"):
        authority.revoke("bankA", "again")
    reopened = Authority.open(authority.folder)
    assert reopened.entries()[0].reason == "key lost"


def test_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path / "other", "test")
    certificate = issue(stranger)
    assert refusal(certificate, authority, now()) == "CFG_CERT_CHAIN"
    with pytest.raises(CertificateError) as caught:
        issue(authority).check(authority.root, stranger.revocations(), now())
    assert caught.value.code == "CFG_CERT_CHAIN", "a foreign revocation list is no list"


def test_a_wrong_lei_is_not_certified(authority: Authority) -> None:
    wrong = LEI[:-1] + str((int(LEI[-1]) + 1) % 10)
    request = certificate_request(Ed25519PrivateKey.generate(), "bankA", "Bank A", wrong)
    with pytest.raises(CertificateError) as caught:
        authority.issue(request)
    assert caught.value.code == "CFG_CERT_LEI"
    assert authority.entries() == []


def test_the_curve_key_is_bound_to_the_certificate(authority: Authority, tmp_path: Path) -> None:
    made = Credentials.create(tmp_path / "a", authority, name="a", organisation="A", lei=LEI)
    made.binding.check(made.certificate)
    other = issue(authority, "other")
    for binding in (
        CurveBinding(made.certificate.digest, bytes(32), made.binding.issued_us, bytes(64)),
        CurveBinding(
            made.certificate.digest, bytes(32), made.binding.issued_us, made.binding.signature
        ),
        CurveBinding(other.digest, made.curve_public, 0, made.binding.signature),
    ):
        with pytest.raises(CertificateError) as caught:
            binding.check(made.certificate)
        assert caught.value.code == "CFG_CERT_BINDING"


def test_secrets_at_rest_open_under_their_own_key_alone(
    authority: Authority, tmp_path: Path
) -> None:
    made = Credentials.create(tmp_path / "a", authority, name="a", organisation="A", lei=LEI)
    Credentials.create(tmp_path / "b", authority, name="b", organisation="B", lei=LEI)
    assert Credentials.open(tmp_path / "a").sign_seed == made.sign_seed
    for path in (tmp_path / "a").iterdir():
        content = path.read_bytes()
        for secret in (made.sign_seed, made.curve_secret, made.session_secret):
            assert secret not in content
            assert secret.hex().encode() not in content
    (tmp_path / "a" / "unlock").write_bytes((tmp_path / "b" / "unlock").read_bytes())
    with pytest.raises(KeyFileError, match="does not open"):
        Credentials.open(tmp_path / "a")


def test_a_secret_that_others_can_read_is_refused(authority: Authority, tmp_path: Path) -> None:
    Credentials.create(tmp_path / "a", authority, name="a", organisation="A", lei=LEI)
    (tmp_path / "a" / "curve.key").chmod(0o640)
    with pytest.raises(KeyFileError, match="others can read it"):
        Credentials.open(tmp_path / "a")


def test_nothing_secret_is_printed(authority: Authority, tmp_path: Path) -> None:
    made = Credentials.create(tmp_path / "a", authority, name="a", organisation="A", lei=LEI)
    shown = repr(made)
    assert made.sign_seed.hex() not in shown
    assert repr(made.sign_seed) not in shown
