"""The stage of the day: a running network, everybody's desk, and the notebook.

A desk is one party at one node's gateway. What it sends is sealed and signed by
that party; what it is told is checked against the genesis before it is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from daicho.admin.network import Network
from daicho.demo.observations import Observations
from daicho.gateway import LedgerClient, Party, RefusedError, SealedItem, UnreachableError
from daicho.gateway.client import Answer, At, Receipt, must_be_ok
from daicho.query.book import Contract, ContractBook

WAIT_S = 30.0
"""How long anything of the day may take before the day has failed."""
POLL_S = 0.05

Found = TypeVar("Found")


def until(what: str, look: Callable[[], Found | None]) -> Found:
    """Look until there is something; UnreachableError names what did not come."""
    deadline = time.monotonic() + WAIT_S
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise UnreachableError(f"{what} did not come in {WAIT_S:g} s")
        time.sleep(POLL_S)
    return found


def last_height(receipts: Iterable[Receipt]) -> int:
    """The height of the last of these: a status may be a moment old, a receipt is not."""
    return max((int(receipt["height"]) for receipt in receipts), default=0)


class Desk:
    """A party at a gateway: it submits, asks, and gets checked answers."""

    def __init__(
        self,
        party: Party,
        sends: Callable[[], LedgerClient],
        asks: Callable[[], LedgerClient],
        contracts: Mapping[str, Contract],
        receipts: list[Receipt],
    ) -> None:
        self.party = party
        self._sends = sends
        self._asks = asks
        self._contracts = contracts
        self._receipts = receipts

    @property
    def client(self) -> LedgerClient:
        """Where it sends: its own gateway, or another node's while that one is down."""
        return self._sends()

    @property
    def asks(self) -> LedgerClient:
        """Where it asks: its own gateway, or an executor's if its node does not execute."""
        return self._asks()

    @property
    def id(self) -> bytes:
        """The legal entity on the ledger."""
        return self.party.file.party

    @property
    def lei(self) -> str:
        """Its legal entity identifier."""
        return self.party.file.lei

    def seal(
        self, contract: str, entry: str, *, cosigners: Iterable[Party] = (), **arguments: object
    ) -> SealedItem:
        """A call, sealed and signed but not sent."""
        called = self._contracts[contract]
        encoded = called.arguments(entry, arguments)
        return self.client.seal(
            called.number, called.entry(entry), encoded, gas="medium", cosigners=cosigners
        )

    def send(self, items: Sequence[SealedItem]) -> list[Receipt]:
        """Send and wait until all are final; every receipt is kept."""
        receipts = self.client.send(items)
        self._receipts.extend(receipts)
        return receipts

    def submit(self, contract: str, entry: str, **arguments: Any) -> Receipt:
        """Submit and wait until it is final; RefusedError with the code of any no."""
        [receipt] = self.send([self.seal(contract, entry, **arguments)])
        return must_be_ok(receipt, f"{contract}.{entry}")

    def result(self, contract: str, entry: str, **arguments: Any) -> Any:
        """Submit, and what the entry point returned."""
        return self.decoded(contract, entry, self.submit(contract, entry, **arguments))

    def decoded(self, contract: str, entry: str, receipt: Receipt) -> Any:
        """What a receipt carries as its entry point's result."""
        return self._contracts[contract].abi.decode_result(entry, receipt["result"])

    def code(self, contract: str, entry: str, **arguments: Any) -> str:
        """Submit, and the code it ends with: `OK`, a failure's, or a gateway's refusal."""
        try:
            [receipt] = self.send([self.seal(contract, entry, **arguments)])
        except RefusedError as refusal:
            return refusal.code
        return str(receipt["code"])

    def failure(self, contract: str, entry: str, **arguments: Any) -> tuple[str, list[Any]]:
        """Submit, and the code and the details of its failure."""
        [receipt] = self.send([self.seal(contract, entry, **arguments)])
        abi = self._contracts[contract].abi
        own = [number for number, name in abi.errors.items() if name == receipt["code"]]
        details = abi.decode_details(own[0], receipt["result"]) if own else []
        return str(receipt["code"]), details

    def ask(self, contract: str, query: str, **arguments: object) -> Any:
        """Ask, and the answer decoded. RefusedError (ACCESS) for what is not this party's.

        The state asked for is the one after the last transaction of the day:
        an executor that is not there yet says so, and is asked again.
        """
        asked = self._contracts[contract]
        encoded = asked.arguments(query, arguments)
        at: At = ("height", last_height(self._receipts))

        def answer() -> Answer | None:
            try:
                return self.asks.query(asked.number, asked.query(query), encoded, at=at)
            except RefusedError as refusal:
                if refusal.code != "NOT_YET":
                    raise
                return None

        return asked.abi.decode_result(query, until("an answer", answer).result)

    def ask_code(self, contract: str, query: str, **arguments: object) -> str:
        """The code with which a query ends: `OK` or its refusal."""
        try:
            self.ask(contract, query, **arguments)
        except RefusedError as refusal:
            return refusal.code
        return "OK"


@dataclass
class Stage:
    """Everything that stands while the day is played."""

    network: Network
    profile: str
    note: Callable[[str], None]
    seen: Observations = field(default_factory=Observations)
    contracts: dict[str, Contract] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    """Every final receipt of the day, in the order in which they came."""
    moments: dict[str, int] = field(default_factory=dict)
    """Times and heights that later acts come back to, by name."""
    ids: dict[str, bytes] = field(default_factory=dict)
    """Accounts and trades that later acts come back to, by name."""
    gone: set[str] = field(default_factory=set)
    """Nodes whose process was killed, until they come back."""
    _desks: dict[str, Desk] = field(default_factory=dict)
    _clients: dict[tuple[str, str], LedgerClient] = field(default_factory=dict)

    def party(self, name: str) -> Party:
        """A party, its folder opened."""
        return Party.open(self.network.party(name))

    def desk(self, name: str) -> Desk:
        """A party's desk."""
        if name not in self._desks:
            sends, asks = partial(self._gateway, name), partial(self._executor, name)
            party = self.party(name)
            self._desks[name] = Desk(party, sends, asks, self.contracts, self.receipts)
        return self._desks[name]

    def client(self, name: str, node: str) -> LedgerClient:
        """A party's connection to any node's gateway."""
        at = (name, node)
        if at not in self._clients:
            self._clients[at] = LedgerClient(self.party(name), node=node, timeout_s=WAIT_S)
        return self._clients[at]

    def _gateway(self, name: str) -> LedgerClient:
        return self._nearest(name, [node.name for node in self.network.nodes()])

    def _executor(self, name: str) -> LedgerClient:
        nodes = self.desk(name).party.genesis.file.nodes
        return self._nearest(name, [node.name for node in nodes if node.executor is not None])

    def _nearest(self, name: str, nodes: list[str]) -> LedgerClient:
        """A connection to one of these nodes: the party's own one if it can be."""
        own = self.desk(name).party.file.gateway
        left = [node for node in nodes if node not in self.gone]
        if not left:
            raise UnreachableError("every node that could answer is gone")
        return self.client(name, own if own in left else left[0])

    def close(self) -> None:
        """Leave every gateway."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._desks.clear()

    def leave(self, node: str) -> None:
        """Close the connections to a node, and use others until it is back."""
        self.gone.add(node)
        for at in [at for at in self._clients if at[1] == node]:
            self._clients.pop(at).close()

    def learn_contracts(self) -> None:
        """Take up what is deployed."""
        book = ContractBook(self.network.folder)
        self.contracts.update({name: book.get(name) for name in book.names().values()})

    def events(self, contract: str) -> list[tuple[str, dict[str, Any]]]:
        """Every event of a contract so far: its name and fields, in the order of the ledger."""
        emitter = self.contracts[contract]
        kept = [receipt for receipt in self.receipts if receipt.get("events")]
        kept.sort(key=lambda receipt: (receipt["height"], receipt["index"]))
        return [
            emitter.abi.decode_event(event["kind"], event["data"])
            for receipt in kept
            for event in receipt["events"]
            if event["contract"] == emitter.number
        ]

    def last_height(self) -> int:
        """The height of the last transaction of the day so far."""
        return last_height(self.receipts)

    def statuses(self) -> list[dict[str, Any]]:
        """What every running node says of itself."""
        return [status for node in self.network.nodes() if (status := node.status())]

    def operator(self) -> Desk:
        """The exchange's own alias, which genesis knows and may approve with."""
        return self.desk("exchange")
