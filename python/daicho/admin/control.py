"""Changes of the control state: clear commands with k-of-n approvals."""

from __future__ import annotations

import time
from pathlib import Path

from blake3 import blake3

from daicho import _native
from daicho.config import ConfigError
from daicho.gateway.client import LedgerClient, Receipt
from daicho.gateway.errors import RefusedError
from daicho.gateway.party import Party

_PUBLIC = bytes(17)
_CODE_TABLE = bytes(4) + (3).to_bytes(2, "big")
"""Contract 0, table 3: the code that runs of each contract (docs/bytecode.md, §13)."""
_POLL_S = 0.05


def approvers_beside(sender: Party, names: tuple[str, ...] | None = None) -> list[Party]:
    """Other approvers whose folders stand beside the sender's, as many as are needed.

    On a network whose parties keep their own keys this finds too few; then the
    approvals are collected one by one and handed over.
    """
    genesis = sender.genesis.file
    wanted = genesis.approvals_needed - 1
    chosen = names if names is not None else _others(genesis.approvers, sender.file.name)[:wanted]
    homes = [sender.home.parent / name for name in chosen]
    missing = [home.name for home in homes if not (home / "party.toml").is_file()]
    if missing:
        raise ConfigError.one("CFG_REFERENCE", "--approve", f"no party folder {missing[0]!r}")
    return [Party.open(home) for home in homes]


def _others(approvers: list[str], sender: str) -> tuple[str, ...]:
    return tuple(name for name in approvers if name != sender)


def admit(client: LedgerClient, party: Party, approvers: list[Party]) -> Receipt:
    """Admit a party, or replace its record."""
    return client.submit_control(_native.command_admit(party.record()), approvers=approvers)


def revoke(client: LedgerClient, alias: bytes, approvers: list[Party]) -> Receipt:
    """Take an alias off from the next height on."""
    return client.submit_control(_native.command_revoke(alias), approvers=approvers)


def deploy(
    client: LedgerClient, number: int, name: str, artefact: bytes, approvers: list[Party]
) -> Receipt:
    """Deploy a contract under the number it gets, or has, and see that it runs.

    The ledger keeps any artefact and runs what its executors accept: bytecode that
    verifies, that changes the meaning of no id, and whose migration succeeds. Where
    they do not, the receipt says so: `failed`, BAD_ARTEFACT.
    """
    command = _native.command_deploy(number, name, artefact)
    receipt = client.submit_control(command, approvers=approvers)
    if receipt["status"] == "ok" and not _runs(client, number, artefact, receipt["height"]):
        return {**receipt, "status": "failed", "code": "BAD_ARTEFACT"}
    return receipt


def _runs(client: LedgerClient, number: int, artefact: bytes, height: int) -> bool:
    """Whether the certified state after `height` names this code as the one that runs."""
    deadline = time.monotonic() + client.timeout_s
    key = _CODE_TABLE + number.to_bytes(4, "big")
    while True:
        try:
            found = client.row(_PUBLIC, key, at=("height", height))
        except RefusedError as refusal:
            if refusal.retry and time.monotonic() < deadline:
                time.sleep(_POLL_S)
                continue
            if refusal.code == "ACCESS":
                return False
            raise
        return found.row.endswith(blake3(artefact).digest())


def steer_time(client: LedgerClient, time_us: int, approvers: list[Party]) -> Receipt:
    """Move the steered clock; refused where time is the system's."""
    return client.submit_control(_native.command_steer_time(time_us), approvers=approvers)


def network_of(party_home: Path) -> Path:
    """The network's folder of a party's."""
    return party_home.parent.parent
