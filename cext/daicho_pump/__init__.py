"""The ZeroMQ pump: frames in and out of pyzmq's sockets, without the GIL."""

from ._pump import version

__all__ = ["version"]
