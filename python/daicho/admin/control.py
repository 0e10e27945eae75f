"""Changes of the control state: clear commands with k-of-n approvals."""

from __future__ import annotations

from pathlib import Path

from daicho import _native
from daicho.config import ConfigError
from daicho.gateway.client import LedgerClient, Receipt
from daicho.gateway.party import Party


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
    """Deploy a contract under the number it gets, or has."""
    command = _native.command_deploy(number, name, artefact)
    return client.submit_control(command, approvers=approvers)


def steer_time(client: LedgerClient, time_us: int, approvers: list[Party]) -> Receipt:
    """Move the steered clock; refused where time is the system's."""
    return client.submit_control(_native.command_steer_time(time_us), approvers=approvers)


def network_of(party_home: Path) -> Path:
    """The network's folder of a party's."""
    return party_home.parent.parent
