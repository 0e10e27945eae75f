"""Holding certificates: who owned what after which block, for a third party.

What is on the ledger nobody sees by sight. The administrator, who may open
every record, states one row and signs the statement; the document carries all
that its reader needs to believe neither the administrator nor the network:

    signature     the administrator's, under the CA root that the reader brings
    certified     header, commit and result certificate of the block: time and
                  state root, under the genesis that the reader brings
    proof         the row stands under that state root, and nothing else is shown
    artefact      the contract's own description of the row, to decode it with

The row's bytes rest on the executors' certificate. That this artefact is the
contract's, and the contract's name, rest on the administrator's signature.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from daicho import _native
from daicho.compiler import AbiError
from daicho.config import ConfigError, Problem
from daicho.gateway.client import At, LedgerClient
from daicho.gateway.errors import BadReplyError
from daicho.identity import ROLE_BITS, Certificate, CertificateError, Credentials
from daicho.plain import JSON_INTEGER_MAX, plain
from daicho.query.book import ContractBook
from daicho.query.errors import DamagedFileError
from daicho.query.evidence import HOLDING_FORMAT, HOLDING_VERSION
from daicho.query.tables import TableReader

_CONTEXT = b"daicho holding certificate v1\0"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# Whatever a certificate or an artefact that was tampered with makes a parser raise.
_UNREADABLE_CERTIFICATE = (
    CertificateError,
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
)
_UNREADABLE_ROW = (ValueError, LookupError, ArithmeticError, AssertionError, RecursionError)

Finding = tuple[str, str]
"""A code of the registry, and words."""


# Making one.


def certify_holding(
    client: LedgerClient,
    book: ContractBook,
    contract: str,
    table: str,
    key: Mapping[str, object],
    at: At = None,
) -> dict[str, Any]:
    """A signed holding certificate of the row with these key columns.

    RefusedError (ACCESS) when the row is not there or not for this party to
    see, ConfigError when the party is no administrator.
    """
    number, artefact = book.get(contract).number, book.artefact(contract)
    try:
        reader = TableReader(number, artefact, table)
        wanted, compartment = reader.key(key), reader.compartment(key)
    except AbiError as error:
        raise ConfigError.one("CFG_ARGUMENTS", f"{contract}.{table}", str(error)) from error
    proved = client.row(compartment, wanted, at=at)
    height = proved.answer.height
    content = {
        "format": HOLDING_FORMAT,
        "version": HOLDING_VERSION,
        "chain_id": client.party.genesis.chain_id,
        "height": height,
        "block_time_us": proved.answer.time_us,
        "state_root": proved.answer.state_root,
        "contract": {"number": number, "name": contract, "artefact": artefact},
        "table": table,
        "compartment": compartment,
        "key": proved.key,
        "row": proved.row,
        "fields": reader.row(proved.key, proved.row),
        "proof": proved.answer.result,
        "certified": _certified(client, height),
        "issued_us": time.time_ns() // 1_000,
    }
    credentials = client.party.credentials
    document = sign_holding(content, credentials)
    found = findings(document, client.party.genesis.encoded, credentials.root, None)
    if found:
        raise ConfigError([Problem(code, client.party.file.name, words) for code, words in found])
    return document


def sign_holding(content: Mapping[str, object], credentials: Credentials) -> dict[str, Any]:
    """The content as JSON carries it, the signer's certificates and its signature."""
    chain = [credentials.certificate.document, credentials.root]
    pems = [each.public_bytes(Encoding.PEM).decode() for each in chain]
    document = plain({**content, "certificates": pems})
    assert isinstance(document, dict), "an object stays one"
    key = Ed25519PrivateKey.from_private_bytes(credentials.sign_seed)
    return {**document, "signature": key.sign(_message(document)).hex()}


def _certified(client: LedgerClient, height: int) -> bytes:
    blocks, results = client.blocks(height, 1), client.results(height, 1)
    if not blocks or not results:
        raise BadReplyError(f"the gateway does not give block {height} and its result")
    try:
        return _native.certified_header(blocks[0]["bytes"], results[0]["bytes"])
    except ValueError as error:
        raise BadReplyError(str(error)) from error


def _message(document: Mapping[str, object]) -> bytes:
    """What is signed: everything but the signature, in one form."""
    content = {key: value for key, value in document.items() if key != "signature"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return _CONTEXT + text.encode()


# Checking one.


def findings(
    document: Mapping[str, Any],
    genesis: bytes,
    root: x509.Certificate,
    revoked: x509.CertificateRevocationList | None,
) -> list[Finding]:
    """Everything that is false in a document; DamagedFileError when it has no form.

    `genesis` and `root` are the reader's own. Nothing is fetched.
    """
    stated = _Stated.read(document)
    found = [*_signature(stated, genesis, root, revoked), *_ledger(stated, genesis)]
    # What nobody has signed, or the ledger does not hold, is not interpreted.
    return found or _meaning(stated)


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a document without findings says, for people and programs."""
    holder = Certificate.from_pem(document["certificates"][0].encode()).holder
    return {
        "height": document["height"],
        "block_time_us": document["block_time_us"],
        "contract": document["contract"]["name"],
        "table": document["table"],
        "compartment": document["compartment"],
        "fields": document["fields"],
        "certified_by": {"organisation": holder.organisation, "lei": holder.lei},
        "issued_us": document["issued_us"],
    }


@dataclass(frozen=True)
class _Stated:
    """A document whose fields all have their form, whatever they say."""

    chain_id: bytes
    height: int
    block_time_us: int
    state_root: bytes
    number: int
    artefact: bytes
    table: str
    compartment: bytes
    key: bytes
    row: bytes
    fields: dict[str, Any]
    proof: bytes
    certified: bytes
    issued_us: int
    certificates: list[bytes]
    signature: bytes
    message: bytes

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> _Stated:
        """DamagedFileError names the first field that is missing or has another form."""
        contract = _take(document, "contract", dict)
        _take(contract, "name", str)
        certificates = _take(document, "certificates", list)
        if len(certificates) != 2 or not all(isinstance(pem, str) for pem in certificates):
            raise DamagedFileError("certificates are two: the signer's and the authority's")
        return cls(
            chain_id=_octets(document, "chain_id", 32),
            height=_number(document, "height"),
            block_time_us=_number(document, "block_time_us"),
            state_root=_octets(document, "state_root", 32),
            number=_number(contract, "number"),
            artefact=_octets(contract, "artefact"),
            table=_take(document, "table", str),
            compartment=_octets(document, "compartment", 17),
            key=_octets(document, "key"),
            row=_octets(document, "row"),
            fields=_take(document, "fields", dict),
            proof=_octets(document, "proof"),
            certified=_octets(document, "certified"),
            issued_us=_number(document, "issued_us"),
            certificates=[pem.encode(errors="backslashreplace") for pem in certificates],
            signature=_octets(document, "signature", 64),
            message=_signed_message(document),
        )


def _signed_message(document: Mapping[str, Any]) -> bytes:
    try:
        return _message(document)
    except RecursionError as error:
        raise DamagedFileError("the document is nested too deep") from error


def _take(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    value = fields.get(name)
    if type(value) is not kind:
        raise DamagedFileError(f"{name} is missing or has another form")
    return value


def _number(fields: Mapping[str, Any], name: str) -> int:
    value: int = _take(fields, name, int)
    if not 0 <= value <= JSON_INTEGER_MAX:
        raise DamagedFileError(f"{name} is out of range")
    return value


def _octets(fields: Mapping[str, Any], name: str, count: int | None = None) -> bytes:
    """Bytes from lower-case hex, of one length if `count` is given."""
    text: str = _take(fields, name, str)
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if not value or value.hex() != text or count not in (None, len(value)):
        raise DamagedFileError(f"{name} is no lower-case hex of the right length")
    return value


def _signature(
    stated: _Stated,
    genesis: bytes,
    root: x509.Certificate,
    revoked: x509.CertificateRevocationList | None,
) -> list[Finding]:
    """The administrator of this genesis signed, with a certificate of this root."""
    issued = _EPOCH + datetime.timedelta(microseconds=stated.issued_us)
    try:
        signer = Certificate.from_pem(stated.certificates[0])
        if x509.load_pem_x509_certificate(stated.certificates[1]) != root:
            return [("CFG_CERT_CHAIN", "the authority is not the one that --ca names")]
        signer.check(root, revoked, issued)
    except _UNREADABLE_CERTIFICATE as error:
        code = error.code if isinstance(error, CertificateError) else "CFG_CERT_FORM"
        return [(code, str(error))]
    try:
        key = Ed25519PublicKey.from_public_bytes(signer.public_key)
        key.verify(stated.signature, stated.message)
    except InvalidSignature:
        return [("VFY_SIGNATURE", "the signature is not of this content by this certificate")]
    if not _administers(signer, genesis):
        return [("VFY_SIGNATURE", f"{signer.holder.name} is no administrator of this ledger")]
    return []


def _administers(signer: Certificate, genesis: bytes) -> bool:
    """Whether the certificate is one of the entity that genesis made administrator.

    An alias that genesis knows needs the role itself; one that was admitted
    later is judged by its legal entity, which the authority has certified.
    """
    holder = signer.holder
    parties = _native.genesis_decode(genesis)["parties"]
    named = [party for party in parties if party["alias"] == holder.alias]
    same = named or [party for party in parties if party["party"] == holder.party]
    role = ROLE_BITS["administrator"]
    return holder.alias is not None and any(party["roles"] & role for party in same)


def _ledger(stated: _Stated, genesis: bytes) -> list[Finding]:
    """The row stood in the certified state after that block of that chain."""
    found: list[Finding] = []
    if stated.chain_id != _native.chain_id(genesis):
        found.append(("VFY_CHAIN", "the document is of another chain"))
    try:
        header = _native.ReceiptVerifier(genesis).verify_header(stated.certified)
    except ValueError as error:
        return [*found, ("VFY_CERTIFICATE", str(error))]
    place = (stated.height, stated.block_time_us, stated.state_root)
    if (header["height"], header["time_us"], header["state_root"]) != place:
        found.append(("VFY_CERTIFICATE", "another block, time or state root was certified"))
    try:
        row = _native.prove_row(stated.proof, header["state_root"], stated.compartment)
    except ValueError as error:
        return [*found, ("VFY_HOLDING", f"the row is not in the certified state: {error}")]
    if row != (stated.key, stated.row):
        found.append(("VFY_HOLDING", "the proof is of another row"))
    return found


def _meaning(stated: _Stated) -> list[Finding]:
    """The artefact reads the row as the document states it."""
    try:
        reader = TableReader(stated.number, stated.artefact, stated.table)
        row = reader.row(stated.key, stated.row)
        held_in = reader.compartment(row)
    except _UNREADABLE_ROW as error:
        return [("VFY_HOLDING", f"the row is not of that table: {error}")]
    if plain(row) != stated.fields or held_in != stated.compartment:
        return [("VFY_HOLDING", "the row does not say what the document states")]
    return []
