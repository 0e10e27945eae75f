"""Clocks that disagree."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.support import Cluster, daicho

SKEW_MS = 30_000
OFFSETS_MS = {"exchange": SKEW_MS, "bankA": -SKEW_MS, "bankB": 0, "bankC": SKEW_MS // 2}


def _set_clock(cluster: Cluster, name: str, offset_ms: int) -> None:
    """Top-level keys of `node.toml` come before its tables."""
    path: Path = cluster.home(name) / "node.toml"
    text = path.read_text()
    place = text.index("\n[")
    path.write_text(f"{text[:place]}\nclock_offset_ms = {offset_ms}\n{text[place:]}")


def test_clocks_half_a_minute_apart_slow_it_down_and_never_stop_it(
    found: Callable[..., Cluster],
) -> None:
    """R38: "Skew validators ±30 s → commits continue (the bound widens per
    failed view, alarmed), identical roots, no manual step"."""
    cluster = found(readers=0, start=False)
    for name, offset_ms in OFFSETS_MS.items():
        _set_clock(cluster, name, offset_ms)
    cluster.up()
    for name, offset_ms in OFFSETS_MS.items():
        assert bool(cluster.events(name, "clock_offset")) == (offset_ms != 0)
    with cluster.client("exchange", "bankB") as client:
        client.timeout_s = 120.0
        receipts = [cluster.send(client, item) for item in cluster.seal(client, 2)]
    assert all(receipt["finality"] == "final" for receipt in receipts)
    times = [receipt["block_time_us"] for receipt in receipts]
    assert times == sorted(times)
    widened = [row for name in OFFSETS_MS for row in cluster.events(name, "time_bound_widened")]
    refused = [row for name in OFFSETS_MS for row in cluster.events(name, "time_refused")]
    assert refused, "the first leader's time was out of the first bound"
    bounds = [
        int(found[1]) for row in widened if (found := re.search(r"bound_us: (\d+)", row["msg"]))
    ]
    assert max(bounds) > 3_000_000, "the bound widened, and the operators were told"
    cluster.assert_equal_ledgers()


def test_a_production_chain_takes_no_wrong_clock(tmp_path: Path) -> None:
    """Design, "Time in tests": what bends a clock is refused in production."""
    cluster = Cluster.found(tmp_path / "net", "production", purpose="production")
    _set_clock(cluster, "bankA", 1)
    code, report, words = daicho("check", "--network", cluster.folder, check=None)
    assert code == 2, (report, words)
    assert any("clock_offset_ms" in problem["key"] for problem in report["errors"])
    with pytest.raises(Exception, match="clock offset"):
        cluster.up("bankA")
