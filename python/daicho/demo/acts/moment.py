"""Time on the ledger: it passes in blocks, and a moment is over when a later block is final."""

from __future__ import annotations

from daicho.demo.stage import Desk, Stage

RECORD_LEAD_US = 500_000
"""The record time lies this far after the last final block."""


def last_final(desk: Desk) -> tuple[int, int]:
    """Height and time of the last final block at the desk's node."""
    height = int(desk.client.status()["certified_height"])
    [row] = desk.client.blocks(height, 1)
    block = desk.client.checked_block(row["bytes"])
    return height, int(block["time_us"])


def record_time_passes(stage: Stage) -> str:
    """A record time is set; nobody submits until a block of a later time is final."""
    desk = stage.desk("adm")
    before, time_us = last_final(desk)
    record_us = time_us + RECORD_LEAD_US

    def passed() -> tuple[int, int] | None:
        now = last_final(desk)
        return now if now[1] > record_us else None

    after, _ = stage.until("a block after the record time", passed)
    stage.moments["record_time_us"] = record_us
    stage.moments["record_height"] = last_block_until(desk, record_us, after)
    stage.seen.note("record.transactions_meanwhile", _transactions(desk, before + 1, after))
    held = stage.moments["record_height"]
    return f"block {held} is the last one before it, block {after} is final after it"


def last_block_until(desk: Desk, time_us: int, top: int) -> int:
    """The height of the last block with time at or before `time_us`."""
    rows = desk.client.blocks(max(1, top - 63), 64)
    blocks = [desk.client.checked_block(row["bytes"]) for row in rows]
    early = [int(block["height"]) for block in blocks if int(block["time_us"]) <= time_us]
    assert early, "the record time lies after the first of these blocks"
    return max(early)


def _transactions(desk: Desk, first: int, last: int) -> int:
    rows = desk.client.blocks(first, last - first + 1)
    return sum(len(desk.client.checked_block(row["bytes"])["items"]) for row in rows)
