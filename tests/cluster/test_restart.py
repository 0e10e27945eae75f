"""Stopping, dying, losing things, and going on."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from cluster.support import DAICHO, Cluster, daicho, wipe
from daicho.gateway.client import Receipt
from daicho.gateway.errors import GatewayError

KILL_AFTER = 6
"""Final receipts that a client holds when the power goes."""


class Load(threading.Thread):
    """One client that submits until told to stop; keeps what became final."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(name="load", daemon=True)
        self.cluster = cluster
        self.finals: list[Receipt] = []
        self.ended = threading.Event()

    def run(self) -> None:
        with self.cluster.client("exchange", "bankA") as client:
            client.timeout_s = 3.0
            while not self.ended.is_set():
                [item] = self.cluster.seal(client, 1)
                try:
                    self.finals += client.send([item])
                except GatewayError:
                    # Nobody answers: the power is off.
                    continue


def test_a_power_cut_in_mid_load_loses_nothing_final(found: Callable[..., Cluster]) -> None:
    """R31 ("restart → resumes"), R33, R69: every node is killed at once under
    load; what a client was told is final stands at its place, byte for byte."""
    cluster = found()
    load = Load(cluster)
    load.start()
    cluster.until("some are final", lambda: len(load.finals) >= KILL_AFTER)
    cluster.kill(*cluster.names)
    load.ended.set()
    load.join()
    finals = list(load.finals)
    cluster.up()
    # Also what was ordered and not certified when the power went is certified
    # now, without anybody submitting anything.
    height = cluster.settle()
    assert height >= finals[-1]["height"]
    blocks = {block["height"]: block for block in cluster.blocks("exchange")}
    results = {result["height"]: result for result in cluster.results("exchange")}
    for final in finals:
        assert blocks[final["height"]]["digest"] == final["commit_certificate"]["block"]
        certified = final["result_certificate"]
        assert results[final["height"]]["state_root"] == certified["state_root"]
    with cluster.client("exchange") as client:
        for final in finals:
            assert client.receipt(final["tx_id"])["height"] == final["height"]
    assert not any(cluster.events(name, "abstaining") for name in cluster.names)
    cluster.load(2)
    cluster.assert_equal_ledgers()


def test_a_torn_tail_is_cut(found: Callable[..., Cluster]) -> None:
    """Design, "Formats": a record that was being written when the power went
    was promised to nobody; it is cut off, said so, and fetched again."""
    cluster = found(readers=0)
    cluster.load(3)
    height = cluster.settle()
    cluster.kill("bankC")
    for stream in ("log", "results"):
        segment: Path = cluster.home("bankC") / stream / "00000000.seg"
        whole = segment.read_bytes()
        segment.write_bytes(whole[:-7])
    cluster.up("bankC")
    cuts = cluster.events("bankC", "torn_tail")
    assert {cut["msg"].split(" cut off ")[1].split("/")[0] for cut in cuts} == {"log", "results"}
    cluster.wait_height(height, "bankC")
    cluster.load(1)
    cluster.assert_equal_ledgers()


def test_results_that_were_deleted_come_back_on_an_idle_chain(
    found: Callable[..., Cluster],
) -> None:
    """Design, "State, results, recovery": result bodies can be fetched again
    from any node, whether or not anybody submits something."""
    cluster = found()
    cluster.load(3)
    height = cluster.settle()
    for name in ("bankC", "reader1"):
        cluster.stop(name)
        wipe(cluster.home(name) / "results")
        cluster.up(name)
    cluster.wait_height(height, "bankC", "reader1")
    cluster.assert_equal_ledgers()


def test_a_wiped_node_follows_and_votes_only_when_it_may(
    found: Callable[..., Cluster],
) -> None:
    """R123 scaled down, and the specification of agreement, "Wiped node": it
    rebuilds everything from its peers, shows that it abstains, and votes again
    at a height where no forgotten vote can be contradicted."""
    cluster = found(readers=0)
    cluster.load(4)
    height = cluster.settle()
    cluster.kill("bankC")
    home = cluster.home("bankC")
    assert not (home / "fresh").exists(), "the first record took the mark away"
    wipe(home / "log", home / "results", home / "executor" / "journal")
    cluster.up("bankC")
    cluster.wait_height(height, "bankC")
    cluster.until(
        "the status shows that it abstains",
        lambda: cluster.status("bankC")["consensus"]["abstaining"],
    )
    counters = cluster.status("bankC")["counters"]
    assert not {"frames_out.prepare", "frames_out.commit"} & set(counters), "it has not voted"
    # With a fourth that does not vote, three must.
    window = int(cluster.status("bankC")["parameters"]["window_heights"])
    cluster.load(2 * window)
    cluster.until("it votes again", lambda: not cluster.status("bankC")["consensus"]["abstaining"])
    [rejoined] = cluster.events("bankC", "rejoined")
    assert "view" in rejoined["msg"]
    assert cluster.assert_equal_ledgers() >= height + 2 * window
    # It counts again: without another one, three of four go on.
    cluster.kill("bankB")
    cluster.load(1)
    counters = lambda: cluster.status("bankC")["counters"]  # noqa: E731
    cluster.until("its votes are sent", lambda: counters().get("frames_out.commit"))
    cluster.up("bankB")
    cluster.assert_equal_ledgers()


def test_a_client_that_asks_again_after_a_restart_is_answered(
    found: Callable[..., Cluster],
) -> None:
    """Design, "Replay": "The same bytes again return the same receipt", also
    from a node that has started since and from one that was never asked."""
    cluster = found()
    with cluster.client("exchange", "bankA") as client:
        [item] = cluster.seal(client, 1)
        [first] = client.send([item])
    cluster.kill(*cluster.names)
    cluster.up()
    cluster.settle()
    for name in ("bankA", "reader1"):
        with cluster.client("exchange", name) as client:
            client.expect([item])
            [again] = client.send([item])
        for key in ("tx_id", "height", "index", "block_time_us", "status"):
            assert again[key] == first[key]


def test_every_root_follows_from_the_log_alone(found: Callable[..., Cluster]) -> None:
    """Must hold: "One validator's results and executor store deleted: `replay`
    recomputes every root from the log alone"."""
    cluster = found(readers=0)
    vault = cluster.deploy_vault()
    cluster.note(vault, "bankA", 3)
    height = cluster.settle()
    root = cluster.status("exchange")["state_root"]
    _, report, words = daicho("replay", "--home", cluster.home("bankC"), check=None)
    assert "in use" in json.dumps(report) + words, "not while the node runs"
    cluster.stop("bankC", "bankB")
    home = cluster.home("bankC")
    wipe(home / "results", home / "executor" / "journal")
    _, report, _ = daicho("replay", "--home", home)
    assert (report["ok"], report["height"], report["state_root"]) == (True, height, root)
    assert report["compared"] == 0, "there was nothing left to copy from"
    _, report, _ = daicho("replay", "--home", cluster.home("bankB"))
    assert (report["ok"], report["compared"]) == (True, height)
    cluster.up("bankB", "bankC")
    cluster.assert_equal_ledgers()


def test_one_folder_runs_one_process(found: Callable[..., Cluster]) -> None:
    """Design, "Agreement": "a restored or cloned node cannot sign twice": a
    second process on the same folder ends at once and disturbs nothing."""
    cluster = found(readers=0)
    pid = cluster.node("bankA").pid
    done = subprocess.run(
        [DAICHO, "node", "--home", cluster.home("bankA")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "in use" in done.stderr
    assert cluster.node("bankA").pid == pid, "the pid file is the first one's"
    cluster.load(1)
