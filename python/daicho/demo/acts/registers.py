"""Who may read what, and the proof that a register is complete."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from daicho.demo.cast import HOLDERS, ISIN_X, ISIN_Y
from daicho.demo.stage import Stage
from daicho.query.tables import TableReader, register_of


def events_rebuild_the_register(stage: Stage) -> str:
    """Issues and movements alone, from the receipts of the day, give the register again."""
    x, lines, moved = stage.desk("issX"), Counter[bytes](), 0
    own = x.ask("reference", "find_issuer", issuer=x.id)["account"]
    for name, fields in stage.events("securities"):
        moved += name == "Moved"
        if fields["isin"] != ISIN_X:
            continue
        if name == "SharesIssued":
            lines[own] += fields["quantity"]
        elif name == "Moved":
            lines[fields["from_account"]] -= fields["quantity"]
            lines[fields["to_account"]] += fields["quantity"]
    rows = x.ask("securities", "holders", issuer=x.id, isin=ISIN_X, after=None)
    register = {row["account"]: row["quantity"] for row in rows}
    stage.seen.note("events.movements", moved)
    stage.seen.note("events.give_the_register", +lines == register)
    return f"{moved} movements, {len(register)} holders"


def issuer_reads_its_own(stage: Stage) -> str:
    """Issuer X reads names and numbers; issuer Y and bank B are told nothing of them."""
    x, y, b = stage.desk("issX"), stage.desk("issY"), stage.desk("bankB")
    asked = {"issuer": x.id, "isin": ISIN_X, "after": None}
    rows = x.ask("securities", "holders", **asked)
    stage.seen.note("registers.names", sorted(row["name"] for row in rows))
    stage.seen.note("registers.issuerY", y.ask_code("securities", "holders", **asked))
    stage.seen.note("registers.bankB", b.ask_code("securities", "holders", **asked))
    adm, other = stage.desk("adm"), {"issuer": y.id, "isin": ISIN_Y, "after": None}
    seen = [len(adm.ask("securities", "holders", **each)) for each in (asked, other)]
    stage.seen.note("registers.administrator_sees", seen)
    code = x.code("trades", "cancel", trade=bytes(32), side="BUY")
    stage.seen.note("registers.issuer_submits", code)
    return f"{len(rows)} names for issuer X, ACCESS for the others"


def register_is_proved_complete(stage: Stage) -> str:
    """All rows at the record time, held against the root that a majority of executors signed.

    The proof shows that between the first and the last key of the table there
    is nothing else: a holder can be neither invented nor left out.
    """
    x, height = stage.desk("issX"), stage.moments["record_height"]
    artefact = stage.network.folder / "contracts" / "securities.dcb"
    number = stage.contracts["securities"].number
    table = TableReader(number, artefact.read_bytes(), "register_lines")
    low, high = table.range()
    rows = x.asks.rows(register_of(x.id), low, high, at=("height", height)).rows
    lines = [table.row(key, value) for key, value in rows]
    proved = {line["account"]: line["quantity"] for line in lines if line["isin"] == ISIN_X}
    for holder in HOLDERS:
        stage.seen.note(f"record.{holder}", proved.get(stage.ids[holder], Decimal(0)))
    stage.seen.note("record.holders", len(proved))
    stage.seen.note("record.total", sum(proved.values(), Decimal(0)))
    stage.seen.note("record.query_agrees", holders_of_record(stage) == proved)
    return f"{len(proved)} holders of {sum(proved.values()):,} shares after block {height}"


def holders_of_record(stage: Stage) -> dict[bytes, Decimal]:
    """What the contract answers for the record time: quantity by account."""
    x = stage.desk("issX")
    asked = {"issuer": x.id, "isin": ISIN_X, "time": stage.moments["record_time_us"]}
    rows = x.ask("securities", "holders_at", after=None, **asked)
    return {row["account"]: row["quantity"] for row in rows}
