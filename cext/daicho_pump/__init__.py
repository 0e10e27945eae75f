"""The ZeroMQ pump: frames in and out of pyzmq's sockets, without the GIL."""

from ._pump import Pump, version

__all__ = ["Pump", "version"]
