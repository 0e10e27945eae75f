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
EXIT_DAMAGED = 5
EXIT_DEFECT = 70


def run(home: Path) -> int:
    """Runs the node in `home` until SIGTERM or SIGINT; the exit code."""
    configured = load_node(home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    write_public(configured.run / "node.pid", f"{os.getpid()}\n".encode())
    with zmq.Context() as context:
        return _serve(configured, context, stop)


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
        refused=_log_refusal,
    )
    door.start()
    mesh = open_mesh(context, home, credentials)
    try:
        node.append(_start_node(home, credentials, mesh))
        return _watch(home, node[0], mesh, stop)
    except ValueError as error:
        print(f"daicho: {error}", file=sys.stderr)
        return EXIT_DAMAGED
    finally:
        mesh.close()
        door.stop()
        (home.run / "node.pid").unlink(missing_ok=True)


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
    )


def _watch(home: NodeHome, node: _native.NodeHost, mesh: Mesh, stop: threading.Event) -> int:
    pump = Pump(mesh.sockets, node.capsule())
    pump.start()
    admin = AdminSocket(home.run / "admin.sock", lambda: node.status().encode())
    admin.start()
    try:
        while not stop.wait(WATCH_S):
            _retire_fresh_mark(home)
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
    mark = home.home / FRESH_MARK
    if mark.exists() and any((home.home / "log").glob("*.seg")):
        mark.unlink()


def _log_refusal(domain: str, address: str, key: bytes) -> None:
    """One line for the operator; the key is public, and helps to find whose it is."""
    print(
        f'{{"level":"warning","event":"connection_refused","code":"UNKNOWN_SENDER",'
        f'"domain":"{domain}","address":"{address}","curve_key":"{key.hex()}"}}',
        file=sys.stderr,
        flush=True,
    )
