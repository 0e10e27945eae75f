"""Time on the ledger: it passes in blocks, and a moment is over when a later block is final."""

from __future__ import annotations

from typing import Any

from daicho.demo.acts.money import balance
from daicho.demo.cast import AFTER_RECORD, LEFT_TO_LAPSE
from daicho.demo.dealing import available, confirm, deal, enter
from daicho.demo.stage import Desk, Stage, until

RECORD_LEAD_US = 500_000
"""The record time lies this far after the last final block."""
LAPSE_LEAD_US = 2_000_000
"""A trade that is left alone lapses this long after the last final block."""


def record_time_passes(stage: Stage) -> str:
    """A record time is set; nobody submits until a block of a later time is final."""
    desk = stage.desk("bankC")
    lapses_us = last_final(desk)[1] + LAPSE_LEAD_US
    stage.moments["lapses_us"] = lapses_us
    stage.ids["left_to_lapse"] = enter(stage, LEFT_TO_LAPSE, lapses_us)
    before, time_us = until("its block", lambda: final_from(desk, stage.last_height()))
    record_us = time_us + RECORD_LEAD_US

    after = until("a block after the record time", lambda: final_after(desk, record_us))
    blocks = checked_blocks(desk, before + 1, after)
    held = [block for block in blocks if int(block["time_us"]) <= record_us]
    stage.moments["record_time_us"] = record_us
    stage.moments["record_height"] = int(held[-1]["height"]) if held else before
    meanwhile = sum(len(block["items"]) for block in blocks)
    stage.seen.note("record.submitted_meanwhile", meanwhile)
    return f"block {stage.moments['record_height']} is the last before it, {after} final after it"


def trading_goes_on(stage: Stage) -> str:
    """After the record time an investor sells everything; a trade left alone has lapsed."""
    desk, lapses_us = stage.desk("bankC"), stage.moments["lapses_us"]
    until("a block after the lapse", lambda: final_after(desk, lapses_us))
    stage.seen.note("after.lapsed", confirm(stage, LEFT_TO_LAPSE, stage.ids["left_to_lapse"]))
    stage.seen.note("after.status", deal(stage, AFTER_RECORD))
    stage.seen.note("after.mori", available(stage, "mori"))
    stage.seen.note("after.abe", available(stage, "abe"))
    for bank in ("bankB", "bankC"):
        stage.seen.note(f"after.{bank}_cash", balance(stage, bank))
    return f"Mori sells {AFTER_RECORD.quantity:,} to Abe"


def last_final(desk: Desk) -> tuple[int, int]:
    """Height and time of the last final block at the desk's node."""
    height = int(desk.client.status()["certified_height"])
    [block] = checked_blocks(desk, height, height)
    return height, int(block["time_us"])


def final_from(desk: Desk, height: int) -> tuple[int, int] | None:
    """The last final block, if it is that height or a later one."""
    found = last_final(desk)
    return found if found[0] >= height else None


def final_after(desk: Desk, time_us: int) -> int | None:
    """The height of the last final block, if its time is later."""
    height, now_us = last_final(desk)
    return height if now_us > time_us else None


def checked_blocks(desk: Desk, first: int, last: int) -> list[dict[str, Any]]:
    """The blocks from `first` to `last`, each checked against the genesis."""
    rows = desk.client.blocks(first, last - first + 1)
    blocks = [desk.client.checked_block(row["bytes"]) for row in rows]
    assert [block["height"] for block in blocks] == list(range(first, last + 1)), "no gap"
    return blocks
