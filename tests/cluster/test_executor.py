"""The executor's process: its walls, its deaths, its store."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from cluster.support import PROC, Cluster, children_of, open_descriptors, wipe

DEATHS_MAX = 5
"""As rust/host/src/child.rs has it."""


def _pid(cluster: Cluster, name: str) -> int:
    """The running executor of a node that has said hello."""

    def running() -> int:
        standing = cluster.status(name)["executor"] or {}
        pid = standing.get("pid")
        return pid if pid and "sandbox" in standing and (PROC / str(pid)).exists() else 0

    return cluster.until(f"the executor of {name} runs", running)


def _fields(pid: int) -> dict[str, str]:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_walls_around_the_executor(cluster: Cluster) -> None:
    """Must hold: "The executor tries, from inside, a socket, an exec, ptrace
    and a file outside its home: each fails; `status` shows the sandbox" — and
    the same seen from outside."""
    for name in cluster.executors:
        pid = _pid(cluster, name)
        sandbox = cluster.status(name)["executor"]["sandbox"]
        assert sandbox == "no-core+landlock+seccomp+probed", "each attempt failed"
        fields = _fields(pid)
        assert fields["NoNewPrivs"] == "1"
        assert fields["Seccomp"] == "2", "a filter is in force"
        assert fields["CoreDumping"] == "0"
        limits = (PROC / str(pid) / "limits").read_text()
        [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core.split()[4:6] == ["0", "0"]
        opened = open_descriptors(pid)
        sockets = {target for target in opened.values() if target.startswith("socket:")}
        assert len(sockets) == 1, f"one socket, to its node: {opened}"
        home = str(cluster.home(name))
        files = {target for target in opened.values() if target.startswith("/")}
        assert all(file.startswith(home) or file == "/dev/null" for file in files), files
        node = cluster.node(name).pid
        assert node is not None
        assert pid in children_of(node)
        assert not (PROC / str(pid) / "environ").read_bytes(), "it inherits no environment"


def test_a_node_without_an_executor_has_no_such_process(cluster: Cluster) -> None:
    """Design, "Two roles": a reader executes nothing."""
    assert cluster.status("reader1")["executor"] is None
    assert not (cluster.home("reader1") / "executor").exists()
    node = cluster.node("reader1").pid
    assert node is not None
    assert children_of(node) == []


def test_a_killed_executor_comes_back_with_the_same_root(cluster: Cluster) -> None:
    """Design, "Two roles": "If it dies the node restarts it with back-off and
    keeps ordering"; a killed executor restarts without a person."""
    cluster.load(2)
    height = cluster.settle()
    before = _pid(cluster, "bankA")
    os.kill(before, signal.SIGKILL)
    cluster.load(2)
    after = cluster.until("another executor", lambda: (p := _pid(cluster, "bankA")) != before and p)
    assert after != before
    cluster.until("it has caught up", lambda: _executed(cluster, "bankA") == height + 2)
    assert _root(cluster, "bankA") == _root(cluster, "exchange")
    cluster.assert_equal_ledgers()


def _executed(cluster: Cluster, name: str) -> int:
    return int((cluster.status(name)["executor"] or {}).get("height", 0))


def _root(cluster: Cluster, name: str) -> str:
    return str(cluster.status(name)["executor"]["state_root"])


def test_a_deleted_store_is_rebuilt(cluster: Cluster) -> None:
    """Design, "State, results, recovery": the executor's store is always
    rebuildable; here by executing the log again."""
    cluster.load(2)
    height = cluster.settle()
    cluster.stop("bankB")
    store: Path = cluster.home("bankB") / "executor" / "journal"
    assert store.stat().st_size > 0
    wipe(store)
    cluster.up("bankB")
    cluster.until("the store is rebuilt", lambda: _executed(cluster, "bankB") == height)
    assert _root(cluster, "bankB") == _root(cluster, "exchange")
    assert store.stat().st_size > 0


def test_an_executor_that_keeps_dying_stops_at_a_named_height(
    found: Callable[..., Cluster],
) -> None:
    """Design, "Two roles": "K deaths at one height stop execution and name the
    height"; ordering goes on."""
    cluster = found(readers=0)
    cluster.load(2)
    height = cluster.settle()
    cluster.until("it has caught up", lambda: _executed(cluster, "bankC") == height)
    killed: list[int] = []
    while len(killed) < DEATHS_MAX:
        pid = cluster.until(
            "the executor runs again",
            lambda: (p := cluster.node("bankC").executor_pid) not in (None, *killed) and p,
        )
        # At the tip again: every death is at the same height, the next one.
        cluster.until("it is at the tip", lambda: _executed(cluster, "bankC") == height)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)
        cluster.until("the node noticed", lambda: _gone(cluster, "bankC") == len(killed))
    standing = cluster.until(
        "the status names the height",
        lambda: (s := cluster.status("bankC")["executor"]) and "halted_at" in s and s,
    )
    assert standing["halted_at"] == height + 1
    [event] = cluster.events("bankC", "executor_halted")
    assert event["height"] == height + 1
    # Three of four executors are a majority, four of four validators order.
    cluster.load(2)
    assert cluster.settle() == height + 2
    cluster.stop("bankC")
    cluster.up("bankC")
    cluster.until("a restart gives it another chance", lambda: _executed(cluster, "bankC") > height)
    cluster.assert_equal_ledgers()


def _gone(cluster: Cluster, name: str) -> int:
    return len(cluster.events(name, "executor_gone"))
