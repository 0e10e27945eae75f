"""One network per module, for the tests that leave it as they found it; and a
way to found one for a test that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.support import Cluster

Found = Callable[..., Cluster]


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Four validators that execute, and a reader; issX and issY not admitted yet."""
    name = request.path.stem
    made = Cluster.found(tmp_path_factory.mktemp(name) / "net", name, admit_clients=False)
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Found]:
    """Founds and starts a network of this test's own; it ends with the test."""
    made: list[Cluster] = []

    def make(*, start: bool = True, **options: Any) -> Cluster:
        network = Cluster.found(tmp_path / f"net{len(made)}", request.node.nodeid, **options)
        made.append(network)
        if start:
            network.up()
        return network

    yield make
    for network in made:
        network.down()
