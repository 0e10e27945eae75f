"""Who may connect: the ZAP handler (ZeroMQ RFC 27) of a node.

On a port bound for one peer only that peer's key is let in; on the gateway,
every key that the control state admits at this moment. Whoever is turned away
is logged and counted before a single frame of theirs is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

import zmq

from daicho.host.sockets import GATEWAY_DOMAIN

ENDPOINT: Final = "inproc://zeromq.zap.01"
VERSION: Final = b"1.0"
POLL_MS: Final = 200


class Doorkeeper:
    """Answers libzmq's questions on a thread of its own.

    `peers` maps a ZAP domain to the one raw 32-byte CURVE key it lets in;
    `admits` judges a key on the gateway; `refused` is told of every no.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        peers: Mapping[str, bytes],
        admits: Callable[[bytes], bool],
        refused: Callable[[str, str, bytes], None],
    ) -> None:
        self._peers = dict(peers)
        self._admits = admits
        self._refused = refused
        self._stop = threading.Event()
        # Bound before any CURVE socket is: libzmq lets everybody in while
        # nobody answers at this address.
        self._socket = context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(ENDPOINT)
        self._thread = threading.Thread(target=self._run, name="doorkeeper", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; nobody is let in after that."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(POLL_MS):
                self._answer(self._socket.recv_multipart())

    def _answer(self, message: list[bytes]) -> None:
        route, rest = message[: message.index(b"") + 1], message[message.index(b"") + 1 :]
        version, request, domain, address, _identity, mechanism, *credentials = rest
        asked = domain.decode("ascii", "replace")
        key = credentials[0] if credentials else b""
        let_in = (
            version == VERSION
            and mechanism == b"CURVE"
            and len(key) == 32
            and self._knows(asked, key)
        )
        if not let_in:
            self._refused(asked, address.decode("ascii", "replace"), key)
        verdict = (b"200", b"OK", key.hex().encode()) if let_in else (b"400", b"not admitted", b"")
        status, text, user = verdict
        self._socket.send_multipart([*route, VERSION, request, status, text, user, b""])

    def _knows(self, domain: str, key: bytes) -> bool:
        if domain == GATEWAY_DOMAIN:
            return self._admits(key)
        return self._peers.get(domain) == key
