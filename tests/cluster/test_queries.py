"""Queries find an executor through any node, or say that there is none."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from cluster.support import Cluster
from daicho.gateway import RefusedError
from daicho.query.book import Contract

NAME = "Sakai Mio"


def _asked(cluster: Cluster, vault: Contract, sender: str, node: str, number: int) -> object:
    with cluster.client(sender, node) as client:
        arguments = vault.arguments("deal", {"number": number})
        answer = client.query(vault.number, vault.query("deal"), arguments)
    return vault.abi.decode_result("deal", answer.result)


def _deal(cluster: Cluster, vault: Contract, sender: str) -> int:
    values = {"isin": "-", "lei": "-", "name": NAME, "price": "1", "quantity": 1, "number": 7}
    with cluster.client(sender) as client:
        arguments = vault.arguments("note", values)
        item = client.seal(vault.number, vault.entry("note"), arguments)
        receipt = cluster.send(client, item)
    assert receipt["code"] == "OK"
    cluster.settle()
    return 7


def test_any_node_takes_a_query_to_an_executor(found: Callable[..., Cluster]) -> None:
    """Design, "Queries": "routed by any gateway to any executor": banks that order
    blindly and a reader answer as the executors do, also when one of these is down.
    """
    cluster = found(profile="blind")
    vault = cluster.deploy_vault()
    number = _deal(cluster, vault, "bankA")
    executing = set(cluster.executors)
    for node in cluster.names:
        assert _asked(cluster, vault, "bankA", node, number) == NAME, node
    blind = [name for name in cluster.names if name not in executing]
    assert len(blind) > 2
    for name in blind:
        out = cluster.status(name)["counters"]
        assert out.get("frames_out.ask", 0) >= 1, f"{name} passed it on"
    # A node that does not answer is not waited for long, and not asked first again.
    cluster.kill("exchange")
    for _ in range(2):
        for node in blind:
            assert _asked(cluster, vault, "bankA", node, number) == NAME, node
    cluster.up("exchange")
    cluster.assert_equal_ledgers()


def test_without_an_executor_a_query_is_refused_and_may_be_retried(
    found: Callable[..., Cluster],
) -> None:
    """Every query gets an answer, if only a no: stopped executors are not waited for."""
    cluster = found(profile="blind")
    vault = cluster.deploy_vault()
    number = _deal(cluster, vault, "bankA")
    cluster.kill("ccp", "csd")
    last = cluster.node("exchange").executor_pid
    assert last is not None
    os.kill(last, signal.SIGSTOP)
    try:
        with pytest.raises(RefusedError) as caught:
            _asked(cluster, vault, "bankA", "bankB", number)
    finally:
        os.kill(last, signal.SIGCONT)
    assert caught.value.code == "NO_EXECUTOR"
    assert caught.value.retry
    assert cluster.until(
        "it is answered again", lambda: _asked(cluster, vault, "bankA", "bankB", number)
    )
