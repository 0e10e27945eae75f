"""The examples, compiled once, and chains that run them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daicho.compiler import Artefact, compile_folder
from daicho.testing import BACKENDS, Chain

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples"

NewChain = Callable[..., Chain]


@pytest.fixture(scope="session")
def examples() -> dict[str, Artefact]:
    """The examples, compiled once."""
    return compile_folder(EXAMPLES)


@pytest.fixture
def new_chain(examples: dict[str, Artefact]) -> NewChain:
    """Makes chains with the examples deployed."""

    def make(backend: str = "vm", *, time_us: int | None = None) -> Chain:
        time = {} if time_us is None else {"time_us": time_us}
        chain = Chain(backend_name=backend, **time)
        for artefact in examples.values():
            chain.deploy(artefact)
        return chain

    return make


@pytest.fixture(params=BACKENDS)
def chain(request: pytest.FixtureRequest, new_chain: NewChain) -> Chain:
    """The examples on the machine, in CPython, and on both held against each other."""
    return new_chain(request.param)
