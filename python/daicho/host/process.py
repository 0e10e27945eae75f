"""The life of a node's process, from its folder to its last signal."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from pathlib import Path

import zmq

from daicho import _native
from daicho.config.load import NodeHome, load_node
from daicho.host.adminsocket import AdminSocket
from daicho.host.doorkeeper import Doorkeeper
from daicho.host.lock import home_lock
from daicho.host.mesh import Mesh, open_mesh
from daicho.host.sockets import peer_domain
from daicho.identity.credentials import Credentials
from daicho.identity.files import write_public
from daicho_pump import Pump

FRESH_MARK = "fresh"
"""Setting up leaves this file: the node has never run, so it can have no vote
to forget. The first record in its log takes the file away."""

WATCH_S = 0.25
"""How often the process looks whether node and pump still run."""

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_DAMAGED = 5
EXIT_DEFECT = 70


def run(home: Path) -> int:
    """Runs the node in `home` until SIGTERM or SIGINT; the exit code."""
    configured = load_node(home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    configured.run.mkdir(mode=0o700, exist_ok=True)
    with home_lock(configured.run):
        write_public(configured.run / "node.pid", f"{os.getpid()}\n".encode())
        try:
            return _serve(configured, context, stop)
        finally:
            # Closes whatever an error left open, so that the process ends.
            context.destroy(linger=0)
            (configured.run / "node.pid").unlink(missing_ok=True)


def _serve(home: NodeHome, context: zmq.Context[zmq.Socket[bytes]], stop: threading.Event) -> int:
    credentials = Credentials.open(home.identity, home.unlock)
    node: list[_native.NodeHost] = []
    peers = {
        peer_domain(number): key
        for number, key in enumerate(_native.genesis_curve_keys(home.genesis))
        if number != home.node.replica
    }
    door = Doorkeeper(
        context,
        peers,
        admits=lambda key: bool(node) and node[0].admits(key),
        refused=lambda domain, address, key: (
            node[0].note_refused(domain, address, key.hex()) if node else None
        ),
    )
    door.start()
    mesh = Mesh([], [])
    try:
        mesh = open_mesh(context, home, credentials)
        node.append(_start_node(home, credentials, mesh))
        return _watch(home, node[0], mesh, stop)
    except ValueError as error:
        print(f"daicho: {error}", file=sys.stderr)
        return EXIT_DAMAGED
    except zmq.ZMQError as error:
        at = f"{home.address.address}, ports from {home.address.first_port} on"
        print(f"daicho: failed to listen on {at}: {error}", file=sys.stderr)
        return EXIT_USAGE
    finally:
        mesh.close()
        door.stop()


def executor_program() -> Path:
    """The executor's binary, installed beside the interpreter."""
    return Path(sys.executable).with_name("daicho-executor")


def _start_node(home: NodeHome, credentials: Credentials, mesh: Mesh) -> _native.NodeHost:
    executor = None
    if home.executor_home is not None:
        executor = (executor_program(), home.executor_home.resolve(), home.logs / "executor.jsonl")
    return _native.NodeHost(
        home=home.home,
        genesis=home.genesis,
        genesis_path=(home.home / home.node.genesis).resolve(),
        replica=home.node.replica,
        vote_seed=credentials.sign_seed,
        sockets=mesh.roles,
        executor=executor,
        boot=secrets.randbits(64),
        fresh=(home.home / FRESH_MARK).exists(),
        clock_offset_us=home.node.clock_offset_ms * 1_000,
    )


def _watch(home: NodeHome, node: _native.NodeHost, mesh: Mesh, stop: threading.Event) -> int:
    _retire_fresh_mark(home)
    pump = Pump(mesh.sockets, node.capsule())
    pump.start()
    admin = AdminSocket(home.run / "admin.sock", lambda: node.status().encode())
    admin.start()
    try:
        while not stop.wait(WATCH_S):
            if (reason := node.fatal()) is not None:
                print(f"daicho: the node ended: {reason}", file=sys.stderr)
                return EXIT_DEFECT
            if not pump.running:
                print("daicho: the pump ended", file=sys.stderr)
                return EXIT_DEFECT
        return EXIT_OK
    finally:
        admin.stop()
        node.stop()
        pump.stop()


def _retire_fresh_mark(home: NodeHome) -> None:
    """Durable before the first frame leaves: the log has its first record by now."""
    (home.home / FRESH_MARK).unlink(missing_ok=True)
    folder = os.open(home.home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
