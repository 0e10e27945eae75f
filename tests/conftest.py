"""Shared by every test: where the repository is and whose address a test uses."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from daicho.admin.found import found_network
from daicho.admin.plan import NetworkPlan

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


@pytest.fixture(scope="session")
def seed_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of profile seed that nobody starts or changes."""
    folder = tmp_path_factory.mktemp("seed") / "network"
    found_network(folder, NetworkPlan(host="127.201.1.1"))
    return folder


@pytest.fixture(scope="session")
def blind_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of profile blind that nobody starts or changes."""
    folder = tmp_path_factory.mktemp("blind") / "network"
    found_network(folder, NetworkPlan(profile="blind", host="127.201.1.2"))
    return folder
