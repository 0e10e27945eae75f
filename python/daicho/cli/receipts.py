"""Receipts for people: results, events, details and authority in the contract's own words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daicho.config import ConfigError, load_party
from daicho.gateway.client import LedgerClient, Receipt
from daicho.identity.files import append_private

if TYPE_CHECKING:
    from daicho.authority import Lack
    from daicho.query.book import Contract

JOURNAL = "sent.jsonl"


@dataclass(frozen=True)
class Sent:
    """A call as the party's own journal remembers it."""

    contract: str
    entry: str
    cosigners: tuple[str, ...] = ()


def remember(client: LedgerClient, receipt: Receipt, sent: Sent) -> None:
    """A line in the party's own journal, so that `tx get` knows what it decodes."""
    row = {"tx_id": receipt["tx_id"].hex(), "contract": sent.contract, "entry": sent.entry}
    if sent.cosigners:
        row["cosigners"] = list(sent.cosigners)
    append_private(client.party.home / JOURNAL, json.dumps(row))


def journal(home: Path) -> dict[str, Sent]:
    """What a party has sent from its folder, by transaction id in hex."""
    path = home / JOURNAL
    rows = map(json.loads, path.read_text().splitlines() if path.exists() else [])
    return {
        row["tx_id"]: Sent(row["contract"], row["entry"], tuple(row.get("cosigners", ())))
        for row in rows
    }


def shown(
    receipt: Receipt,
    contract: Contract,
    sent: Sent,
    client: LedgerClient,
    arguments: bytes | None = None,
) -> dict[str, Any]:
    """A receipt with what is in it decoded by the contract's ABI.

    `arguments` are those of the call, where they are at hand.
    """
    found = dict(receipt)
    if receipt.get("status") == "ok" and "result" in receipt:
        found["result"] = contract.abi.decode_result(sent.entry, receipt["result"])
    if receipt.get("status") == "failed":
        found |= _failure(receipt, contract, sent, client, arguments)
    found["events"] = [_event(event, contract) for event in receipt.get("events", [])]
    return found


def _event(event: dict[str, Any], contract: Contract) -> dict[str, Any]:
    if event["contract"] != contract.number:
        return event
    name, fields = contract.abi.decode_event(event["kind"], event["data"])
    return {"contract": contract.name, "event": name, **fields}


def _failure(
    receipt: Receipt,
    contract: Contract,
    sent: Sent,
    client: LedgerClient,
    arguments: bytes | None,
) -> dict[str, Any]:
    """`details` of the contract's own codes, `authority` of ROLE and AUTHORITY."""
    from daicho.compiler import AbiError

    code, result = receipt.get("code"), bytes(receipt.get("result") or b"")
    lack = _lack(str(code), result, contract, sent, client, arguments)
    if lack is not None:
        return {"authority": {"required": list(lack.required), "given": list(lack.given)}}
    own = [number for number, name in contract.abi.errors.items() if name == code]
    if not own:
        return {}
    try:
        return {"details": contract.abi.decode_details(own[0], result)}
    except AbiError:
        # A contract that was called failed under the same name: its details are not ours.
        return {}


def _lack(
    code: str,
    result: bytes,
    contract: Contract,
    sent: Sent,
    client: LedgerClient,
    arguments: bytes | None,
) -> Lack | None:
    from daicho.authority import lack_of_role, lack_of_signature

    if code == "ROLE":
        return lack_of_role(result)
    if code != "AUTHORITY":
        return None
    asked: list[tuple[str, bytes]] = []
    if arguments is not None:
        values = contract.abi.decode_arguments(sent.entry, arguments)
        for parameter in contract.abi.signature(sent.entry).signed_by:
            value = values[parameter]
            assert isinstance(value, bytes)
            asked.append((parameter, value))
    signers = [client.party.file.name, *sent.cosigners]
    return lack_of_signature(result, asked, signers, _name_of(result, client.party.home))


def _name_of(party: bytes, home: Path) -> str:
    """The name of a party whose folder stands beside `home`; empty when none does."""
    for folder in _beside(home):
        try:
            if load_party(folder / "party.toml").party == party:
                return folder.name
        except ConfigError:
            continue
    return ""


def _beside(home: Path) -> Sequence[Path]:
    return sorted(path.parent for path in home.parent.glob("*/party.toml"))
