"""The network that the day is played on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from daicho.admin.network import Network
from daicho.admin.plan import NetworkPlan, Profile
from daicho.admin.temporary import Note, temporary_network

__all__ = ["Note", "market", "plan_of"]

IDLE_BLOCK_US = 250_000
"""Time passes on the ledger only in blocks: a quiet market still has four a second."""


def plan_of(profile: Profile) -> NetworkPlan:
    """Who takes part. Genesis knows those who run a node; all others are admitted."""
    return NetworkPlan(profile=profile, admit_clients=False, idle_block_us=IDLE_BLOCK_US)


def market(
    profile: Profile, folder: Path | None, keep: bool, note: Note
) -> AbstractContextManager[Network]:
    """The day's network, from its founding to its end, or kept when that is asked for."""
    return temporary_network(plan_of(profile), note, name="demo", folder=folder, keep=keep)
