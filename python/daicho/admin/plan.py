"""Who is in a new network, before anything is written."""

from __future__ import annotations

import ipaddress
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from daicho.config import ConfigError, Problem
from daicho.identity.lei import lei_with_check_digits

NODES_MAX = 64
VALIDATORS_MIN = 4
FIRST_PORT = 7_000
PORTS_PER_NODE = 200
"""The gateway's port, and from the tenth on two for each of 64 peers."""

Profile = Literal["seed", "blind"]
LeaderPolicy = Literal["sticky", "round_robin"]
_TEST_LEI_PREFIX = "999900"


@dataclass(frozen=True)
class NodePlan:
    """A node to be founded."""

    name: str
    role: str
    validates: bool
    executes: bool
    leads: bool


@dataclass(frozen=True)
class PartyPlan:
    """A party to be founded. `entity` names the one it shares a party id with."""

    name: str
    organisation: str
    roles: tuple[str, ...]
    read_only: bool
    gateway: str
    entity: str


@dataclass(frozen=True)
class NetworkPlan:
    """What `net init` is asked for."""

    profile: Profile = "seed"
    validators: int | None = None
    members: int = 0
    readers: int = 1
    executors: int | None = None
    leader: LeaderPolicy = "sticky"
    approvals: int = 2
    host: str = field(default_factory=lambda: random_loopback())
    clock: Literal["system", "steered"] = "system"
    purpose: Literal["test", "production"] = "test"
    admit_clients: bool = True
    """Whether genesis admits the clients too, or only who runs a node."""
    idle_block_us: int = 0
    """After how long without a transaction the leader owes an empty block; 0: never."""

    def check(self) -> None:
        """Raise ConfigError with everything that does not fit together."""
        problems = list(self._problems())
        if problems:
            raise ConfigError(problems)

    def _problems(self) -> Iterator[Problem]:
        count, executors = self._validators(), self._executors()
        institutions = len(_INSTITUTIONS[self.profile])
        if count < max(VALIDATORS_MIN, institutions + 1):
            least = max(VALIDATORS_MIN, institutions + 1)
            yield Problem("CFG_RANGE", "--validators", f"{count} are too few: at least {least}")
        if self.members < 0 or self.readers < 0 or self.nodes_wanted() > NODES_MAX:
            yield Problem("CFG_RANGE", "--validators", f"at most {NODES_MAX} nodes in all")
        most = count if self.profile == "seed" else institutions
        if not 1 <= executors <= most:
            yield Problem("CFG_RANGE", "--executors", f"between 1 and {most}")
        if not 1 <= self.approvals <= count:
            yield Problem("CFG_RANGE", "--approvals", f"between 1 and {count}")
        if self.purpose == "production" and self.clock == "steered":
            yield Problem(
                "CFG_STEERED_PRODUCTION", "--clock", "production takes time from the system clock"
            )
        yield from _host_problems(self.host)

    def _validators(self) -> int:
        default = VALIDATORS_MIN if self.profile == "seed" else 7
        return default if self.validators is None else self.validators

    def _executors(self) -> int:
        default = self._validators() if self.profile == "seed" else 3
        return default if self.executors is None else self.executors

    def nodes_wanted(self) -> int:
        """How many nodes the network gets."""
        return self._validators() + self.members + self.readers

    def nodes(self) -> list[NodePlan]:
        """The nodes, in the order of their replica numbers.

        Blind: the institutions come first, execute, and may not lead; the banks
        order what they cannot read.
        """
        institutions = _INSTITUTIONS[self.profile]
        banks = [f"bank{bank_letters(n)}" for n in range(self._validators() - len(institutions))]
        names = [*institutions, *banks]
        blind = self.profile == "blind"
        voting = [
            NodePlan(
                name,
                _ROLE_OF_INSTITUTION.get(name, "member"),
                validates=True,
                executes=place < self._executors(),
                leads=not (blind and name in institutions),
            )
            for place, name in enumerate(names)
        ]
        first = len(banks)
        members = [
            NodePlan(f"bank{bank_letters(first + n)}", "member", False, False, False)
            for n in range(self.members)
        ]
        readers = [
            NodePlan(f"reader{n + 1}", "reader", False, False, False) for n in range(self.readers)
        ]
        return [*voting, *members, *readers]

    def parties(self) -> list[PartyPlan]:
        """Who runs each node, and then the clients."""
        nodes = self.nodes()
        operators = [
            PartyPlan(
                node.name,
                _ORGANISATION.get(node.name, node.name),
                (node.role,),
                read_only=node.role == "reader",
                gateway=node.name,
                entity=node.name,
            )
            for node in nodes
        ]
        reader = next((node.name for node in nodes if node.role == "reader"), "exchange")
        return [*operators, *_clients(reader)]


_INSTITUTIONS: dict[str, tuple[str, ...]] = {
    "seed": ("exchange",),
    "blind": ("exchange", "ccp", "csd"),
}
_ROLE_OF_INSTITUTION = {
    "exchange": "administrator",
    "ccp": "clearing_house",
    "csd": "administrator",
}
_ORGANISATION = {
    "exchange": "The Exchange",
    "ccp": "The Clearing House",
    "csd": "The Depository",
}


def _clients(reader: str) -> list[PartyPlan]:
    """Parties without a node of their own.

    `adm` is the exchange's desk: the same entity under a second alias.
    """
    return [
        PartyPlan("adm", "The Exchange", ("administrator",), False, "exchange", "exchange"),
        PartyPlan("trust", "Trust Bank", ("trust_bank",), False, "exchange", "trust"),
        PartyPlan("cash", "Settlement Bank", ("settlement_bank",), False, "exchange", "cash"),
        PartyPlan("audit", "Auditor", ("auditor",), True, reader, "audit"),
        PartyPlan("issX", "Issuer X", ("issuer",), True, reader, "issX"),
        PartyPlan("issY", "Issuer Y", ("issuer",), True, reader, "issY"),
    ]


def bank_letters(number: int) -> str:
    """Letters as in a spreadsheet: A to Z, then AA, AB and so on."""
    letters = ""
    number += 1
    while number > 0:
        number, place = divmod(number - 1, 26)
        letters = string.ascii_uppercase[place] + letters
    return letters


def random_test_lei() -> str:
    """An LEI with right check digits that belongs to nobody."""
    alphabet = string.digits + string.ascii_uppercase
    return lei_with_check_digits(
        _TEST_LEI_PREFIX + "".join(secrets.choice(alphabet) for _ in range(12))
    )


def random_loopback() -> str:
    """A 127.a.b.c of its own: 127.0.x.y belongs to the machine."""
    a, b, c = (secrets.randbelow(254) + 1 for _ in range(3))
    return f"127.{a}.{b}.{c}"


def _host_problems(host: str) -> Iterator[Problem]:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        yield Problem("CFG_FORM", "--host", f"{host!r} is no IPv4 address")
