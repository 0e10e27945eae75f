"""Evidence that verifies offline: blocks and results with their certificates.

An export is one JSON object: `format`, `version`, `chain_id`, `tx_id`, and the
encoded blocks and results in hex. Nothing in it is believed: every block and
result is checked against the genesis that the auditor brings. A holding
certificate (`holding.py`) is checked against the authority's root as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509

from daicho import _native
from daicho.config import ConfigError, load_genesis
from daicho.query.errors import DamagedFileError

EVIDENCE_FORMAT = "daicho-evidence"
EVIDENCE_VERSION = 1
HOLDING_FORMAT = "daicho-holding"
HOLDING_VERSION = 1
KNOWN = [(EVIDENCE_FORMAT, EVIDENCE_VERSION), (HOLDING_FORMAT, HOLDING_VERSION)]
EVIDENCE_BYTES_MAX = 1 << 28

Parsed = TypeVar("Parsed")


def verify_evidence(
    file: Path, genesis: Path, ca: Path | None = None, crl: Path | None = None
) -> dict[str, Any]:
    """Check an export; `ok` and `errors[{code,file,offset,height}]`.

    A holding certificate needs `ca`, the authority's root certificate; `crl`,
    its revocation list, is held against the certificate where it is given.
    DamagedFileError when the file is not what it says it is.
    """
    encoded = _genesis(genesis)
    evidence = _evidence(file)
    audit = _Audit(file.name, encoded)
    if evidence["format"] != EVIDENCE_FORMAT:
        return _holding(audit, evidence, encoded, ca, crl)
    if evidence.get("chain_id") != _native.chain_id(encoded).hex():
        audit.error("VFY_CHAIN", 0, None, "the export is of another chain")
    blocks = [audit.block(place, text) for place, text in enumerate(_texts(evidence, "blocks"))]
    results = [audit.result(place, text) for place, text in enumerate(_texts(evidence, "results"))]
    good = {block["height"]: block for block in blocks if block}
    for result in results:
        block = good.get(result["height"]) if result else None
        if result and block and result["block"] != block["digest"]:
            audit.error("VFY_RESULT", 0, result["height"], "the result is of another block")
    if not blocks:
        audit.error("VFY_FORM", 0, None, "the export holds no block")
    found = _transaction(audit, evidence, good)
    return {
        "ok": not audit.errors,
        "errors": audit.errors,
        "blocks": [{"height": height, "digest": good[height]["digest"]} for height in sorted(good)],
        "final_heights": sorted({result["height"] for result in results if result} & set(good)),
        "transaction": found,
    }


def _holding(
    audit: _Audit, document: dict[str, Any], genesis: bytes, ca: Path | None, crl: Path | None
) -> dict[str, Any]:
    """Check a holding certificate; its content only when nothing of it is false."""
    from daicho.query.holding import findings, shown

    if ca is None:
        raise ConfigError.one(
            "CFG_USAGE", "--ca", "a holding certificate is checked against the authority's root"
        )
    root = _pem(ca, "--ca", x509.load_pem_x509_certificate)
    revoked = None if crl is None else _pem(crl, "--crl", x509.load_pem_x509_crl)
    for code, words in findings(document, genesis, root, revoked):
        audit.error(code, 0, document["height"], words)
    holding = None if audit.errors else shown(document)
    return {"ok": not audit.errors, "errors": audit.errors, "holding": holding}


def _pem(path: Path, key: str, load: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise ConfigError.one("CFG_FILE", key, str(error)) from error
    except ValueError as error:
        raise ConfigError.one("CFG_CERT_FORM", key, f"{path}: {error}") from error


class _Audit:
    """Collects what is wrong."""

    def __init__(self, file: str, genesis: bytes) -> None:
        self.file = file
        self.errors: list[dict[str, Any]] = []
        self._verifier = _native.ReceiptVerifier(genesis)

    def error(self, code: str, offset: int, height: int | None, message: str) -> None:
        self.errors.append(
            {
                "code": code,
                "file": self.file,
                "offset": offset,
                "height": height,
                "message": message,
            }
        )

    def block(self, place: int, text: str) -> dict[str, Any] | None:
        try:
            return self._verifier.verify_block(bytes.fromhex(text))
        except ValueError as error:
            self.error("VFY_BLOCK", place, None, str(error))
            return None

    def result(self, place: int, text: str) -> dict[str, Any] | None:
        try:
            return self._verifier.verify_result(bytes.fromhex(text))
        except ValueError as error:
            self.error("VFY_RESULT", place, None, str(error))
            return None


def _transaction(
    audit: _Audit, evidence: dict[str, Any], blocks: dict[int, dict[str, Any]]
) -> dict[str, Any] | None:
    """Where the transaction stands that the export is about, if it names one."""
    wanted = evidence.get("tx_id")
    if wanted is None:
        return None
    for height, block in blocks.items():
        ids = [_native.item_ids(item)[0].hex() for item in block["items"]]
        if wanted in ids:
            return {"tx_id": wanted, "height": height, "index": ids.index(wanted)}
    audit.error("VFY_RECEIPT", 0, None, "no block of the export carries the transaction")
    return None


def _genesis(path: Path) -> bytes:
    """Canonical bytes, from either form of the genesis."""
    if path.suffix == ".toml":
        return load_genesis(path).encoded
    try:
        encoded = path.read_bytes()
        _native.genesis_check(encoded)
    except OSError as error:
        raise ConfigError.one("CFG_FILE", "--genesis", str(error)) from error
    except ValueError as error:
        raise ConfigError.one("CFG_GENESIS_RULE", "--genesis", str(error)) from error
    return encoded


def _evidence(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > EVIDENCE_BYTES_MAX:
            raise ConfigError.one("CFG_RANGE", "FILE", f"{path} is larger than an export may be")
        evidence = json.loads(path.read_bytes(), object_pairs_hook=_once)
    except OSError as error:
        raise ConfigError.one("CFG_FILE", "FILE", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError.one("VFY_FORM", "FILE", f"no JSON: {error}") from error
    if not isinstance(evidence, dict) or not {"format", "version"} <= evidence.keys():
        raise ConfigError.one("VFY_FORM", "FILE", f"{path} is no export")
    if (evidence["format"], evidence["version"]) not in KNOWN:
        raise DamagedFileError("the file is of no format and version that is known here")
    return evidence


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a name that stands twice reads one way here and another way there."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _texts(evidence: dict[str, Any], key: str) -> list[str]:
    rows = evidence.get(key)
    return [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
