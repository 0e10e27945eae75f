"""A holder's own folder: its certificate and the secrets that belong to it.

certificate.pem   from the authority       root.pem    the authority's own
sign.key          Ed25519, encrypted PKCS#8
curve.key         CURVE secret, sealed     curve.json  its binding, signed
session.key       32 bytes, sealed: a party's sealing sessions follow from it
unlock            the key of the other three (0600)
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from daicho import _native
from daicho.identity.authority import Authority, decrypted_key, encrypted_pem
from daicho.identity.certificate import Certificate, CertificateError, certificate_request
from daicho.identity.files import (
    KeyFileError,
    Unlock,
    make_private_folder,
    write_public,
    write_secret,
)

_BINDING_CONTEXT = b"daicho curve binding v1\0"


@dataclass(frozen=True)
class CurveBinding:
    """A certificate's holder says which CURVE key its connections use.

    Signed with the certificate's key, so that whoever knows the certificate
    can check it, and revoking the certificate takes the connections with it.
    """

    certificate: bytes
    curve_key: bytes
    issued_us: int
    signature: bytes

    @classmethod
    def sign(cls, key: Ed25519PrivateKey, certificate: bytes, curve_key: bytes) -> CurveBinding:
        """Bind `curve_key` to the certificate with this digest."""
        issued_us = int(datetime.now(UTC).timestamp() * 1_000_000)
        unsigned = cls(certificate, curve_key, issued_us, b"")
        return cls(certificate, curve_key, issued_us, key.sign(unsigned._message()))

    @classmethod
    def from_json(cls, text: bytes) -> CurveBinding:
        """Parse; CertificateError when it is no binding."""
        try:
            row = json.loads(text)
            return cls(
                bytes.fromhex(row["certificate"]),
                bytes.fromhex(row["curve_key"]),
                int(row["issued_us"]),
                bytes.fromhex(row["signature"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CertificateError("CFG_CERT_FORM", f"no CURVE binding: {error}") from error

    def to_json(self) -> bytes:
        """The inverse of `from_json`."""
        row = {
            "version": 1,
            "certificate": self.certificate.hex(),
            "curve_key": self.curve_key.hex(),
            "issued_us": self.issued_us,
            "signature": self.signature.hex(),
        }
        return json.dumps(row, indent=1).encode() + b"\n"

    def check(self, certificate: Certificate) -> None:
        """Raise CertificateError unless the certificate's holder signed it."""
        if self.certificate != certificate.digest:
            raise CertificateError("CFG_CERT_BINDING", "the binding is of another certificate")
        key = Ed25519PublicKey.from_public_bytes(certificate.public_key)
        try:
            key.verify(self.signature, self._message())
        except InvalidSignature as error:
            raise CertificateError(
                "CFG_CERT_BINDING", "the binding's signature does not verify"
            ) from error

    def _message(self) -> bytes:
        issued = self.issued_us.to_bytes(8, "little")
        return _BINDING_CONTEXT + self.certificate + self.curve_key + issued


@dataclass(frozen=True)
class Credentials:
    """An opened folder: everything its holder needs to sign and to connect."""

    certificate: Certificate
    root: x509.Certificate
    binding: CurveBinding
    sign_seed: bytes
    curve_secret: bytes
    session_secret: bytes

    def __repr__(self) -> str:
        return f"Credentials({self.certificate.holder.name!r})"

    @property
    def curve_public(self) -> bytes:
        """The CURVE key that peers know it by."""
        return self.binding.curve_key

    @classmethod
    def create(
        cls,
        folder: Path,
        authority: Authority,
        *,
        name: str,
        organisation: str,
        lei: str,
        party: bytes | None = None,
        node: str | None = None,
    ) -> Credentials:
        """Draw keys in a new folder and have the authority certify them."""
        make_private_folder(folder)
        unlock = Unlock.create(folder / "unlock")
        key = Ed25519PrivateKey.generate()
        request = certificate_request(key, name, organisation, lei)
        certificate = authority.issue(request, party=party, node=node)
        curve = X25519PrivateKey.generate()
        binding = CurveBinding.sign(key, certificate.digest, curve.public_key().public_bytes_raw())
        write_secret(folder / "sign.key", encrypted_pem(key, unlock))
        unlock.seal(folder / "curve.key", "curve", curve.private_bytes_raw())
        unlock.seal(folder / "session.key", "session", secrets.token_bytes(32))
        write_public(folder / "curve.json", binding.to_json())
        write_public(folder / "root.pem", authority.root.public_bytes(Encoding.PEM))
        write_public(folder / "certificate.pem", certificate.document.public_bytes(Encoding.PEM))
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, unlock_path: Path | None = None) -> Credentials:
        """Open a folder with the unlock key that stands in it or in `unlock_path`."""
        unlock = Unlock.read(unlock_path or folder / "unlock")
        certificate = Certificate.from_pem(_public(folder / "certificate.pem"))
        root = x509.load_pem_x509_certificate(_public(folder / "root.pem"))
        binding = CurveBinding.from_json(_public(folder / "curve.json"))
        binding.check(certificate)
        opened = cls(
            certificate,
            root,
            binding,
            decrypted_key(folder / "sign.key", unlock).private_bytes_raw(),
            unlock.open(folder / "curve.key", "curve"),
            unlock.open(folder / "session.key", "session"),
        )
        if _native.public_key(opened.sign_seed) != certificate.public_key:
            raise KeyFileError(folder / "sign.key", "is not the key of certificate.pem")
        return opened


def _public(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(path, error.strerror or "cannot be read") from error
