"""Stored bytes that are no longer what was stored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster.support import PROC, Cluster, daicho
from daicho._native import ask_trace
from daicho.config import ConfigError
from daicho.gateway.errors import RefusedError

MAGIC = b"DCHR"
HEAD_BYTES = 34
"""magic 4, version 2, height 8, group 8, length 4, check 8 (rust/log/src/frame.rs)"""

KINDS = {1: "head", 2: "block", 3: "bodies", 4: "agreement", 5: "commit", 6: "result"}
"""Tags of a stored record (rust/log/src/record.rs)."""


@dataclass(frozen=True)
class Stored:
    """One record in a segment."""

    file: str
    kind: str
    height: int
    offset: int
    payload: int

    @property
    def middle(self) -> int:
        """A byte in the middle of what it says."""
        return self.offset + HEAD_BYTES + self.payload // 2


def _records(home: Path) -> Iterator[Stored]:
    for stream in ("log", "results"):
        for segment in sorted((home / stream).glob("*.seg")):
            data, at = segment.read_bytes(), 0
            while at < len(data):
                assert data[at : at + 4] == MAGIC
                height = int.from_bytes(data[at + 6 : at + 14], "little")
                payload = int.from_bytes(data[at + 22 : at + 26], "little")
                kind = KINDS[data[at + HEAD_BYTES]]
                yield Stored(f"{stream}/{segment.name}", kind, height, at, payload)
                at += HEAD_BYTES + payload + 32


@pytest.fixture(scope="module")
def stopped(cluster: Cluster) -> Cluster:
    """The module's network with a few blocks, and bankC stopped."""
    cluster.load(6)
    cluster.settle()
    cluster.stop("bankC")
    return cluster


def test_one_flipped_byte_of_any_record_is_named(stopped: Cluster, tmp_path: Path) -> None:
    """R23: "Flip one byte of any stored block/state page → `verify` names
    height and fails"."""
    home = stopped.home("bankC")
    code, report, _ = daicho("verify", "--home", home)
    assert (code, report["ok"], report["errors"]) == (0, True, [])
    records = list(_records(home))
    assert {record.kind for record in records} == set(KINDS.values()), "one of each kind at least"
    # The last of a kind but not of the file: a torn tail is another matter.
    chosen = {record.kind: record for record in records if record.height <= 4}
    for kind, record in chosen.items():
        path = home / record.file
        whole = path.read_bytes()
        for place in (record.offset + 8, record.middle):
            broken = bytearray(whole)
            broken[place] ^= 0x40
            path.write_bytes(broken)
            code, report, words = daicho("verify", "--home", home, check=None)
            assert code == 5, (kind, report, words)
            error = report["errors"][0]
            assert error["code"] in ("DAMAGED", "WRONG_CHAIN"), kind
            assert error["file"] == record.file, kind
            assert error["offset"] == record.offset, kind
            if kind == "head":
                continue
            if place == record.middle:
                assert error["height"] == record.height, kind
            else:
                # Its own height is what was broken: where the chain stood is
                # named, and what now is missing.
                assert 1 <= error["height"] <= record.height, kind
                named = {other["height"] for other in report["errors"]}
                assert kind == "agreement" or record.height in named, kind
        path.write_bytes(whole)
    assert daicho("verify", "--home", home)[1]["ok"], "everything is as it was"


def test_a_damaged_node_does_not_start(stopped: Cluster) -> None:
    """R23: "... node refuses to serve it": what was synced once and does not
    read is no torn tail."""
    home = stopped.home("bankC")
    record = next(r for r in _records(home) if r.kind == "bodies" and r.height == 2)
    path = home / record.file
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[record.middle] ^= 1
    path.write_bytes(broken)
    with pytest.raises(ConfigError, match="is damaged at"):
        stopped.up("bankC")
    assert path.read_bytes() == bytes(broken), "nothing was cut off"
    path.write_bytes(whole)
    stopped.up("bankC")
    stopped.assert_equal_ledgers()


def test_a_record_damaged_under_a_running_node_is_not_served(
    found: Callable[..., Cluster],
) -> None:
    """R23: "... node refuses to serve it". Blocks above the damage go on."""
    cluster = found()
    # More than a node keeps in memory, so that the first are read from disk.
    with cluster.client("exchange") as client:
        for item in cluster.seal(client, 67):
            cluster.send(client, item, "ordered")
    height = cluster.settle()
    assert height > 64 + 2
    home = cluster.home("bankB")
    for kind, ask in (("bodies", "blocks"), ("result", "results")):
        record = next(r for r in _records(home) if r.kind == kind and r.height == 2)
        with (home / record.file).open("r+b") as file:
            file.seek(record.middle)
            [byte] = file.read(1)
            file.seek(record.middle)
            file.write(bytes([byte ^ 1]))
        with cluster.client("exchange", "bankB") as client:
            assert [row["height"] for row in getattr(client, ask)(1)] == [1]
            with pytest.raises(RefusedError) as refusal:
                getattr(client, ask)(2)
            assert refusal.value.code == "DAMAGED"
            assert getattr(client, ask)(3)[0]["height"] == 3
            # Its executor, which needs both for a trace, is told so and goes on.
            with pytest.raises(RefusedError, match="NOT_KEPT"):
                client._query(ask_trace(bytes(32), 2))
            with pytest.raises(RefusedError, match="ACCESS"):
                client._query(ask_trace(bytes(32), 3))
    named = [event["height"] for event in cluster.events("bankB", "damaged")]
    assert named == [2], "said once"
    cluster.load(1)
    assert cluster.settle() == height + 1, "it goes on ordering"


def test_a_damaged_executor_store_stops_execution_and_names_the_height(
    found: Callable[..., Cluster],
) -> None:
    """R23 for a state page: the executor's journal. The node goes on ordering;
    with the store deleted it executes again."""
    cluster = found(readers=0)
    cluster.load(3)
    height = cluster.settle()
    cluster.stop("bankC")
    journal = cluster.home("bankC") / "executor" / "journal"
    kept = journal.with_name("kept")
    shutil.copy2(journal, kept)
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    cluster.up("bankC")
    log = cluster.home("bankC") / "logs" / "executor.jsonl"
    cluster.until(
        "the executor names the height",
        lambda: "the record of height Height(2) is damaged" in log.read_text(),
    )
    cluster.until(
        "the node gives it up", lambda: "halted_at" in (cluster.status("bankC")["executor"] or {})
    )
    cluster.load(1)
    assert cluster.settle() == height + 1
    cluster.stop("bankC")
    journal.unlink()
    cluster.up("bankC")
    cluster.until(
        "it has executed everything again",
        lambda: (cluster.status("bankC")["executor"] or {}).get("height") == height + 1,
    )
    cluster.assert_equal_ledgers()
    assert PROC.exists()
