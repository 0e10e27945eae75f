"""Who leads, and what happens when leaders die."""

from __future__ import annotations

from collections.abc import Callable

from cluster.support import Cluster
from daicho.gateway import UnreachableError

SILENCE_S = 8.0
"""Without a quorum nothing commits however long one waits; so long is waited."""


def _proposed(cluster: Cluster) -> dict[str, int]:
    """How many proposals each node has sent since it started."""
    return {
        name: cluster.status(name)["counters"].get("frames_out.pre_prepare", 0)
        for name in cluster.validators
    }


def _leader(cluster: Cluster, policy: str, height: int, view: int) -> str:
    """The rule, written down a second time: v mod k, or (h+v) mod k."""
    turn = view if policy == "sticky" else height + view
    return cluster.validators[turn % len(cluster.validators)]


def _led(cluster: Cluster, policy: str, blocks: int) -> list[str]:
    """Who led each of so many new blocks, by the view in its certificate."""
    receipts = cluster.load(blocks)
    heights = [receipt["height"] for receipt in receipts]
    assert heights == list(range(heights[0], heights[0] + blocks)), "one block each"
    views = [receipt["commit_certificate"]["view"] for receipt in receipts]
    return [_leader(cluster, policy, h, v) for h, v in zip(heights, views, strict=True)]


def test_round_robin_takes_turns(found: Callable[..., Cluster]) -> None:
    """R30: "`leader=round_robin`: 8 blocks → 4 leaders ×2"."""  # noqa: RUF002
    cluster = found(leader="round_robin", readers=0)
    assert cluster.status("bankA")["leader_policy"] == "round_robin"
    before = _proposed(cluster)
    led = _led(cluster, "round_robin", 8)
    assert sorted(led) == sorted(2 * cluster.validators)

    def all_have_proposed() -> bool:
        after = _proposed(cluster)
        # Two proposals each to three others, repetitions on a slow machine aside.
        return all(after[name] - before[name] >= 6 for name in cluster.validators)

    cluster.until("every validator has sent two proposals", all_have_proposed)
    cluster.assert_equal_ledgers()


def test_a_sticky_leader_stays_until_it_fails(found: Callable[..., Cluster]) -> None:
    """R30: "`leader=sticky`: 8 blocks → 1 leader; kill it → next in order"."""
    cluster = found(readers=0)
    assert set(_led(cluster, "sticky", 8)) == {"exchange"}
    sent = _proposed(cluster)
    assert [name for name, count in sent.items() if count > 0] == ["exchange"]
    cluster.kill("exchange")
    rest = ["bankA", "bankB", "bankC"]
    receipts = cluster.load(2, node="bankB")
    assert {receipt["commit_certificate"]["view"] for receipt in receipts} == {1}
    for name in rest:
        cluster.until(
            f"{name} follows the next in order",
            lambda name=name: cluster.status(name)["leader"] == "bankA",
        )
        assert cluster.status(name)["consensus"]["view_changes"] == 1
    cluster.up("exchange")
    cluster.load(1, node="bankC")
    cluster.assert_equal_ledgers()
    cluster.until(
        "it follows the view it missed", lambda: cluster.status("exchange")["leader"] == "bankA"
    )


def test_one_of_four_may_fail_and_two_halt_it(found: Callable[..., Cluster]) -> None:
    """R31: "n=4 kill 1 → commits continue; kill one more → halts, no fork;
    restart → resumes". No manual step: the nodes are started, nothing more."""
    cluster = found(readers=0)
    cluster.load(2)
    cluster.kill("bankC")
    cluster.load(3)
    height = cluster.settle("exchange", "bankA", "bankB")

    cluster.kill("bankB")
    with cluster.client("exchange") as client:
        [item] = cluster.seal(client, 1)
        client.timeout_s = SILENCE_S
        try:
            client.send([item])
        except UnreachableError:
            pass
        else:
            raise AssertionError("two of four decided something")
    assert {cluster.height("exchange"), cluster.height("bankA")} == {height}, "it halts"

    cluster.up("bankB")
    # What was asked for while it stood still is ordered once it moves again.
    cluster.wait_height(height + 1, "exchange", "bankA", "bankB")
    with cluster.client("exchange") as client:
        receipt = client.receipt(item.tx_id, item.witness_id)
    assert receipt["finality"] == "final"
    cluster.load(1)
    cluster.up("bankC")
    cluster.assert_equal_ledgers()
