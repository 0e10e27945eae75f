"""All sockets of one node, in the order the pump gets them."""

from __future__ import annotations

from dataclasses import dataclass

import zmq
from zmq.utils import z85

from daicho import _native
from daicho.config.load import NodeHome
from daicho.host.sockets import CurveKeys, Link, Peer, Sockets
from daicho.identity.credentials import Credentials


@dataclass(frozen=True)
class Mesh:
    """The sockets and, at the same places, what each is for."""

    sockets: list[zmq.Socket[bytes]]
    roles: list[str]

    def close(self) -> None:
        """Closes every socket; the pump has stopped before."""
        for socket in self.sockets:
            socket.close()


def open_mesh(
    context: zmq.Context[zmq.Socket[bytes]], home: NodeHome, credentials: Credentials
) -> Mesh:
    """Binds the gateway and one end of the two links to every other node."""
    keys = CurveKeys(z85.encode(credentials.curve_public), z85.encode(credentials.curve_secret))
    make = Sockets(context, keys)
    own = home.address
    mesh = Mesh([make.bind_gateway(own.address, own.first_port)], ["gateway"])
    curve_keys = _native.genesis_curve_keys(home.genesis)
    for node in home.network.nodes:
        if node.replica == own.replica:
            continue
        peer = Peer(
            node.replica, z85.encode(curve_keys[node.replica]), node.address, node.first_port
        )
        for link in Link:
            if own.replica < peer.replica:
                socket = make.bind_peer(own.address, own.first_port, peer, link)
            else:
                socket = make.dial_peer(own.replica, peer, link)
            mesh.sockets.append(socket)
            mesh.roles.append(f"peer/{peer.replica}/{link.name.lower()}")
    return mesh
