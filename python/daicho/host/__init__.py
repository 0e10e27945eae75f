"""The node's process: sockets, door, pump and the native node between them.

Python makes the sockets, asks who may connect, and waits for a signal. No
transaction, vote or timer passes through it.
"""

from daicho.host.process import run

__all__ = ["run"]
