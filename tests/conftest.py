"""Shared by every test: where the repository is and whose address a test uses."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def root() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture
def loopback(request: pytest.FixtureRequest) -> str:
    """A 127.a.b.c address of this test's own, the same on every run."""
    digest = zlib.crc32(request.node.nodeid.encode())
    a, b, c = digest & 0xFF, digest >> 8 & 0xFF, digest >> 16 & 0xFF
    # 127.0.x.y belongs to the machine, and .0 and .255 look like broadcasts.
    return f"127.{1 + a % 254}.{b}.{1 + c % 254}"
