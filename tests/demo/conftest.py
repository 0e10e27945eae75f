"""One played day of each profile, for every test that only looks at it."""

from __future__ import annotations

import pytest

from daicho.demo import Day, observe


def _quiet(_words: str) -> None:
    """Nobody reads the progress of a test."""


@pytest.fixture(scope="session")
def seed_day() -> Day:
    """The day on four validators that all execute."""
    return observe("seed", None, keep=False, note=_quiet)


@pytest.fixture(scope="session")
def blind_day() -> Day:
    """The day on three executors that may not lead and four banks that order blindly."""
    return observe("blind", None, keep=False, note=_quiet)


@pytest.fixture(params=["seed", "blind"])
def day(request: pytest.FixtureRequest) -> Day:
    """Each of the two days in turn."""
    found = request.getfixturevalue(f"{request.param}_day")
    assert isinstance(found, Day)
    return found
