"""The administrator's certificate authority, kept in one folder.

    root.pem      its certificate         root.key   its key, PKCS#8, encrypted
    crl.pem       the revocation list     unlock     the key's key (0600)
    index.json    everything ever issued  issued/    the certificates by serial

One root issues directly: there is no chain to get wrong. What it assigns, the
party id and the alias, is random, so that a name on the ledger says nothing
about whose it is.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from daicho.identity.certificate import (
    Certificate,
    CertificateError,
    Holder,
    lei_of,
    single_text,
)
from daicho.identity.files import (
    KeyFileError,
    Unlock,
    make_private_folder,
    read_secret,
    write_public,
    write_secret,
)

ROOT_DAYS = 3650
LEAF_DAYS = 825
CRL_DAYS = 30


@dataclass(frozen=True)
class Issued:
    """One line of the authority's index."""

    serial: str
    name: str
    kind: str
    lei: str
    party: str
    alias: str
    issued: str
    expires: str
    revoked: str = ""
    reason: str = ""


class Authority:
    """Issues, revokes and lists certificates."""

    def __init__(self, folder: Path, key: Ed25519PrivateKey, root: x509.Certificate) -> None:
        self.folder = folder
        self.root = root
        self._key = key

    @classmethod
    def create(cls, folder: Path, name: str, now: datetime | None = None) -> Authority:
        """Found an authority in a new folder."""
        now = now or datetime.now(UTC)
        make_private_folder(folder)
        make_private_folder(folder / "issued")
        unlock = Unlock.create(folder / "unlock")
        key = Ed25519PrivateKey.generate()
        root = _root_certificate(key, name, now)
        write_secret(folder / "root.key", encrypted_pem(key, unlock))
        write_public(folder / "root.pem", root.public_bytes(Encoding.PEM))
        authority = cls(folder, key, root)
        authority._write_index([], now)
        return authority

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Open the authority that `create` founded."""
        unlock = Unlock.read(folder / "unlock")
        key = decrypted_key(folder / "root.key", unlock)
        root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        return cls(folder, key, root)

    def issue(
        self,
        request: x509.CertificateSigningRequest,
        *,
        party: bytes | None = None,
        alias: bytes | None = None,
        node: str | None = None,
        days: int = LEAF_DAYS,
        now: datetime | None = None,
    ) -> Certificate:
        """Certify a request. Party id and alias are drawn when not given.

        A node is named by `node`; everything else is a party with an alias.
        """
        now = now or datetime.now(UTC)
        holder, key = _requested(request, party, alias, node)
        certificate = Certificate.from_pem(
            self._sign(holder, key, now, days).public_bytes(Encoding.PEM)
        )
        pem = certificate.document.public_bytes(Encoding.PEM)
        write_public(self.folder / "issued" / f"{certificate.serial}.pem", pem)
        self._write_index([*self.entries(), _index_entry(certificate)], now)
        return certificate

    def _sign(
        self, holder: Holder, key: Ed25519PublicKey, now: datetime, days: int
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(holder.subject())
            .issuer_name(self.root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(holder.uris()), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
        )
        return builder.sign(self._key, None)

    def revoke(self, name_or_serial: str, reason: str, now: datetime | None = None) -> Issued:
        """Revoke a certificate by serial number, or the newest one of a name."""
        now = now or datetime.now(UTC)
        entries = self.entries()
        found = [
            place
            for place, entry in enumerate(entries)
            if name_or_serial in (entry.name, entry.serial) and not entry.revoked
        ]
        if not found:
            raise CertificateError(
                "CFG_CERT_UNKNOWN", f"no valid certificate is called {name_or_serial!r}"
            )
        place = found[-1]
        fields = asdict(entries[place]) | {"revoked": now.isoformat(), "reason": reason}
        entries[place] = Issued(**fields)
        self._write_index(entries, now)
        return entries[place]

    def entries(self) -> list[Issued]:
        """Everything ever issued, oldest first."""
        return [Issued(**row) for row in json.loads((self.folder / "index.json").read_bytes())]

    def revocations(self) -> x509.CertificateRevocationList:
        """The current revocation list."""
        return x509.load_pem_x509_crl((self.folder / "crl.pem").read_bytes())

    def _write_index(self, entries: list[Issued], now: datetime) -> None:
        """Rewrite the revocation list and the index.

        The list first: a crash between the two revokes too much, never too little.
        """
        crl = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        crl = crl.last_update(now).next_update(now + timedelta(days=CRL_DAYS))
        for entry in entries:
            if entry.revoked:
                revoked = x509.RevokedCertificateBuilder().serial_number(int(entry.serial, 16))
                when = datetime.fromisoformat(entry.revoked)
                crl = crl.add_revoked_certificate(revoked.revocation_date(when).build())
        write_public(self.folder / "crl.pem", crl.sign(self._key, None).public_bytes(Encoding.PEM))
        index = json.dumps([asdict(entry) for entry in entries], indent=1).encode()
        write_public(self.folder / "index.json", index + b"\n")


def _root_certificate(key: Ed25519PrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=ROOT_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )
    return builder.sign(key, None)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _requested(
    request: x509.CertificateSigningRequest,
    party: bytes | None,
    alias: bytes | None,
    node: str | None,
) -> tuple[Holder, Ed25519PublicKey]:
    key = request.public_key()
    if not request.is_signature_valid or not isinstance(key, Ed25519PublicKey):
        raise CertificateError("CFG_CERT_FORM", "the request is not signed by its Ed25519 key")
    holder = Holder(
        name=single_text(request.subject, NameOID.COMMON_NAME),
        organisation=single_text(request.subject, NameOID.ORGANIZATION_NAME),
        lei=lei_of(request.subject),
        party=party or secrets.token_bytes(16),
        alias=None if node is not None else alias or secrets.token_bytes(16),
        node=node,
    )
    holder.check()
    return holder, key


def _index_entry(certificate: Certificate) -> Issued:
    holder = certificate.holder
    return Issued(
        serial=certificate.serial,
        name=holder.name,
        kind="party" if holder.node is None else "node",
        lei=holder.lei,
        party=holder.party.hex(),
        alias="" if holder.alias is None else holder.alias.hex(),
        issued=certificate.document.not_valid_before_utc.isoformat(),
        expires=certificate.document.not_valid_after_utc.isoformat(),
    )


def encrypted_pem(key: Ed25519PrivateKey, unlock: Unlock) -> bytes:
    """A signing key as encrypted PKCS#8."""
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(unlock.passphrase)
    )


def decrypted_key(path: Path, unlock: Unlock) -> Ed25519PrivateKey:
    """The inverse of `encrypted_pem`, from a file."""
    try:
        key = load_pem_private_key(read_secret(path), unlock.passphrase)
    except (ValueError, TypeError) as error:
        raise KeyFileError(path, "does not open under this unlock key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(path, "is no Ed25519 key")
    return key
