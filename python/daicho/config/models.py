"""The fields of the configuration files, with their bounds.

Times carry their unit in the name. Keys and identifiers are lower-case hex.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"


def _hex(count: int) -> BeforeValidator:
    def convert(value: object) -> object:
        if isinstance(value, bytes) and len(value) == count:
            return value
        if not isinstance(value, str):
            raise ValueError(f"write {2 * count} hex digits in quotes")
        if re.fullmatch(f"[0-9a-f]{{{2 * count}}}", value) is None:
            raise ValueError(f"write {2 * count} lower-case hex digits")
        return bytes.fromhex(value)

    return BeforeValidator(convert)


def _address(value: object) -> object:
    try:
        ipaddress.IPv4Address(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("write an IPv4 address in quotes") from None
    return value


Hex16 = Annotated[bytes, _hex(16)]
Hex32 = Annotated[bytes, _hex(32)]
Hex80 = Annotated[bytes, _hex(80)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Address = Annotated[str, BeforeValidator(_address)]
U16 = Annotated[int, Field(ge=0, le=2**16 - 1)]
U32 = Annotated[int, Field(ge=0, le=2**32 - 1)]
Microseconds = Annotated[int, Field(ge=0, le=2**53 - 1)]
PositiveMicroseconds = Annotated[int, Field(ge=1, le=2**53 - 1)]


class Strict(BaseModel):
    """No unknown key, no conversion of types, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NetworkNode(Strict):
    """Where one node listens.

    The gateway has the first port; the mesh has a port for every peer and link
    from the tenth after it (`daicho.host.sockets`).
    """

    name: Name
    replica: U16
    address: Address
    first_port: Annotated[int, Field(ge=1_024, le=65_000)]

    @property
    def gateway(self) -> str:
        """Where clients dial."""
        return f"tcp://{self.address}:{self.first_port}"


class NetworkFile(Strict):
    """`network.toml`: where the nodes of a network are."""

    version: Literal[1]
    name: Name
    profile: Literal["seed", "blind"]
    chain_id: Hex32
    nodes: Annotated[list[NetworkNode], Field(min_length=4, max_length=64)]

    def node(self, name: str) -> NetworkNode | None:
        """The node of that name."""
        return next((node for node in self.nodes if node.name == name), None)


class NodeExecutor(Strict):
    """The executor's process."""

    home: str = "executor"


class NodeFile(Strict):
    """`node.toml`: one node's own settings."""

    version: Literal[1]
    name: Name
    replica: U16
    chain_id: Hex32
    network: str
    genesis: str
    unlock: str
    executor: NodeExecutor | None = None
    clock_offset_ms: Annotated[int, Field(ge=-86_400_000, le=86_400_000)] = 0
    """How wrong this node's wall clock is made; a production chain refuses it."""


class PartyFile(Strict):
    """`party.toml`: who a client is and whose gateway it uses."""

    version: Literal[1]
    name: Name
    organisation: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    lei: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}[0-9]{2}$")]
    party: Hex16
    alias: Hex16
    roles: list[str]
    read_only: bool
    gateway: Name
    network: str
    genesis: str


class GenesisExecutor(Strict):
    """The executor of a node."""

    result_key: Hex32
    hpke_key: Hex32
    wrapped_secret: Hex80


class GenesisNode(Strict):
    """A node; its place in the list is its replica number."""

    name: Name
    party: Hex16
    vote_key: Hex32
    curve_key: Hex32
    validates: bool
    leader_eligible: bool
    executor: GenesisExecutor | None = None


class GenesisParty(Strict):
    """A party admitted from the start. `name` is for people and not hashed."""

    name: Name
    alias: Hex16
    party: Hex16
    key: Hex32
    roles: list[str]
    read_only: bool
    curve_key: Hex32
    certificate: Hex32


class Parameters(Strict):
    """Rules of ordering and execution."""

    leader_policy: Literal["sticky", "round_robin"] = "sticky"
    window_heights: Annotated[int, Field(ge=1, le=1_024)] = 8
    checkpoint_heights: Annotated[int, Field(ge=1, le=10_000)] = 64
    result_window_heights: Annotated[int, Field(ge=1, le=1_024)] = 64
    block_items_max: Annotated[int, Field(ge=1, le=4_096)] = 1_024
    block_bytes_max: U32 = 4 * 1024 * 1024
    block_interval_us: Microseconds = 20_000
    idle_block_us: Microseconds = 0
    time_bound_us: PositiveMicroseconds = 3_000_000
    time_bound_max_us: PositiveMicroseconds = 60_000_000
    view_timeout_us: PositiveMicroseconds = 1_500_000
    view_timeout_max_us: PositiveMicroseconds = 30_000_000


class GenesisFile(Strict):
    """`genesis.toml`: the first page of the ledger."""

    version: Literal[1]
    name: Name
    purpose: Literal["test", "production"]
    clock: Literal["system", "steered"]
    time_us: PositiveMicroseconds
    approvals_needed: Annotated[int, Field(ge=1, le=64)]
    approvers: Annotated[list[Name], Field(min_length=1, max_length=64)]
    epoch_key: Hex32
    parameters: Parameters
    nodes: Annotated[list[GenesisNode], Field(min_length=4, max_length=64)]
    parties: Annotated[list[GenesisParty], Field(min_length=1, max_length=1_024)]
