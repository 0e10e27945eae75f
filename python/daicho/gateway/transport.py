"""One CURVE connection to one gateway: frames out, frames in, nothing decoded."""

from __future__ import annotations

import zmq
from zmq.utils import z85

from daicho.gateway.errors import UnreachableError
from daicho.identity import Credentials

HANDSHAKE_MS = 10_000
HEARTBEAT_MS = 2_000
HEARTBEAT_TIMEOUT_MS = 10_000
FRAMES_MAX = 100_000
FRAME_BYTES_MAX = 32 * 1024 * 1024


class Connection:
    """A DEALER socket that proves this party's key and checks the node's."""

    def __init__(self, address: str, node_curve_key: bytes, credentials: Credentials) -> None:
        self.address = address
        self._socket = _socket(node_curve_key, credentials)
        self._socket.connect(address)

    def send(self, frame: bytes, timeout_s: float) -> None:
        """Queue one frame; UnreachableError when it cannot be taken in time."""
        if not self._socket.poll(int(timeout_s * 1_000), zmq.POLLOUT):
            raise UnreachableError(f"{self.address} takes nothing")
        self._socket.send(frame, zmq.NOBLOCK)

    def receive(self, timeout_s: float) -> bytes | None:
        """Wait for the next frame; None when none comes in time."""
        if not self._socket.poll(max(0, int(timeout_s * 1_000)), zmq.POLLIN):
            return None
        return self._socket.recv(zmq.NOBLOCK)

    def drain(self, limit: int) -> list[bytes]:
        """Everything that is there, at most `limit` frames."""
        frames: list[bytes] = []
        while len(frames) < limit and self._socket.poll(0, zmq.POLLIN):
            frames.append(self._socket.recv(zmq.NOBLOCK))
        return frames

    def close(self) -> None:
        """Drop the connection and whatever is queued."""
        self._socket.close()


def _socket(node_curve_key: bytes, credentials: Credentials) -> zmq.Socket[bytes]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.sndhwm = FRAMES_MAX
    socket.rcvhwm = FRAMES_MAX
    socket.maxmsgsize = FRAME_BYTES_MAX
    socket.handshake_ivl = HANDSHAKE_MS
    socket.heartbeat_ivl = HEARTBEAT_MS
    socket.heartbeat_timeout = HEARTBEAT_TIMEOUT_MS
    socket.curve_publickey = z85.encode(credentials.curve_public)
    socket.curve_secretkey = z85.encode(credentials.curve_secret)
    socket.curve_serverkey = z85.encode(node_curve_key)
    return socket
