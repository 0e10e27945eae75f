"""A node that has been taken over: the real keys of one node, in other hands.

It speaks the wire format by itself, so that a rule which the product's own
encoder cannot break is broken all the same. Formats: `rust/types` (codec,
block), `rust/agreement/src/message.rs`, `rust/node/src/message.rs`.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import zmq
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from zmq.utils import z85

from cluster.support import Cluster
from daicho import _native
from daicho.config.load import load_node
from daicho.host.sockets import CurveKeys, Link, Peer, Sockets, mesh_port
from daicho.identity.credentials import Credentials

AGREEMENT, PRE_PREPARE, PREPARE, COMMIT = 1, 1, 2, 3


def digest(context: str, *parts: bytes) -> bytes:
    """BLAKE3 under one of the ledger's contexts, each part behind its length."""
    hasher = blake3(derive_key_context=f"daicho v1 {context}")
    for part in parts:
        hasher.update(struct.pack("<Q", len(part)))
        hasher.update(part)
    return hasher.digest()


@dataclass(frozen=True)
class Header:
    """A block header without feeds and without a result certificate."""

    height: int
    parent: bytes
    time_us: int
    witness_root: bytes
    items: int
    control: bytes
    validators: bytes

    def encode(self) -> bytes:
        head = struct.pack("<HQ", 1, self.height) + self.parent
        head += struct.pack("<QIB", self.time_us, 0, 0) + self.witness_root
        return head + struct.pack("<I", self.items) + self.control + self.validators

    @property
    def digest(self) -> bytes:
        return digest("block header", self.encode())


class Intruder:
    """Sits in the place of a stopped node, with its vote key and its CURVE key,
    and speaks to some of the others."""

    def __init__(self, cluster: Cluster, name: str, others: Collection[str]) -> None:
        home = load_node(cluster.home(name))
        credentials = Credentials.open(home.identity, home.unlock)
        self.replica = home.node.replica
        self.chain = home.node.chain_id
        self._key = Ed25519PrivateKey.from_private_bytes(credentials.sign_seed)
        self._context = zmq.Context()
        keys = CurveKeys(z85.encode(credentials.curve_public), z85.encode(credentials.curve_secret))
        make, curve = Sockets(self._context, keys), _native.genesis_curve_keys(home.genesis)
        self._links: dict[str, zmq.Socket[bytes]] = {}
        for node in cluster.network.file.nodes:
            if node.name not in others:
                continue
            key = z85.encode(curve[node.replica])
            peer = Peer(node.replica, key, node.address, node.first_port)
            if node.replica < self.replica:
                socket = make.dial_peer(self.replica, peer, Link.CONSENSUS)
            else:
                # The lower number binds. No ZAP handler answers here: all may come.
                socket = self._context.socket(zmq.DEALER)
                socket.linger = 0
                socket.curve_server = True
                socket.curve_publickey, socket.curve_secretkey = keys.public, keys.secret
                own = home.address
                port = mesh_port(own.first_port, node.replica, Link.CONSENSUS)
                socket.bind(f"tcp://{own.address}:{port}")
            self._links[node.name] = socket

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._context.destroy(linger=0)

    def say(self, message: bytes) -> None:
        """Send one agreement message to each of them; waits for each connection."""
        for name, socket in self._links.items():
            assert socket.poll(20_000, zmq.POLLOUT), f"{name} is not connected"
            socket.send(bytes([AGREEMENT]) + message)

    def pre_prepare(self, header: Header, view: int, leader: int | None = None) -> bytes:
        """A signed proposal of a block without items."""
        place = struct.pack("<QQ", view, header.height) + header.digest + header.parent
        body = struct.pack("<Q", view) + header.encode() + struct.pack("<I", 0)
        who = struct.pack("<H", self.replica if leader is None else leader)
        return bytes([PRE_PREPARE]) + body + who + self._sign("sign pre-prepare", place)

    def prepare(self, header: Header, view: int) -> bytes:
        """A signed PREPARE vote for a header."""
        place = struct.pack("<QQ", view, header.height) + header.digest + header.parent
        return bytes([PREPARE]) + place + self._voter() + self._sign("sign prepare", place)

    def commit(self, header: Header, view: int) -> bytes:
        """A signed COMMIT vote for a header."""
        place = struct.pack("<QQ", view, header.height) + header.digest
        return bytes([COMMIT]) + place + self._voter() + self._sign("sign commit", place)

    def _voter(self) -> bytes:
        return struct.pack("<H", self.replica)

    def _sign(self, context: str, payload: bytes) -> bytes:
        return self._key.sign(digest(context, self.chain, payload))


def next_header(cluster: Cluster, node: str) -> Header:
    """What an empty block after the newest one would begin with."""
    newest = cluster.blocks(node)[-1]
    encoded = newest["bytes"]
    # The validators' digest ends the header; what lies before is of any length.
    end = next(
        end
        for end in range(64, len(encoded))
        if digest("block header", encoded[:end]) == newest["digest"]
    )
    ledger = cluster.status(node)["ledger"]
    return Header(
        height=newest["height"] + 1,
        parent=newest["digest"],
        time_us=newest["time_us"] + 1,
        witness_root=digest("merkle leaf"),
        items=0,
        control=bytes.fromhex(ledger["control"]),
        validators=encoded[end - 32 : end],
    )


def other(header: Header) -> Header:
    """The same place, another block."""
    return replace(header, time_us=header.time_us + 1)
