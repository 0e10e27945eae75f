"""See the docstrings in _pump.pyx."""

from collections.abc import Sequence
from typing import TypedDict

import zmq

class SocketCounters(TypedDict):
    frames_in: int
    bytes_in: int
    frames_out: int
    bytes_out: int
    dropped_full: int
    dropped_gone: int
    malformed: int
    pauses: int

class Counters(TypedDict):
    sockets: list[SocketCounters]
    misaddressed: int

class Pump:
    def __init__(self, sockets: Sequence[zmq.Socket[bytes]], capsule: object) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def running(self) -> bool: ...
    def counters(self) -> Counters: ...

def version() -> str: ...
