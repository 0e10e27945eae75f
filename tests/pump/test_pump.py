"""PyO3, the Cython pump and pyzmq's libzmq meet in one process.

Every socket here is CURVE over TCP on a loopback address of the test's own.
The far side is plain pyzmq; the near side is pumped to an `EchoHost`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest
import zmq

from daicho._native import EchoHost
from daicho_pump import Pump

PORT = 7400
WAIT_MS = 20_000
# Fewer than ZeroMQ's own high-water marks: who sends more without hearing back
# must expect drops, by the pump's rule.
WINDOW = 200

Socket = zmq.Socket[bytes]


class Wire:
    """Makes CURVE sockets and closes them, after the pumps that used them."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.context = zmq.Context()
        self.server_public, self.server_secret = zmq.curve_keypair()
        self.sockets: list[Socket] = []
        self.hosts: list[EchoHost] = []
        self.pumps: list[Pump] = []

    def listen(self, kind: int, port: int = PORT, *, max_bytes: int = -1) -> Socket:
        socket = self._socket(kind)
        socket.curve_server = True
        socket.curve_secretkey = self.server_secret
        socket.maxmsgsize = max_bytes
        socket.bind(f"tcp://{self.address}:{port}")
        return socket

    def dial(self, kind: int = zmq.DEALER, port: int = PORT, identity: bytes = b"") -> Socket:
        socket = self._socket(kind)
        socket.curve_serverkey = self.server_public
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        if identity:
            socket.routing_id = identity
        socket.connect(f"tcp://{self.address}:{port}")
        return socket

    def watch(self, socket: Socket, event: int) -> Socket:
        """Where libzmq reports `event` of `socket`, which no pump has started on yet."""
        events = socket.get_monitor_socket(event)
        self.sockets.insert(0, events)
        return events

    def _socket(self, kind: int) -> Socket:
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.rcvtimeo = WAIT_MS
        socket.sndtimeo = WAIT_MS
        self.sockets.append(socket)
        return socket

    def host(self, sockets: int, **options: int | bool) -> EchoHost:
        host = EchoHost(sockets, **options)  # type: ignore[arg-type]
        self.hosts.append(host)
        return host

    def pump(self, sockets: list[Socket], host: EchoHost) -> Pump:
        pump = Pump(sockets, host.capsule())
        self.pumps.append(pump)
        pump.start()
        return pump

    def close(self) -> None:
        for pump in self.pumps:
            pump.stop()
        for host in self.hosts:
            host.stop()
        for socket in self.sockets:
            socket.close()
        self.context.term()


@pytest.fixture
def wire(loopback: str) -> Iterator[Wire]:
    wire = Wire(loopback)
    yield wire
    wire.close()


def payloads(count: int, seed: int) -> list[bytes]:
    """Frames of very different lengths: none, inline, allocated, beyond a TCP segment."""
    chance = random.Random(seed)
    lengths = (0, 1, 32, 33, 34, 200, 1_500, 8_192, 70_000)
    return [chance.randbytes(chance.choice(lengths)) for _ in range(count)]


def exchange(socket: Socket, frames: list[bytes]) -> list[bytes]:
    """Send all, at most WINDOW ahead of what came back; what came back."""
    back: list[bytes] = []
    for sent, frame in enumerate(frames):
        while sent - len(back) >= WINDOW:
            back.append(socket.recv())
        socket.send(frame)
    while len(back) < len(frames):
        back.append(socket.recv())
    return back


def until(condition: object, socket: Socket) -> None:
    """Wait until `condition()` is true, at most as long as a receive would."""
    assert callable(condition)
    for _ in range(WAIT_MS):
        if condition():
            return
        socket.poll(1)
    pytest.fail("it never became true")


def test_dealer_to_dealer(wire: Wire) -> None:
    frames = payloads(5_000, seed=1)
    near, far = wire.listen(zmq.DEALER), wire.dial()
    pump = wire.pump([near], wire.host(1))
    assert exchange(far, frames) == frames
    until(lambda: pump.counters()["sockets"][0]["frames_out"] == len(frames), far)
    size = sum(map(len, frames))
    counters = pump.counters()
    assert counters["misaddressed"] == 0
    expected = {"frames_in": 5_000, "bytes_in": size, "frames_out": 5_000, "bytes_out": size}
    rest = {"dropped_full": 0, "dropped_gone": 0, "malformed": 0}
    seen = dict(counters["sockets"][0])
    seen.pop("pauses")
    assert seen == expected | rest


def test_router_answers_each_dealer_its_own(wire: Wire) -> None:
    near = wire.listen(zmq.ROUTER)
    pump = wire.pump([near], wire.host(1))
    dealers = [wire.dial(identity=f"member-{n}".encode()) for n in range(3)]
    dealers.append(wire.dial())  # with a routing id that libzmq makes up
    for seed, dealer in enumerate(dealers):
        frames = payloads(500, seed)
        assert exchange(dealer, frames) == frames
    assert pump.counters()["sockets"][0]["frames_in"] == 2_000


def test_one_pump_serves_many_sockets(wire: Wire) -> None:
    near = [wire.listen(zmq.DEALER, PORT + n) for n in range(4)]
    near.append(wire.listen(zmq.ROUTER, PORT + 4))
    far = [wire.dial(port=PORT + n) for n in range(5)]
    pump = wire.pump(near, wire.host(5))
    batches = [payloads(100, seed) for seed in range(5)]
    for socket, frames in zip(far, batches, strict=True):
        for frame in frames:
            socket.send(frame)
    assert [[socket.recv() for _ in range(100)] for socket in far] == batches
    assert [line["frames_in"] for line in pump.counters()["sockets"]] == [100] * 5


def test_refused_frames_wait_and_none_is_lost(wire: Wire) -> None:
    near, far = wire.listen(zmq.DEALER), wire.dial()
    host = wire.host(1, frames=16, paused=True)
    pump = wire.pump([near], host)
    frames = payloads(900, seed=4)
    for frame in frames:
        far.send(frame)
    until(lambda: pump.counters()["sockets"][0]["pauses"] > 0, far)
    assert host.waiting() == [16], "the lane is full and stays so"
    assert pump.counters()["sockets"][0]["frames_in"] == 16
    assert far.poll(0) == 0
    host.resume()
    assert [far.recv() for _ in frames] == frames
    counters = pump.counters()["sockets"][0]
    assert counters["frames_in"] == len(frames)
    assert counters["dropped_full"] == counters["malformed"] == 0


def test_a_paused_socket_holds_up_no_other(wire: Wire) -> None:
    """A flood on one socket, answers on the other."""
    near = [wire.listen(zmq.DEALER, PORT), wire.listen(zmq.DEALER, PORT + 1)]
    flooded, other = wire.dial(port=PORT), wire.dial(port=PORT + 1)
    host = wire.host(2, frames=8, paused=True)
    pump = wire.pump(near, host)
    for _ in range(300):
        flooded.send(b"flood")
    until(lambda: pump.counters()["sockets"][0]["pauses"] > 0, flooded)
    other.send(b"vote")
    until(lambda: host.waiting()[1] == 1, other)
    assert host.waiting()[0] == 8
    host.resume()
    assert other.recv() == b"vote"
    assert [flooded.recv() for _ in range(300)] == [b"flood"] * 300


def test_stop_and_start_keep_refused_frames(wire: Wire) -> None:
    near, far = wire.listen(zmq.DEALER), wire.dial()
    host = wire.host(1, frames=4, paused=True)
    pump = wire.pump([near], host)
    frames = payloads(300, seed=6)
    for frame in frames:
        far.send(frame)
    until(lambda: pump.counters()["sockets"][0]["pauses"] > 0, far)
    pump.stop()
    assert not pump.running
    pump.stop()
    host.resume()
    pump.start()
    assert pump.running
    with pytest.raises(RuntimeError):
        pump.start()
    assert [far.recv() for _ in frames] == frames


def test_many_pumps_come_and_go(wire: Wire) -> None:
    near, far = wire.listen(zmq.DEALER), wire.dial()
    for turn in range(20):
        host = EchoHost(1)
        pump = Pump([near], host.capsule())
        pump.start()
        frame = str(turn).encode()
        far.send(frame)
        assert far.recv() == frame
        pump.stop()
        host.stop()


def test_a_frame_above_the_limit_never_arrives(wire: Wire) -> None:
    """libzmq drops the connection of who sends it; others are served on."""
    # The limit counts what is on the wire: CURVE adds a few dozen bytes.
    near = wire.listen(zmq.ROUTER, max_bytes=1_000)
    events = wire.watch(near, zmq.EVENT_DISCONNECTED)
    bad, good = wire.dial(identity=b"bad"), wire.dial(identity=b"good")
    pump = wire.pump([near], wire.host(1))
    assert exchange(bad, [b"x" * 900]) == [b"x" * 900]
    bad.send(b"x" * 1_001)
    assert events.poll(WAIT_MS) == zmq.POLLIN, "the connection was dropped"
    frames = [frame[:900] for frame in payloads(100, seed=7)]
    assert exchange(good, frames) == frames
    assert pump.counters()["sockets"][0]["frames_in"] == 101


def test_malformed_messages_are_dropped_and_counted(wire: Wire) -> None:
    near = [wire.listen(zmq.DEALER, PORT), wire.listen(zmq.ROUTER, PORT + 1)]
    pump = wire.pump(near, wire.host(2))
    for port in (PORT, PORT + 1):
        far = wire.dial(port=port)
        far.send_multipart([b"two", b"parts"])
        far.send_multipart([b"part"] * 1_000)
        far.send(b"whole")
        assert far.recv() == b"whole"
    assert [line["malformed"] for line in pump.counters()["sockets"]] == [2, 2]
    assert [line["frames_in"] for line in pump.counters()["sockets"]] == [1, 1]


def test_frames_for_a_peer_that_left_are_counted(wire: Wire) -> None:
    near = wire.listen(zmq.ROUTER)
    events = wire.watch(near, zmq.EVENT_DISCONNECTED)
    host = wire.host(1, paused=True)
    pump = wire.pump([near], host)
    gone, stays = wire.dial(identity=b"gone"), wire.dial(identity=b"stays")
    for _ in range(5):
        gone.send(b"anyone?")
    until(lambda: host.waiting() == [5], stays)
    gone.close()
    assert events.poll(WAIT_MS) == zmq.POLLIN
    # libzmq forgets the routing id when it handles the disconnection, which it
    # does before a message that arrives after it.
    stays.send(b"here")
    until(lambda: host.waiting() == [6], stays)
    host.resume()
    assert stays.recv() == b"here"
    # A frame is counted once it is sent: it may be here before that.
    until(lambda: pump.counters()["sockets"][0]["frames_out"] == 1, stays)
    assert pump.counters()["sockets"][0]["dropped_gone"] == 5


def test_who_does_not_read_loses_frames_but_not_silently(wire: Wire) -> None:
    near = wire.listen(zmq.DEALER)
    near.sndhwm = 1
    far = wire.dial()
    far.rcvhwm = 1
    host = wire.host(1, frames=4_096)
    pump = wire.pump([near], host)
    sent = 2_000
    for _ in range(sent):
        far.send(bytes(70_000))

    def all_accounted() -> bool:
        line = pump.counters()["sockets"][0]
        return line["frames_out"] + line["dropped_full"] == sent

    until(all_accounted, wire.listen(zmq.DEALER, PORT + 1))
    line = pump.counters()["sockets"][0]
    assert line["frames_in"] == sent
    assert line["dropped_full"] > 0
    received = 0
    while far.poll(1_000):
        far.recv()
        received += 1
    assert received == line["frames_out"]


def test_wrong_sockets_and_capsules_are_refused(wire: Wire) -> None:
    host = wire.host(1)
    dealer = wire.listen(zmq.DEALER)
    with pytest.raises(ValueError, match="neither DEALER nor ROUTER"):
        Pump([wire.context.socket(zmq.PUB)], host.capsule())
    with pytest.raises(ValueError, match="1 lanes"):
        Pump([dealer, dealer], host.capsule())
    with pytest.raises(ValueError, match="PyCapsule"):
        Pump([dealer], object())
    closed = wire.dial()
    pump = Pump([closed], host.capsule())
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        pump.start()


def test_a_pump_whose_context_ends_says_so(wire: Wire) -> None:
    pump = wire.pump([wire.listen(zmq.DEALER)], wire.host(1))
    # `term` interrupts every call on a socket, then waits until all are closed.
    ending = threading.Thread(target=wire.context.term, daemon=True)
    ending.start()
    for _ in range(WAIT_MS):
        if not pump.running:
            break
        ending.join(0.001)
    with pytest.raises(zmq.ZMQError) as caught:
        pump.stop()
    assert caught.value.errno == zmq.ETERM
    for socket in wire.sockets:
        socket.close()
    ending.join(WAIT_MS / 1_000)
    assert not ending.is_alive()
