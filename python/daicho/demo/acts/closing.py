"""After the last act: every node's books side by side.

A block is a node's word for what was ordered, a certified result its word for
what came of it. Both are fetched from every node's gateway and checked against
the genesis; then they must be equal, byte for byte, and so must the root that
each executor itself reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from daicho.demo.stage import Stage, until
from daicho.gateway import LedgerClient

PAGE = 64
"""Heights in one request."""

Page = tuple[int, bytes, bytes, bytes]


@dataclass(frozen=True)
class Closing:
    """How the network came through the day."""

    validators: int
    executors: int
    height: int
    certified_height: int
    view_changes: int
    roots_equal: bool
    transactions: int


@dataclass(frozen=True)
class Books:
    """One node's ledger up to a height."""

    pages: list[Page]
    """Height, block digest, state root and sealed result body, of each height."""
    roots: dict[int, bytes]
    """State root by height, as a majority of executors signed it."""
    transactions: int


def close_the_books(stage: Stage) -> Closing:
    """Compare every node's ledger up to the last block of the day."""
    genesis = stage.party("adm").genesis.file
    top = stage.last_height()
    until(f"the results up to {top} on every node", lambda: results_stored(stage, top))
    statuses = stage.statuses()
    books = [read_books(stage, node.name, top) for node in genesis.nodes]
    first = books[0]
    equal = len(first.pages) == top and all(each.pages == first.pages for each in books)
    equal = equal and executors_agree(stage, first.roots)
    stage.seen.note("closing.nodes", len(statuses))
    stage.seen.note("closing.transactions", first.transactions)
    stage.seen.note("closing.roots_equal", equal)
    return Closing(
        validators=sum(node.validates for node in genesis.nodes),
        executors=sum(node.executor is not None for node in genesis.nodes),
        height=max(top, *(int(status["height"]) for status in statuses)),
        certified_height=max(top, *(int(status["certified_height"]) for status in statuses)),
        view_changes=max(int(status["consensus"]["view_changes"]) for status in statuses),
        roots_equal=equal,
        transactions=first.transactions,
    )


def results_stored(stage: Stage, top: int) -> bool | None:
    """True once every node holds the certified results up to a height, bodies and all.

    A certificate travels in the next header, the body it names beside it.
    """
    return all(int(status["results_stored"]) >= top for status in stage.statuses()) or None


def read_books(stage: Stage, node: str, top: int) -> Books:
    """Everything from block 1 to `top` at one node, each block and result checked."""
    client = stage.client("adm", node)
    pages: list[Page] = []
    roots: dict[int, bytes] = {}
    transactions = 0
    for block, result in _pairs(client, top):
        digest = block["digest"]
        assert result["block"] == digest, "a result stands beside its block"
        height, root = int(block["height"]), bytes(result["state_root"])
        pages.append((height, bytes(digest), root, bytes(result["body"])))
        roots[height] = root
        transactions += len(block["items"])
    return Books(pages, roots, transactions)


def _pairs(client: LedgerClient, top: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Checked blocks and their results, in order; what is missing ends the pairs."""
    first = 1
    while first <= top:
        count = min(PAGE, top - first + 1)
        blocks = [client.checked_block(row["bytes"]) for row in client.blocks(first, count)]
        bodies = client.results(first, count)
        results = [{**client.checked_result(row["bytes"]), "body": row["body"]} for row in bodies]
        if not blocks or not results:
            return
        yield from zip(blocks, results, strict=False)
        first += min(len(blocks), len(results))


def executors_agree(stage: Stage, roots: dict[int, bytes]) -> bool:
    """Whether each executor's own root is the certified one of its height.

    Executors run ahead of what was read, so each is asked until it names a
    height that was; a quiet market stands still long enough for that.
    """

    def certified_root(height: int) -> bytes:
        if height not in roots:
            client = stage.desk("adm").client
            [row] = until(f"the result of {height}", lambda: client.results(height, 1) or None)
            roots[height] = bytes(client.checked_result(row["bytes"])["state_root"])
        return roots[height]

    own = [
        (int(status["executor"]["height"]), str(status["executor"]["state_root"]))
        for status in stage.statuses()
        if status["executes"]
    ]
    return bool(own) and all(certified_root(height).hex() == root for height, root in own)
