"""One CURVE connection to one gateway: frames out, frames in, nothing decoded."""

from __future__ import annotations

import time

import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from daicho.gateway.errors import UnreachableError
from daicho.identity import Credentials

HANDSHAKE_MS = 10_000
HEARTBEAT_MS = 2_000
HEARTBEAT_TIMEOUT_MS = 10_000
FRAMES_MAX = 100_000
FRAME_BYTES_MAX = 32 * 1024 * 1024
ADMISSION_GRACE_S = 2.0
"""A party just admitted may reach the door before the news does."""

ADMISSION_PAUSE_S = 0.1
_EVENTS = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH


class Connection:
    """A DEALER socket that proves this party's key and checks the node's.

    A door that turns a key away ends libzmq's connection for good; so the
    first send waits for the handshake, and dials again for a moment.
    """

    def __init__(self, address: str, node_curve_key: bytes, credentials: Credentials) -> None:
        self.address = address
        self._node_curve_key = node_curve_key
        self._credentials = credentials
        self._established = False
        self._dial()

    def send(self, frame: bytes, timeout_s: float) -> None:
        """Queue one frame; UnreachableError when it cannot be taken in time."""
        if not self._established:
            self._establish(timeout_s)
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
        self._socket.disable_monitor()
        self._socket.close()

    def _dial(self) -> None:
        self._socket = _socket(self._node_curve_key, self._credentials)
        self._monitor = self._socket.get_monitor_socket(_EVENTS)
        self._socket.connect(self.address)

    def _establish(self, timeout_s: float) -> None:
        start = time.monotonic()
        while not self._admitted(start + timeout_s):
            if time.monotonic() > start + min(timeout_s, ADMISSION_GRACE_S):
                raise UnreachableError(f"{self.address} does not admit this key")
            time.sleep(ADMISSION_PAUSE_S)
            self.close()
            self._dial()
        self._socket.disable_monitor()
        self._established = True

    def _admitted(self, deadline: float) -> bool:
        """Wait for the handshake; whether the key was let in."""
        left_ms = max(0, int((deadline - time.monotonic()) * 1_000))
        if not self._monitor.poll(left_ms):
            raise UnreachableError(f"{self.address} does not answer")
        return recv_monitor_message(self._monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED


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
