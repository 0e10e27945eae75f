"""The node's ZeroMQ sockets: made and configured here, moved by the pump.

A fixed mesh: between every two nodes there are two DEALER pairs, one for
consensus and one for bulk. The node with the lower number binds one port for
each peer, the other connects, so that either side lets in exactly one CURVE
key. Clients and readers come through the gateway, a ROUTER.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import zmq

from daicho._native import FRAME_BYTES_MAX

HANDSHAKE_MS = 10_000
"""A peer that has not proved its key by then is let go."""

HEARTBEAT_MS = 2_000
HEARTBEAT_TIMEOUT_MS = 10_000
"""A connection silent for this long is taken down and dialled again."""

RECONNECT_MS = 50
RECONNECT_MAX_MS = 2_000

MESH_FRAMES_MAX = 100_000
GATEWAY_FRAMES_MAX = 10_000
"""High-water marks. They bound memory; flow control is by credits above."""

BACKLOG = 256


CURVE_SLACK_BYTES = 64
"""What CURVE adds to a message, which libzmq's bound counts as well."""


class Link(Enum):
    """Which of the two links between a pair of nodes."""

    CONSENSUS = 0
    BULK = 1


@dataclass(frozen=True)
class Peer:
    """Another node of the mesh, as the network file names it."""

    replica: int
    curve_key: bytes
    address: str
    first_port: int


@dataclass(frozen=True)
class CurveKeys:
    """This node's CURVE key pair, Z85-encoded as libzmq wants it."""

    public: bytes
    secret: bytes


def mesh_port(first_port: int, peer: int, link: Link) -> int:
    """The port on which a node waits for `peer`: two for each, from the tenth."""
    return first_port + 10 + 2 * peer + link.value


def peer_domain(replica: int) -> str:
    """The ZAP domain of the sockets bound for one peer."""
    return f"peer-{replica}"


GATEWAY_DOMAIN = "gateway"


class Sockets:
    """Makes sockets of one context with this node's keys."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: CurveKeys) -> None:
        self._context = context
        self._keys = keys

    def bind_gateway(self, address: str, port: int) -> zmq.Socket[bytes]:
        """The ROUTER that clients and readers dial."""
        socket = self._plain(zmq.ROUTER, GATEWAY_FRAMES_MAX)
        socket.router_mandatory = True
        self._serve(socket, GATEWAY_DOMAIN)
        socket.bind(f"tcp://{address}:{port}")
        return socket

    def bind_peer(self, address: str, first_port: int, peer: Peer, link: Link) -> zmq.Socket[bytes]:
        """Waits for one peer, and nobody else."""
        socket = self._plain(zmq.DEALER, MESH_FRAMES_MAX)
        self._serve(socket, peer_domain(peer.replica))
        socket.bind(f"tcp://{address}:{mesh_port(first_port, peer.replica, link)}")
        return socket

    def dial_peer(self, mine: int, peer: Peer, link: Link) -> zmq.Socket[bytes]:
        """Dials the port that a peer keeps for this node."""
        socket = self._plain(zmq.DEALER, MESH_FRAMES_MAX)
        self._prove(socket, peer.curve_key)
        socket.connect(f"tcp://{peer.address}:{mesh_port(peer.first_port, mine, link)}")
        return socket

    def _plain(self, kind: int, frames_max: int) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.sndhwm = frames_max
        socket.rcvhwm = frames_max
        socket.maxmsgsize = FRAME_BYTES_MAX + CURVE_SLACK_BYTES
        socket.handshake_ivl = HANDSHAKE_MS
        socket.heartbeat_ivl = HEARTBEAT_MS
        socket.heartbeat_timeout = HEARTBEAT_TIMEOUT_MS
        socket.reconnect_ivl = RECONNECT_MS
        socket.reconnect_ivl_max = RECONNECT_MAX_MS
        socket.backlog = BACKLOG
        socket.curve_publickey = self._keys.public
        socket.curve_secretkey = self._keys.secret
        return socket

    def _serve(self, socket: zmq.Socket[bytes], domain: str) -> None:
        socket.curve_server = True
        socket.zap_domain = domain.encode("ascii")

    def _prove(self, socket: zmq.Socket[bytes], server_key: bytes) -> None:
        socket.curve_serverkey = server_key
