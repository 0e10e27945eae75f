"""After the last transaction: the ledger's balances against our own book.

Positions are read as all rows of each bank's books, proved complete against the
root that a majority of executors certified; money as each bank's own query.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from daicho.bench.market import BANKS, TIMEOUT_S, Market
from daicho.gateway import LedgerClient, Party
from daicho.query.tables import TableReader

PARTY_KIND = 2
RANGES = 16
"""Requests for the rows of one bank: an answer is bounded, an account's first byte is not."""
POLL_S = 0.1


def balances_match(market: Market, note: Callable[[str], None]) -> bool:
    """Whether the ledger holds what our own book says, and nothing else."""
    shares: dict[tuple[bytes, str], int] = {}
    yen: list[int] = []
    for name in BANKS:
        party = Party.open(market.network.party(name))
        # Any node with an executor answers; a bank of the blind profile has none.
        with LedgerClient(party, node="exchange", timeout_s=TIMEOUT_S) as client:
            shares.update(_positions(market, client))
            yen.append(_money(market, client))
    wanted = {key: quantity for key, quantity in market.book.shares.items() if quantity}
    found = {key: quantity for key, quantity in shares.items() if quantity}
    wrong = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    if wrong:
        note(f"FALSE {len(wrong)} of {len(wanted)} positions differ from the book")
    if yen != market.book.yen:
        note(f"FALSE the banks' money is {yen}, the book says {market.book.yen}")
    return not wrong and yen == market.book.yen


def _positions(market: Market, client: LedgerClient) -> dict[tuple[bytes, str], int]:
    contract = market.contract("securities")
    artefact = market.network.folder / "contracts" / "securities.dcb"
    table = TableReader(contract.number, artefact.read_bytes(), "positions")
    party = client.party.file.party
    first, last = table.range()
    bounds = [first + party + bytes([part * 256 // RANGES]) for part in range(RANGES)]
    found: dict[tuple[bytes, str], int] = {}
    for low, high in zip(bounds, [*bounds[1:], last], strict=True):
        for key, value in client.rows(bytes([PARTY_KIND]) + party, low, high).rows:
            row = table.row(key, value)
            assert row["earmarked"] == 0, "nothing here waits for a sign-off"
            found[(row["account"], row["isin"])] = _whole(row["available"])
    return found


def _money(market: Market, client: LedgerClient) -> int:
    contract = market.contract("cash")
    arguments = contract.arguments("balance", {"holder": client.party.file.party})
    answer = client.query(contract.number, contract.query("balance"), arguments)
    balance = contract.abi.decode_result("balance", answer.result)
    assert isinstance(balance, dict), "a balance is a record"
    return _whole(balance["available"])


def _whole(amount: Decimal) -> int:
    assert amount == int(amount), "only whole shares and yen are traded here"
    return int(amount)


def roots_equal(market: Market) -> bool:
    """Whether every executor has run to the same height and stands at the same root."""
    genesis = market.banks[0].client.party.genesis.file
    executing = sum(node.executor is not None for node in genesis.nodes)
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        statuses = [status for node in market.network.nodes() if (status := node.status())]
        stands = [s["executor"] for s in statuses if s["executes"] and s["executor"]]
        found = {(stand.get("height"), stand.get("state_root")) for stand in stands}
        top = max(int(status["height"]) for status in statuses)
        if len(stands) == executing and {height for height, _ in found} == {top}:
            return len(found) == 1
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
