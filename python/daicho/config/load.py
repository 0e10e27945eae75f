"""Reads the files and everything they refer to."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from daicho import _native
from daicho.config.errors import ConfigError, Problem, problems_of
from daicho.config.models import (
    GenesisFile,
    NetworkFile,
    NetworkNode,
    NodeFile,
    PartyFile,
    Strict,
)
from daicho.identity.roles import ROLE_BITS, role_mask

Model = TypeVar("Model", bound=Strict)
CrossCheck = Callable[[dict[str, Any], str], Iterator[Problem]]


@dataclass(frozen=True)
class Genesis:
    """A genesis in both forms: as read, and as hashed."""

    file: GenesisFile
    encoded: bytes
    chain_id: bytes

    def replica(self, name: str) -> int:
        """The number of the node of that name; KeyError when there is none."""
        for number, node in enumerate(self.file.nodes):
            if node.name == name:
                return number
        raise KeyError(name)


@dataclass(frozen=True)
class NodeHome:
    """A node's folder with everything its files say."""

    home: Path
    node: NodeFile
    network: NetworkFile
    genesis: bytes
    address: NetworkNode

    @property
    def identity(self) -> Path:
        """Keys and certificate."""
        return self.home / "identity"

    @property
    def unlock(self) -> Path:
        """The file that opens the keys."""
        return self.home / self.node.unlock

    @property
    def executor_home(self) -> Path | None:
        """The executor's folder, if the node executes."""
        executor = self.node.executor
        return None if executor is None else self.home / executor.home

    @property
    def run(self) -> Path:
        """Process ids and the admin socket."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """The log files."""
        return self.home / "logs"


def load_network(path: Path) -> NetworkFile:
    """Read `network.toml`."""
    return _load(path, NetworkFile, _network_rules)


def load_party(path: Path) -> PartyFile:
    """Read a party's `party.toml`."""
    return _load(path, PartyFile, _party_rules)


def load_genesis(path: Path) -> Genesis:
    """Read `genesis.toml` and encode it; the chain id follows from the bytes."""
    file = _load(path, GenesisFile, _genesis_rules)
    try:
        encoded = _native.genesis_encode(genesis_document(file))
        return Genesis(file, encoded, _native.chain_id(encoded))
    except ValueError as error:
        raise ConfigError.one("CFG_GENESIS_RULE", path.name, str(error)) from error


def load_node(home: Path) -> NodeHome:
    """Read a node's folder: `node.toml`, the network, the pinned genesis."""
    node = _load(home / "node.toml", NodeFile, None)
    network = load_network(home / node.network)
    address = network.node(node.name)
    if address is None or address.replica != node.replica:
        raise ConfigError.one(
            "CFG_REFERENCE", "node.toml:name", f"{node.network} has no such node {node.name!r}"
        )
    genesis = _read(home / node.genesis)
    _check_pinned(genesis, node, network)
    if node.clock_offset_ms and _native.genesis_decode(genesis)["purpose"] == "production":
        message = 'purpose = "production" refuses a clock offset'
        raise ConfigError.one("CFG_STEERED_PRODUCTION", "node.toml:clock_offset_ms", message)
    return NodeHome(home, node, network, genesis, address)


def check_network(folder: Path) -> list[Problem]:
    """Everything that is wrong with a network's folder; empty when nothing is."""
    problems: list[Problem] = []
    network = _collect(problems, lambda: load_network(folder / "network.toml"))
    genesis = _collect(problems, lambda: load_genesis(folder / "genesis.toml"))
    for node in sorted((folder / "nodes").glob("*/node.toml")):
        _collect(problems, partial(load_node, node.parent), node.parent.name)
    for party in sorted((folder / "parties").glob("*/party.toml")):
        _collect(problems, partial(load_party, party), party.parent.name)
    if network and genesis and network.chain_id != genesis.chain_id:
        problems.append(
            Problem("CFG_CHAIN", "network.toml:chain_id", "genesis.toml has another chain id")
        )
    return ConfigError(problems).problems if problems else []


Loaded = TypeVar("Loaded")


def _collect(problems: list[Problem], load: Callable[[], Loaded], where: str = "") -> Loaded | None:
    try:
        return load()
    except ConfigError as error:
        prefix = f"{where}/" if where else ""
        problems += [Problem(p.code, prefix + p.key, p.message, p.hint) for p in error.problems]
        return None


def _check_pinned(genesis: bytes, node: NodeFile, network: NetworkFile) -> None:
    try:
        chain_id = _native.chain_id(genesis)
    except ValueError as error:
        raise ConfigError.one("CFG_GENESIS_RULE", node.genesis, str(error)) from error
    pinned = (("node.toml:chain_id", node.chain_id), ("network.toml:chain_id", network.chain_id))
    wrong = [key for key, pin in pinned if pin != chain_id]
    if wrong:
        message = f"{node.genesis} is of chain {chain_id.hex()}"
        raise ConfigError(Problem("CFG_CHAIN", key, message) for key in wrong)


def genesis_document(file: GenesisFile) -> dict[str, Any]:
    """The genesis as the native encoder takes it."""
    aliases = {party.name: party.alias for party in file.parties}
    return {
        "name": file.name,
        "purpose": file.purpose,
        "clock": file.clock,
        "time_us": file.time_us,
        "parameters": file.parameters.model_dump(),
        "nodes": [node.model_dump() for node in file.nodes],
        "parties": [
            party.model_dump(exclude={"name"}) | {"roles": role_mask(party.roles)}
            for party in file.parties
        ],
        "approvers": [aliases[name] for name in file.approvers],
        "approvals_needed": file.approvals_needed,
        "epoch_key": file.epoch_key,
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror or 'cannot be read'}"
        raise ConfigError.one("CFG_FILE", path.name, message) from error


def _load(path: Path, model: type[Model], rules: CrossCheck | None) -> Model:
    """Read, parse, check field by field and across fields; report all of it."""
    try:
        document = tomllib.loads(_read(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError.one("CFG_SYNTAX", path.name, str(error)) from error
    problems: list[Problem] = []
    parsed: Model | None = None
    try:
        parsed = model.model_validate(document)
    except ValidationError as error:
        problems += problems_of(error.errors(), path.name, _known_keys(model))
    if rules is not None:
        problems += rules(document, path.name)
    if problems or parsed is None:
        raise ConfigError(problems)
    return parsed


def _known_keys(model: type[BaseModel]) -> set[str]:
    keys = set(model.model_fields)
    for field in model.model_fields.values():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                keys |= _known_keys(part)
    return keys


# The rules between fields work on the raw document, so that they are reported
# in the same run as a wrong field elsewhere: they take nothing for granted.


def _tables(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = document.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _unique(file: str, table: str, rows: list[dict[str, Any]], key: str) -> Iterator[Problem]:
    seen: set[object] = set()
    for place, row in enumerate(rows):
        value = row.get(key)
        if isinstance(value, str | int) and value in seen:
            yield Problem(
                "CFG_DUPLICATE", f"{file}:{table}.{place}.{key}", f"{value!r} stands there twice"
            )
        seen.add(value if isinstance(value, str | int) else None)


def _network_rules(document: dict[str, Any], file: str) -> Iterator[Problem]:
    nodes = _tables(document, "nodes")
    for key in ("name", "replica"):
        yield from _unique(file, "nodes", nodes, key)
    listening: list[dict[str, Any]] = [
        {"address": f"{node.get('address')}:{node.get('first_port')}"} for node in nodes
    ]
    yield from _unique(file, "nodes", listening, "address")


def _party_rules(document: dict[str, Any], file: str) -> Iterator[Problem]:
    yield from _role_problems(document, file, "roles")


def _role_problems(row: dict[str, Any], file: str, key: str) -> Iterator[Problem]:
    roles = row.get("roles")
    for role in roles if isinstance(roles, list) else []:
        if role not in ROLE_BITS:
            choices = ", ".join(ROLE_BITS)
            yield Problem("CFG_CHOICE", f"{file}:{key}", f"{role!r} is none of {choices}")


def _genesis_rules(document: dict[str, Any], file: str) -> Iterator[Problem]:
    if document.get("purpose") == "production" and document.get("clock") == "steered":
        yield Problem(
            "CFG_STEERED_PRODUCTION",
            f"{file}:clock",
            'purpose = "production" refuses clock = "steered"',
        )
    nodes, parties = _tables(document, "nodes"), _tables(document, "parties")
    for key in ("name", "vote_key", "curve_key"):
        yield from _unique(file, "nodes", nodes, key)
    for key in ("name", "alias", "key"):
        yield from _unique(file, "parties", parties, key)
    for place, party in enumerate(parties):
        yield from _role_problems(party, file, f"parties.{place}.roles")
    yield from _approver_problems(document, parties, file)


def _approver_problems(
    document: dict[str, Any], parties: list[dict[str, Any]], file: str
) -> Iterator[Problem]:
    names = {party.get("name") for party in parties}
    approvers = document.get("approvers")
    for approver in approvers if isinstance(approvers, list) else []:
        if isinstance(approver, str) and approver not in names:
            yield Problem(
                "CFG_REFERENCE", f"{file}:approvers", f"{approver!r} is no party of this genesis"
            )
