"""What the market day leaves on the disks of those who held it."""

from __future__ import annotations

from pathlib import Path

import pytest

import disks
from daicho.admin.network import Network
from daicho.admin.plan import Profile
from daicho.demo import Day
from daicho.demo.cast import (
    BATCH,
    DEPOSITS,
    HOLDERS,
    ISIN_X,
    ISIN_Y,
    ISSUE_X,
    OPEN_OVER_SPLIT,
    SALES,
)
from daicho.gateway import Party

pytestmark = pytest.mark.slow

Folders = dict[Profile, Path]

NAMES = ("X Industries", "Y Foods", *(holder.name for holder in HOLDERS.values()))
WIDTH = 16
"""An amount is stored as an integer of sixteen bytes: wide enough that no
ciphertext holds one by chance, however few digits it has."""
SCALES = {"quantity": 2, "money": 2, "price": 4}
SIGN = 1 << 127


def _amounts() -> dict[str, int]:
    """What was dealt in, as the contracts scale it."""
    trades = [*SALES, BATCH, OPEN_OVER_SPLIT]
    found = {"issue": int(ISSUE_X * 10 ** SCALES["quantity"])}
    for holder, yen in DEPOSITS.items():
        found[f"deposit of {holder}"] = yen * 10 ** SCALES["money"]
    for number, trade in enumerate(trades):
        found[f"quantity {number}"] = int(trade.quantity * 10 ** SCALES["quantity"])
        found[f"consideration {number}"] = int(trade.consideration * 10 ** SCALES["money"])
        found[f"price {number}"] = int(trade.price * 10 ** SCALES["price"])
    return found


def _needles() -> dict[str, bytes]:
    plain: dict[str, bytes] = {}
    for text in (ISIN_X, ISIN_Y, *NAMES):
        plain |= disks.forms_of_text(text, text)
    for name, amount in _amounts().items():
        plain[f"{name} little-endian"] = amount.to_bytes(WIDTH, "little")
        plain[f"{name} as an ordered key"] = (amount + SIGN).to_bytes(WIDTH, "big")
    return disks.forms(plain)


NEEDLES = _needles()


def test_the_search_finds_a_planted_trade(tmp_path: Path, day: Day, folders: Folders) -> None:
    """Must hold: "a planted canary is found", in a file of this day's own."""
    home = Network(folders[day.profile]).file.nodes[0].name
    segment = folders[day.profile] / "nodes" / home / "log" / "00000000.seg"
    canary = tmp_path / "planted"
    for name, needle in NEEDLES.items():
        canary.write_bytes(segment.read_bytes() + needle)
        assert name in disks.search(canary.read_bytes(), NEEDLES), name


def test_no_disk_shows_what_was_traded(day: Day, folders: Folders) -> None:
    """R52, R97; Must hold: "Data directories of every node, readers and blind banks searched
    for names, ISIN, LEI, prices and quantities: nothing outside the holder's own executor", and
    nothing at rest there.
    """
    folder = folders[day.profile]
    parties = [Party.open(home) for home in (folder / "parties").iterdir()]
    needles = NEEDLES | disks.forms({party.file.name: party.file.lei.encode() for party in parties})
    assert len(needles) > len(NEEDLES)
    names = [node.name for node in Network(folder).file.nodes]
    assert len(names) > day.validators, "a reader too"
    for name in names:
        home = folder / "nodes" / name
        assert any((home / "log").glob("*.seg")), "there is something to search"
        for path in disks.files_below(home):
            assert disks.search(path.read_bytes(), needles) == [], path
