"""One played day of each profile, for every test that only looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daicho.admin.plan import Profile
from daicho.demo import Day, observe


def _quiet(_words: str) -> None:
    """Nobody reads the progress of a test."""


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Profile, Path]:
    """Where each day is played, and left when it is over."""
    profiles: tuple[Profile, ...] = ("seed", "blind")
    return {profile: tmp_path_factory.mktemp(profile) / "network" for profile in profiles}


@pytest.fixture(scope="session")
def seed_day(folders: dict[Profile, Path]) -> Day:
    """The day on four validators that all execute."""
    return observe("seed", folders["seed"], keep=False, note=_quiet)


@pytest.fixture(scope="session")
def blind_day(folders: dict[Profile, Path]) -> Day:
    """The day on three executors that may not lead and four banks that order blindly."""
    return observe("blind", folders["blind"], keep=False, note=_quiet)


@pytest.fixture(params=["seed", "blind"])
def day(request: pytest.FixtureRequest) -> Day:
    """Each of the two days in turn."""
    found = request.getfixturevalue(f"{request.param}_day")
    assert isinstance(found, Day)
    return found
