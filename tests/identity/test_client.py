"""The gateway client against a gateway that says what the test tells it to."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

from daicho import _native
from daicho.admin.found import found_network
from daicho.admin.plan import NetworkPlan
from daicho.gateway import (
    BadReplyError,
    LedgerClient,
    Party,
    RefusedError,
    UnreachableError,
)
from daicho.gateway.transport import Connection
from daicho.identity import Credentials

SUBMIT, STATUS = 1, 4
NUMBERS = {name: number for number, name, _ in _native.codes()}

Answer = Callable[[int, int, list[bytes]], list[bytes]]


def admitted(request: int, tx_id: bytes) -> bytes:
    return struct.pack("<QB", request, 1) + tx_id


def refused(request: int, tx_id: bytes, code: str, *, retry: bool = False) -> bytes:
    head = struct.pack("<QB", request, 2) + tx_id
    return head + struct.pack("<H?I", NUMBERS[code], retry, 2) + b"no"


def status(request: int, document: bytes) -> bytes:
    return struct.pack("<QBI", request, 5, len(document)) + document


def items_of(frame: bytes) -> list[bytes]:
    """The items of a Submit request."""
    (count,) = struct.unpack_from("<I", frame, 10)
    at, items = 14, []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", frame, at)
        items.append(frame[at + 4 : at + 4 + length])
        at += 4 + length
    return items


class Gateway:
    """A ROUTER with a node's CURVE key; `answer` decides what it says."""

    def __init__(self, network: Path, address: str) -> None:
        credentials = Credentials.open(network / "nodes" / "exchange" / "identity")
        self.seen: list[list[bytes]] = []
        self.answer: Answer = lambda *_: []
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.curve_server = True
        self._socket.curve_publickey = z85.encode(credentials.curve_public)
        self._socket.curve_secretkey = z85.encode(credentials.curve_secret)
        self._socket.bind(f"tcp://{address}:7000")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(20):
                route, frame = self._socket.recv_multipart()
                request, ask = struct.unpack_from("<QB", frame)
                items = items_of(frame) if ask == SUBMIT else []
                self.seen.append(items)
                for reply in self.answer(request, ask, items):
                    self._socket.send_multipart([route, reply])

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
        self._context.term()


@pytest.fixture
def gateway(tmp_path: Path, loopback: str) -> Iterator[Gateway]:
    found_network(tmp_path / "network", NetworkPlan(host=loopback))
    running = Gateway(tmp_path / "network", loopback)
    yield running
    running.close()


@pytest.fixture
def client(gateway: Gateway, tmp_path: Path) -> Iterator[LedgerClient]:
    party = Party.open(tmp_path / "network" / "parties" / "exchange")
    with LedgerClient(party, timeout_s=10) as opened:
        yield opened


def tx_id(item: bytes) -> bytes:
    return _native.item_ids(item)[0]


def test_status(gateway: Gateway, client: LedgerClient) -> None:
    document = {"node": "exchange", "height": 3}
    gateway.answer = lambda request, ask, _: [status(request, json.dumps(document).encode())]
    assert client.status() == document
    gateway.answer = lambda request, ask, _: [status(request, b"[]")]
    with pytest.raises(BadReplyError):
        client.status()


def test_busy_is_tried_again_with_the_same_bytes(gateway: Gateway, client: LedgerClient) -> None:
    def answer(request: int, _: int, items: list[bytes]) -> list[bytes]:
        if len(gateway.seen) < 3:
            return [refused(request, tx_id(items[0]), "BUSY", retry=True)]
        return [admitted(request, tx_id(items[0]))]

    gateway.answer = answer
    receipt = client.submit(1, 1, b"", wait="admitted")
    assert receipt["finality"] == "admitted"
    assert len(gateway.seen) == 3
    assert gateway.seen[0] == gateway.seen[1] == gateway.seen[2]


def test_a_refusal_is_an_error_and_frees_the_sequence(
    gateway: Gateway, client: LedgerClient
) -> None:
    """R8: "issX submits a transfer → refused(READ_ONLY)"; here, what the client does then."""
    gateway.answer = lambda request, _, items: [refused(request, tx_id(items[0]), "READ_ONLY")]
    with pytest.raises(RefusedError) as caught:
        client.submit(1, 1, b"")
    assert (caught.value.code, caught.value.retry) == ("READ_ONLY", False)
    assert client.seal(1, 1, b"").sequence == 0
    gateway.answer = lambda request, _, items: [refused(request, tx_id(items[0]), "SEQUENCE_USED")]
    with pytest.raises(RefusedError):
        client.submit(1, 1, b"")
    assert client.seal(1, 1, b"").sequence == 2, "a used sequence is not handed out again"


def test_a_refusal_of_the_whole_request_ends_all_items(
    gateway: Gateway, client: LedgerClient
) -> None:
    gateway.answer = lambda request, *_: [refused(request, bytes(32), "TOO_LARGE")]
    with pytest.raises(RefusedError, match="TOO_LARGE"):
        client.send([client.seal(1, 1, b"a"), client.seal(1, 1, b"b")])


def test_no_answer_is_unreachable_and_keeps_the_sequence(
    gateway: Gateway, client: LedgerClient
) -> None:
    client.timeout_s = 0.3
    with pytest.raises(UnreachableError):
        client.submit(1, 1, b"")
    assert client.seal(1, 1, b"").sequence == 1


def test_replies_to_somebody_else_are_not_ours(gateway: Gateway, client: LedgerClient) -> None:
    client.timeout_s = 0.5
    gateway.answer = lambda request, _, items: [admitted(request + 1, tx_id(items[0]))]
    with pytest.raises(UnreachableError):
        client.submit(1, 1, b"", wait="admitted")


def test_junk_from_a_gateway_is_damage(gateway: Gateway, client: LedgerClient) -> None:
    gateway.answer = lambda *_: [b"junk"]
    with pytest.raises(BadReplyError):
        client.submit(1, 1, b"")


def test_admitted_is_no_final_acknowledgement(gateway: Gateway, client: LedgerClient) -> None:
    client.timeout_s = 0.5
    gateway.answer = lambda request, _, items: [admitted(request, tx_id(items[0]))]
    with pytest.raises(UnreachableError):
        client.submit(1, 1, b"", wait="final")


def test_a_node_with_another_curve_key_is_not_talked_to(
    gateway: Gateway, client: LedgerClient
) -> None:
    party = client.party
    other = party.genesis.file.nodes[1].curve_key
    connection = Connection(client._connection.address, other, party.credentials)
    with pytest.raises(UnreachableError):
        connection.send(_native.encode_status(1), 0.5)
    connection.close()
    assert gateway.seen == []
