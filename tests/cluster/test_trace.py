"""`daicho tx trace`: a committed transaction against its source, over real processes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.support import Cluster, daicho
from daicho import _native
from daicho.gateway.client import Receipt
from daicho.identity import ROLE_BITS
from daicho.query.book import Contract, ContractBook

SOURCE = Path(__file__).with_name("delivery.py")
HELPER = SOURCE.with_name("amounts.py")
TEXTS = {path.name: path.read_text().splitlines() for path in (SOURCE, HELPER)}
LINES = TEXTS["delivery.py"]
NO_MONEY = next(n for n, line in enumerate(TEXTS["amounts.py"], 1) if "Error.NO_MONEY" in line)
NO_SHARES = next(n for n, line in enumerate(LINES, 1) if "giver.shares >= shares" in line)


class Market:
    """A blind network with the contract on it, and books for two banks."""

    def __init__(self, cluster: Cluster, source: Path) -> None:
        self.cluster = cluster
        self.source = source
        self.contract = self.deploy("deploy")
        for bank in ("bankA", "bankB"):
            owner = cluster.party(bank).file.party.hex()
            opened = self.send("exchange", "open_book", owner=owner, shares=10, money=100)
            assert opened["code"] == "OK"

    def deploy(self, how: str, *more: str) -> Contract:
        folder = self.cluster.folder
        daicho("contract", how, self.source, "--as", "exchange", "--network", folder, *more)
        return ContractBook(folder).get("delivery")

    def send(self, sender: str, entry: str, cosign: str | None = None, **values: Any) -> Receipt:
        contract, cluster = self.contract, self.cluster
        cosigners = [] if cosign is None else [cluster.party(cosign)]
        with cluster.client(sender) as client:
            arguments = contract.arguments(entry, values)
            number = contract.entry(entry)
            item = client.seal(contract.number, number, arguments, cosigners=cosigners)
            return cluster.send(client, item)

    def deliver(self, shares: int, price: int) -> Receipt:
        """Bank A delivers to bank B."""
        buyer = self.cluster.party("bankB").file.party.hex()
        return self.send("bankA", "deliver", "bankB", buyer=buyer, shares=shares, price=price)

    def trace(self, receipt: Receipt, who: str, *more: str | Path, check: int = 0) -> Any:
        words = ("tx", "trace", receipt["tx_id"].hex(), "--as", who, *more)
        return daicho(*words, "--network", self.cluster.folder, check=check)[1]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    folder = tmp_path_factory.mktemp("trace")
    cluster = Cluster.found(folder / "net", "trace", profile="blind")
    source = folder / "delivery.py"
    shutil.copy(SOURCE, folder)
    shutil.copy(HELPER, folder)
    try:
        cluster.up()
        yield Market(cluster, source)
    finally:
        cluster.down()


def test_a_delivery_is_told_to_each_as_far_as_it_holds(market: Market) -> None:
    """Issue: "a committed transaction against its source, for a caller who holds every
    compartment it touched, else code and line only".
    """
    settled = market.deliver(4, 60)
    failed = market.deliver(40, 1)
    poor = market.deliver(1, 1_000)
    assert [settled["code"], failed["code"], poor["code"]] == ["OK", "NO_SHARES", "NO_MONEY"]
    # The administrator holds every compartment: every line, in the source's own words.
    for receipt in (settled, failed, poor):
        told = market.trace(receipt, "exchange", "--source", market.source)
        assert told["code"] == receipt["code"]
        assert told["whole"]
        assert (told["height"], told["index"]) == (receipt["height"], receipt["index"])
        assert told["gas_used"] == receipt["gas_used"]
        assert told["gas_before"] + sum(row["gas"] for row in told["lines"]) == told["gas_used"]
        assert all(row["source"] == TEXTS[row["file"]][row["line"] - 1] for row in told["lines"])
        assert {row["file"] for row in told["lines"]} == set(TEXTS), "helpers have their own"
    # Sender and buyer lack each other's book: the code, and the failing line.
    places = {"OK": None, "NO_SHARES": NO_SHARES, "NO_MONEY": NO_MONEY}
    lacking = [("bankA", settled), ("bankA", failed), ("bankA", poor)]
    for who, receipt in [*lacking, ("bankB", settled), ("bankB", failed)]:
        told = market.trace(receipt, who, "--source", market.source.parent)
        assert told["code"] == receipt["code"], who
        assert not told["whole"]
        assert (told["failed_at"] or {}).get("line") == places[receipt["code"]]
        assert not {"lines", "events", "result", "details", "gas_used"} & told.keys()
    # The buyer's money is looked at first: nothing else was touched.
    assert market.trace(poor, "bankB")["whole"]
    # What ran no contract has no trace, and says so to everybody alike.
    command = _native.command_admit(market.cluster.party("bankC").record())
    with market.cluster.client("exchange") as client:
        approvers = market.cluster.approvers("exchange")
        control = market.cluster.send(client, client.seal_control(command, approvers=approvers))
    answer = market.trace(control, "bankC", check=3)
    assert answer["errors"][0]["code"] == "NO_CONTRACT"
    # To everybody else it is a transaction that does not exist.
    absent = dict(settled, tx_id=bytes(32))
    answers = [market.trace(receipt, "bankC", check=3) for receipt in (settled, failed, absent)]
    assert [answer["errors"][0]["code"] for answer in answers] == ["ACCESS"] * 3
    assert len({json.dumps(answer) for answer in answers}) == 1


def test_any_node_takes_a_trace_to_an_executor(market: Market) -> None:
    """Nodes that order blindly and the reader hand it on and read nothing of it."""
    own = market.send("bankA", "count", rounds=9, most=0)
    assert own["code"] == "NO_SHARES"
    told = [market.trace(own, "bankA", "--node", node) for node in market.cluster.names]
    assert all(answer == told[0] for answer in told)
    assert told[0]["whole"], "it touched the sender's book alone"
    assert told[0]["details"] == []
    absent = market.trace(own, "bankB", check=3)
    assert absent["errors"][0]["code"] == "ACCESS"


def test_an_upgraded_contract_is_traced_as_it_was(market: Market) -> None:
    """The lines of a transaction are those of the version that ran then."""
    before = market.send("bankA", "count", rounds=1, most=1)
    old = market.source.with_name("old")
    old.mkdir()
    shutil.copy(market.source, old)
    shutil.copy(HELPER, old)
    text = market.source.read_text().replace("total = 0\n", "total = 0\n    # Counted.\n")
    market.source.write_text(text)
    market.deploy("upgrade", "--yes")
    after = market.send("bankA", "count", rounds=1, most=1)
    line = NO_SHARES + LINES[NO_SHARES:].index("    total = 0") + 4
    assert [before["code"], after["code"]] == ["NO_SHARES"] * 2
    failed_at = [
        market.trace(receipt, "bankA", "--source", source.parent)["failed_at"]
        for receipt, source in ((before, old / "delivery.py"), (after, market.source))
    ]
    assert [place["line"] for place in failed_at] == [line, line + 1]
    assert failed_at[0]["source"] == failed_at[1]["source"]
    for receipt, source in ((after, old), (before, market.source)):
        refused = market.trace(receipt, "bankA", "--source", source, check=2)
        assert refused["errors"][0]["code"] == "CFG_SOURCE"


def test_a_trace_outlives_a_restart_and_a_role(market: Market) -> None:
    """Code and authorities are those of the block, also after an executor has read
    its chain again, and though the sender may do less today.
    """
    cluster = market.cluster
    count = market.send("bankB", "count", rounds=2, most=100)
    assert count["code"] == "OK"
    told = market.trace(count, "bankB")
    lesser = cluster.party("bankB").record() | {"roles": ROLE_BITS["issuer"]}
    command = _native.command_admit(lesser)
    with cluster.client("exchange") as client:
        approvers = cluster.approvers("exchange")
        cluster.send(client, client.seal_control(command, approvers=approvers))
    assert market.send("bankB", "count", rounds=2, most=100)["code"] == "ROLE"
    cluster.kill(*cluster.names)
    cluster.up()
    assert market.trace(count, "bankB") == told
