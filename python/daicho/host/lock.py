"""One process per folder: two nodes on one log would sign against each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daicho.config.errors import ConfigError

LOCK = "node.lock"


@contextmanager
def home_lock(run: Path) -> Iterator[None]:
    """Hold the lock of a node's folder; ConfigError when somebody else does.

    The kernel frees it with the process, however that ends.
    """
    descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        name = run.parent.name
        raise ConfigError.one("CFG_PROCESS", name, f"{name} is in use by another process") from None
    try:
        yield
    finally:
        os.close(descriptor)
