"""X.509 certificates of nodes and parties, and their check.

The key of a certificate is the Ed25519 key that the holder signs ledger
messages with. The subject carries the LEI as organizationIdentifier (OID
2.5.4.97) in the form `LEIXG-<LEI>` (ETSI EN 319 412-1, 5.1.4). URIs among the
subject alternative names carry what the authority assigned: `urn:daicho:party:`
and 32 hex digits; `urn:daicho:alias:` likewise for a party that signs
envelopes; `urn:daicho:node:` and a name for a node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from daicho import _native
from daicho.identity.lei import is_lei

LEI_PREFIX = "LEIXG-"
PARTY_URN = "urn:daicho:party:"
ALIAS_URN = "urn:daicho:alias:"
NODE_URN = "urn:daicho:node:"
_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


class CertificateError(Exception):
    """A certificate does not prove what it is shown for; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Holder:
    """Whom a certificate names. A node has `node`, a party `alias`."""

    name: str
    organisation: str
    lei: str
    party: bytes
    alias: bytes | None = None
    node: str | None = None

    def check(self) -> None:
        """Raise CertificateError unless every field has its form."""
        if not is_lei(self.lei):
            raise CertificateError("CFG_CERT_LEI", f"{self.lei} is no LEI: its check digits fail")
        if _NAME.fullmatch(self.name) is None:
            raise CertificateError("CFG_CERT_FORM", f"{self.name!r} is no name of a holder")
        if len(self.party) != 16 or (self.alias is not None and len(self.alias) != 16):
            raise CertificateError("CFG_CERT_FORM", "party and alias are 16 bytes")
        if (self.alias is None) == (self.node is None):
            raise CertificateError("CFG_CERT_FORM", "a holder is either a node or a party")

    def subject(self) -> x509.Name:
        """The distinguished name."""
        return subject_name(self.name, self.organisation, self.lei)

    def uris(self) -> list[x509.GeneralName]:
        """The subject alternative names."""
        uris = [PARTY_URN + self.party.hex()]
        if self.alias is not None:
            uris.append(ALIAS_URN + self.alias.hex())
        if self.node is not None:
            uris.append(NODE_URN + self.node)
        return [x509.UniformResourceIdentifier(uri) for uri in uris]


def subject_name(name: str, organisation: str, lei: str) -> x509.Name:
    """The distinguished name of a holder."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, LEI_PREFIX + lei),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def certificate_request(
    key: Ed25519PrivateKey, name: str, organisation: str, lei: str
) -> x509.CertificateSigningRequest:
    """What a holder sends to the authority: its name, its LEI, its key."""
    builder = x509.CertificateSigningRequestBuilder()
    return builder.subject_name(subject_name(name, organisation, lei)).sign(key, None)


def lei_of(subject: x509.Name) -> str:
    """The LEI in a subject; CertificateError when there is none, or a wrong one."""
    found = subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    value = str(found[0].value) if len(found) == 1 else ""
    lei = value.removeprefix(LEI_PREFIX)
    if not value.startswith(LEI_PREFIX) or not is_lei(lei):
        raise CertificateError("CFG_CERT_LEI", f"the subject names no valid LEI: {value!r}")
    return lei


def single_text(subject: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The one value of an attribute; CertificateError when it is not there once."""
    found = subject.get_attributes_for_oid(oid)
    if len(found) != 1:
        raise CertificateError("CFG_CERT_FORM", f"the subject lacks {oid.dotted_string}")
    return str(found[0].value)


@dataclass(frozen=True)
class Certificate:
    """A parsed certificate: whom it names, with which key, how long."""

    document: x509.Certificate
    holder: Holder
    public_key: bytes

    @classmethod
    def from_pem(cls, pem: bytes) -> Certificate:
        """Parse; CertificateError when it is no certificate of this form."""
        try:
            parsed = x509.load_pem_x509_certificate(pem)
            names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (ValueError, x509.ExtensionNotFound) as error:
            raise CertificateError("CFG_CERT_FORM", f"no certificate: {error}") from error
        key = parsed.public_key()
        if not isinstance(key, Ed25519PublicKey):
            raise CertificateError("CFG_CERT_FORM", "the certificate's key is not Ed25519")
        uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
        return cls(parsed, _holder(parsed.subject, uris), key.public_bytes_raw())

    @property
    def digest(self) -> bytes:
        """BLAKE3 of the DER bytes under the certificate domain."""
        return _native.certificate_digest(self.document.public_bytes(Encoding.DER))

    @property
    def serial(self) -> str:
        """The serial number in hex."""
        return f"{self.document.serial_number:x}"

    def check(
        self,
        root: x509.Certificate,
        revoked: x509.CertificateRevocationList | None,
        at: datetime,
    ) -> None:
        """Raise CertificateError unless `root` vouches for it at time `at`.

        A revocation counts from its own date on: what was signed before keeps
        its proof (`at` is the time of the signature that is being judged).
        """
        _check_issued(self.document, root)
        _check_validity(self.document, at)
        if revoked is not None:
            _check_not_revoked(self.document, root, revoked, at)


def _holder(subject: x509.Name, uris: list[str]) -> Holder:
    holder = Holder(
        name=single_text(subject, NameOID.COMMON_NAME),
        organisation=single_text(subject, NameOID.ORGANIZATION_NAME),
        lei=lei_of(subject),
        party=_id(uris, PARTY_URN) or b"",
        alias=_id(uris, ALIAS_URN),
        node=_one(uris, NODE_URN),
    )
    holder.check()
    return holder


def _one(uris: list[str], prefix: str) -> str | None:
    found = [uri.removeprefix(prefix) for uri in uris if uri.startswith(prefix)]
    if len(found) > 1:
        raise CertificateError("CFG_CERT_FORM", f"{prefix} stands there twice")
    return found[0] if found else None


def _id(uris: list[str], prefix: str) -> bytes | None:
    text = _one(uris, prefix)
    if text is None:
        return None
    if _ID.fullmatch(text) is None:
        raise CertificateError("CFG_CERT_FORM", f"{prefix} needs 32 hex digits")
    return bytes.fromhex(text)


def _check_issued(certificate: x509.Certificate, root: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise CertificateError(
            "CFG_CERT_CHAIN", "the certificate was not issued by this network's authority"
        ) from error
    constraints = root.extensions.get_extension_for_class(x509.BasicConstraints).value
    if not constraints.ca:
        raise CertificateError("CFG_CERT_CHAIN", "the issuer is no authority")


def _check_validity(certificate: x509.Certificate, at: datetime) -> None:
    if at < certificate.not_valid_before_utc:
        since = certificate.not_valid_before_utc.isoformat()
        raise CertificateError("CFG_CERT_NOT_YET", f"the certificate is valid from {since}")
    if at > certificate.not_valid_after_utc:
        until = certificate.not_valid_after_utc.isoformat()
        raise CertificateError("CFG_CERT_EXPIRED", f"the certificate expired at {until}")


def _check_not_revoked(
    certificate: x509.Certificate,
    root: x509.Certificate,
    revoked: x509.CertificateRevocationList,
    at: datetime,
) -> None:
    key = root.public_key()
    assert isinstance(key, Ed25519PublicKey), "an authority's key is Ed25519"
    if not revoked.is_signature_valid(key):
        raise CertificateError("CFG_CERT_CHAIN", "the revocation list is not the authority's")
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None and entry.revocation_date_utc <= at:
        since = entry.revocation_date_utc.isoformat()
        raise CertificateError("CFG_CERT_REVOKED", f"the certificate was revoked at {since}")
