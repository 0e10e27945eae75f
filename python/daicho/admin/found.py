"""Founds a network: authority, identities, parties, genesis, one folder each.

    DIR/network.toml  DIR/genesis.toml  DIR/ca/  DIR/nodes/ID/  DIR/parties/ID/

Everything is written into a folder beside DIR and renamed at the end: a
network is there whole or not at all. The secret of epoch 0 exists in memory
only while this runs; what is written is its wrapping for each executor.
"""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from daicho import _native
from daicho.admin.plan import (
    FIRST_PORT,
    PORTS_PER_NODE,
    NetworkPlan,
    NodePlan,
    PartyPlan,
    random_test_lei,
)
from daicho.config import ConfigError, Genesis, load_genesis, load_network
from daicho.config.models import (
    GenesisExecutor,
    GenesisFile,
    GenesisNode,
    GenesisParty,
    NetworkFile,
    NetworkNode,
    NodeExecutor,
    NodeFile,
    Parameters,
    PartyFile,
)
from daicho.config.write import TomlWriter
from daicho.identity import Authority, Credentials, role_mask
from daicho.identity.files import (
    Unlock,
    make_private_folder,
    synced_together,
    write_public,
    write_secret,
)

FRESH_MARK = "fresh"
"""The node has never run: it can have no vote to forget (`daicho.host`)."""

_NODE_FOLDERS = ("log", "results", "evidence", "logs", "run")


@dataclass(frozen=True)
class _Entity:
    """A legal entity: its random party id and its LEI."""

    party: bytes
    lei: str


@dataclass(frozen=True)
class _ExecutorSeeds:
    """What an executor's key file is made of."""

    result: bytes
    seal: bytes
    store: bytes


def found_network(folder: Path, plan: NetworkPlan) -> Genesis:
    """Write the network that `plan` describes into `folder`; it must not exist."""
    plan.check()
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError.one("CFG_EXISTS", "DIR", f"{folder} is there and not empty")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        with synced_together(partial):
            genesis = _Founder(partial, plan, folder.name).run()
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return genesis


class _Founder:
    """One founding: draws, writes, forgets."""

    def __init__(self, folder: Path, plan: NetworkPlan, name: str) -> None:
        self.folder = folder
        self.plan = plan
        self.name = "".join(c if c.isalnum() else "-" for c in name).strip("-") or "network"
        self.name = self.name if self.name[0].isalpha() else f"net-{self.name}"
        self.epoch_secret = secrets.token_bytes(32)
        self.entities: dict[str, _Entity] = {}

    def run(self) -> Genesis:
        make_private_folder(self.folder)
        authority = Authority.create(self.folder / "ca", self.name)
        make_private_folder(self.folder / "nodes")
        make_private_folder(self.folder / "parties")
        nodes = [self._found_node(authority, node) for node in self.plan.nodes()]
        parties = [self._found_party(authority, party) for party in self.plan.parties()]
        genesis = self._write_genesis(nodes, parties)
        self._write_network(genesis)
        for replica, node in enumerate(self.plan.nodes()):
            self._write_node_file(node, replica, genesis)
        return genesis

    def _entity(self, name: str) -> _Entity:
        drawn = _Entity(secrets.token_bytes(16), random_test_lei())
        return self.entities.setdefault(name, drawn)

    def _found_node(self, authority: Authority, node: NodePlan) -> GenesisNode:
        home = make_private_folder(self.folder / "nodes" / node.name)
        for name in _NODE_FOLDERS:
            make_private_folder(home / name)
        write_public(home / "fresh", b"This node has never run.\n")
        entity = self._entity(node.name)
        credentials = Credentials.create(
            home / "identity",
            authority,
            name=node.name,
            organisation=node.name,
            lei=entity.lei,
            party=entity.party,
            node=node.name,
        )
        return GenesisNode(
            name=node.name,
            party=entity.party,
            vote_key=credentials.certificate.public_key,
            curve_key=credentials.curve_public,
            validates=node.validates,
            leader_eligible=node.leads,
            executor=self._found_executor(home / "executor") if node.executes else None,
        )

    def _found_executor(self, home: Path) -> GenesisExecutor:
        make_private_folder(home)
        unlock = Unlock.create(home / "unlock")
        seeds = _ExecutorSeeds(*(secrets.token_bytes(32) for _ in range(3)))
        sealed = _native.executor_keys_seal(
            seeds.result, seeds.seal, seeds.store, unlock.passphrase, secrets.token_bytes(32)
        )
        write_secret(home / "keys.bin", sealed)
        hpke_key = _native.seal_public_key(seeds.seal)
        return GenesisExecutor(
            result_key=_native.public_key(seeds.result),
            hpke_key=hpke_key,
            wrapped_secret=_native.wrap_epoch_secret(
                hpke_key, 0, self.epoch_secret, secrets.token_bytes(32)
            ),
        )

    def _found_party(self, authority: Authority, party: PartyPlan) -> GenesisParty:
        entity = self._entity(party.entity)
        home = self.folder / "parties" / party.name
        return _found_party(home, authority, party, entity)

    def _write_genesis(self, nodes: list[GenesisNode], parties: list[GenesisParty]) -> Genesis:
        operators = {node.name for node in self.plan.nodes()}
        approvers = [node.name for node in nodes if node.validates]
        file = GenesisFile(
            version=1,
            name=self.name,
            purpose=self.plan.purpose,
            clock=self.plan.clock,
            time_us=time.time_ns() // 1_000,
            approvals_needed=self.plan.approvals,
            approvers=approvers,
            epoch_key=_native.epoch_public_key(self.epoch_secret, 0),
            parameters=Parameters(
                leader_policy=self.plan.leader, idle_block_us=self.plan.idle_block_us
            ),
            nodes=nodes,
            parties=[p for p in parties if self.plan.admit_clients or p.name in operators],
        )
        path = self.folder / "genesis.toml"
        write_public(path, genesis_toml(file))
        return load_genesis(path)

    def _write_network(self, genesis: Genesis) -> None:
        nodes = [
            NetworkNode(
                name=node.name,
                replica=replica,
                address=self.plan.host,
                first_port=FIRST_PORT + PORTS_PER_NODE * replica,
            )
            for replica, node in enumerate(self.plan.nodes())
        ]
        file = NetworkFile(
            version=1,
            name=self.name,
            profile=self.plan.profile,
            chain_id=genesis.chain_id,
            nodes=nodes,
        )
        write_public(self.folder / "network.toml", network_toml(file))

    def _write_node_file(self, node: NodePlan, replica: int, genesis: Genesis) -> None:
        home = self.folder / "nodes" / node.name
        write_public(home / "genesis.bin", genesis.encoded)
        write_public(home / FRESH_MARK, b"")
        file = NodeFile(
            version=1,
            name=node.name,
            replica=replica,
            chain_id=genesis.chain_id,
            network="../../network.toml",
            genesis="genesis.bin",
            unlock="identity/unlock",
            executor=NodeExecutor() if node.executes else None,
        )
        write_public(home / "node.toml", node_toml(file))


def enrol_party(network: Path, party: PartyPlan, lei: str) -> Path:
    """Found a party in a network that runs; it is admitted by a control transaction.

    Its folder, with a certificate of the network's authority and a party id of
    its own.
    """
    role_mask(party.roles)
    home = network / "parties" / party.name
    if home.exists():
        raise ConfigError.one("CFG_EXISTS", party.name, f"{home} is there already")
    if load_network(network / "network.toml").node(party.gateway) is None:
        raise ConfigError.one("CFG_REFERENCE", "--gateway", f"no node {party.gateway!r}")
    authority = Authority.open(network / "ca")
    _found_party(home, authority, party, _Entity(secrets.token_bytes(16), lei))
    return home


def _found_party(
    home: Path, authority: Authority, party: PartyPlan, entity: _Entity
) -> GenesisParty:
    credentials = Credentials.create(
        home,
        authority,
        name=party.name,
        organisation=party.organisation,
        lei=entity.lei,
        party=entity.party,
    )
    alias = credentials.certificate.holder.alias
    assert alias is not None, "a party's certificate carries an alias"
    file = PartyFile(
        version=1,
        name=party.name,
        organisation=party.organisation,
        lei=entity.lei,
        party=entity.party,
        alias=alias,
        roles=list(party.roles),
        read_only=party.read_only,
        gateway=party.gateway,
        network="../../network.toml",
        genesis="../../genesis.toml",
    )
    write_party_file(home, file)
    return genesis_party(file, credentials)


def genesis_party(file: PartyFile, credentials: Credentials) -> GenesisParty:
    """A party as genesis, or an admission, states it."""
    return GenesisParty(
        name=file.name,
        alias=file.alias,
        party=file.party,
        key=credentials.certificate.public_key,
        roles=file.roles,
        read_only=file.read_only,
        curve_key=credentials.curve_public,
        certificate=credentials.certificate.digest,
    )


def write_party_file(home: Path, file: PartyFile) -> None:
    """Write `party.toml`."""
    writer = TomlWriter("A party: who it is, and whose gateway it uses.")
    writer.pairs(
        {key: getattr(file, key) for key in PartyFile.model_fields},
        {
            "party": "the legal entity on the ledger",
            "alias": "the name it signs under",
            "gateway": "a node of network.toml",
        },
    )
    write_public(home / "party.toml", writer.render())


def genesis_toml(file: GenesisFile) -> bytes:
    """`genesis.toml`."""
    writer = TomlWriter(
        "The first page of the ledger. The chain id is the digest of its canonical\n"
        "encoding: a node with another genesis cannot be talked to."
    )
    plain = ("version", "name", "purpose", "clock", "time_us", "approvals_needed", "approvers")
    writer.pairs(
        {key: getattr(file, key) for key in plain},
        {
            "purpose": "test or production",
            "clock": "system or steered; production refuses steered",
            "time_us": "block 1 is later than this",
            "approvals_needed": "of the approvers, to change the control state",
        },
    )
    writer.pair("epoch_key", file.epoch_key, "envelopes of epoch 0 are sealed to it")
    writer.record("parameters", file.parameters)
    for node in file.nodes:
        writer.record("nodes", node, array=True)
    for party in file.parties:
        writer.record("parties", party, array=True)
    return writer.render()


def network_toml(file: NetworkFile) -> bytes:
    """`network.toml`."""
    writer = TomlWriter(
        "Where the nodes listen. The first port is the gateway's; the mesh has two\n"
        "ports for every peer from the tenth after it."
    )
    plain = ("version", "name", "profile", "chain_id")
    writer.pairs({key: getattr(file, key) for key in plain})
    for node in file.nodes:
        writer.record("nodes", node, array=True)
    return writer.render()


def node_toml(file: NodeFile) -> bytes:
    """`node.toml`."""
    writer = TomlWriter("One node. Paths are relative to this folder.")
    plain = ("version", "name", "replica", "chain_id", "network", "genesis", "unlock")
    writer.pairs(
        {key: getattr(file, key) for key in plain},
        {"unlock": "opens the keys in identity/; mode 0600"},
    )
    if file.executor is not None:
        writer.record("executor", file.executor)
    return writer.render()
