"""Evidence that verifies offline: blocks and results with their certificates.

An export is one JSON object: `format`, `version`, `chain_id`, `tx_id`, and the
encoded blocks and results in hex. Nothing in it is believed: every block and
result is checked against the genesis that the auditor brings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daicho import _native
from daicho.config import ConfigError, load_genesis

EVIDENCE_FORMAT = "daicho-evidence"
EVIDENCE_VERSION = 1
EVIDENCE_BYTES_MAX = 1 << 28


def verify_evidence(file: Path, genesis: Path) -> dict[str, Any]:
    """Check an export; `ok` and `errors[{code,file,offset,height}]`."""
    encoded = _genesis(genesis)
    evidence = _evidence(file)
    audit = _Audit(file.name, encoded)
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
        evidence = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError.one("CFG_FILE", "FILE", str(error)) from error
    except ValueError as error:
        raise ConfigError.one("VFY_FORM", "FILE", f"no JSON: {error}") from error
    known = isinstance(evidence, dict) and evidence.get("format") == EVIDENCE_FORMAT
    if not known or evidence.get("version") != EVIDENCE_VERSION:
        raise ConfigError.one("VFY_FORM", "FILE", f"{path} is no export of version 1")
    return dict(evidence)


def _texts(evidence: dict[str, Any], key: str) -> list[str]:
    rows = evidence.get(key)
    return [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else []
