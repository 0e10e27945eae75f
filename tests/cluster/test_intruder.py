"""A node in other hands: its keys are real, its words break the rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cluster.intruder import Intruder, next_header, other
from cluster.support import Cluster


def _evidence(cluster: Cluster, name: str) -> list[str]:
    folder: Path = cluster.home(name) / "evidence"
    return [path.read_text() for path in sorted(folder.iterdir())]


def _vote_in_vain(cluster: Cluster, outsider: str, honest: list[str]) -> None:
    """The vote of a node that has none counts for nothing, whatever it is for."""
    replica = cluster.names.index(outsider)
    header = next_header(cluster, "exchange")
    with Intruder(cluster, outsider, honest) as intruder:
        intruder.say(intruder.prepare(header, view=0))
        intruder.say(intruder.commit(header, view=0))
        for name in honest:
            cluster.until(
                f"{name} logs the vote of {outsider}",
                lambda name=name: any(
                    row.get("msg", "").find(f"ReplicaId({replica})") >= 0
                    or row.get("peer") == replica
                    for row in cluster.events(name, "bad_message")
                ),
            )


def test_a_block_from_whoever_may_not_is_rejected_and_kept(
    found: Callable[..., Cluster],
) -> None:
    """R29: "Signed block from non-leader / non-validator → rejected, evidence
    kept". R11: "Member non-validator ... its forged vote → ignored and logged"."""
    cluster = found(members=1)
    cluster.load(2)
    height = cluster.settle()
    honest = ["exchange", "bankA", "bankB"]
    assert cluster.status("exchange")["leader"] == "exchange"

    cluster.stop("reader1")
    reader = cluster.names.index("reader1")
    header = next_header(cluster, "exchange")
    with Intruder(cluster, "reader1", honest) as intruder:
        assert intruder.replica == reader
        intruder.say(intruder.pre_prepare(header, view=0))
        for name in honest:
            cluster.until(
                f"{name} keeps what the reader signed",
                lambda name=name: any("NotValidator" in text for text in _evidence(cluster, name)),
            )
    _vote_in_vain(cluster, "reader1", honest)
    cluster.stop("bankD")
    _vote_in_vain(cluster, "bankD", honest)

    cluster.stop("bankC")
    with Intruder(cluster, "bankC", honest) as intruder:
        intruder.say(intruder.pre_prepare(header, view=0))
        intruder.say(intruder.pre_prepare(header, view=0, leader=0))
        for name in honest:
            cluster.until(
                f"{name} keeps what bankC signed",
                lambda name=name: any("NotLeader" in text for text in _evidence(cluster, name)),
            )
        # Contradicting votes by a real validator are kept as well, and bring
        # no block about: the leader never proposed it.
        for vote in (intruder.prepare, intruder.commit):
            intruder.say(vote(header, 0))
            intruder.say(vote(other(header), 0))
        for kind in ("TwoPrepares", "TwoCommits"):
            for name in honest:
                cluster.until(
                    f"{name} keeps {kind}",
                    lambda name=name, kind=kind: any(
                        kind in text for text in _evidence(cluster, name)
                    ),
                )
    assert {cluster.height(name) for name in honest} == {height}, "nothing was committed"
    for name in honest:
        assert cluster.events(name, "evidence"), "the operator is told"
    # Three are enough, and what they order is what they were asked to.
    cluster.load(1)
    assert cluster.settle(*honest) == height + 1
    cluster.up("bankC", "bankD", "reader1")
    cluster.assert_equal_ledgers()
