"""The stage of the day: a running network, everybody's desk, and the notebook.

A desk is one party at one node's gateway. What it sends is sealed and signed by
that party; what it is told is checked against the genesis before it is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from daicho.admin.network import Network
from daicho.demo.observations import Observations
from daicho.gateway import LedgerClient, Party, RefusedError, SealedItem, UnreachableError
from daicho.gateway.client import Receipt, must_be_ok
from daicho.query.book import Contract, ContractBook

WAIT_S = 30.0
"""How long anything of the day may take before the day has failed."""
POLL_S = 0.05

Found = TypeVar("Found")


class Desk:
    """A party at a gateway: it submits, asks, and gets checked answers."""

    def __init__(
        self,
        party: Party,
        client: LedgerClient,
        asks: Callable[[], LedgerClient],
        contracts: Mapping[str, Contract],
    ) -> None:
        self.party = party
        self.client = client
        self._asks = asks
        self._contracts = contracts

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
            called.number, called.entry(entry), encoded, gas="large", cosigners=cosigners
        )

    def submit(self, contract: str, entry: str, **arguments: Any) -> Receipt:
        """Submit and wait until it is final; RefusedError with the code of any no."""
        [receipt] = self.client.send([self.seal(contract, entry, **arguments)])
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
            [receipt] = self.client.send([self.seal(contract, entry, **arguments)])
        except RefusedError as refusal:
            return refusal.code
        return str(receipt["code"])

    def failure(self, contract: str, entry: str, **arguments: Any) -> tuple[str, list[Any]]:
        """Submit, and the code and the details of its failure."""
        [receipt] = self.client.send([self.seal(contract, entry, **arguments)])
        abi = self._contracts[contract].abi
        own = [number for number, name in abi.errors.items() if name == receipt["code"]]
        details = abi.decode_details(own[0], receipt["result"]) if own else []
        return str(receipt["code"]), details

    def ask(self, contract: str, query: str, **arguments: object) -> Any:
        """Ask, and the answer decoded. RefusedError (ACCESS) for what is not this party's."""
        asked = self._contracts[contract]
        encoded = asked.arguments(query, arguments)
        answer = self.asks.query(asked.number, asked.query(query), encoded)
        return asked.abi.decode_result(query, answer.result)

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
    moments: dict[str, int] = field(default_factory=dict)
    """Times and heights that later acts come back to, by name."""
    ids: dict[str, bytes] = field(default_factory=dict)
    """Accounts and trades that later acts come back to, by name."""
    killed: str = ""
    """The node whose process was killed, until it comes back."""
    _desks: dict[str, Desk] = field(default_factory=dict)
    _clients: dict[tuple[str, str], LedgerClient] = field(default_factory=dict)

    def party(self, name: str) -> Party:
        """A party, its folder opened."""
        return Party.open(self.network.party(name))

    def desk(self, name: str) -> Desk:
        """A party's desk at its own gateway."""
        if name not in self._desks:
            party = self.party(name)
            client = self.client(name, party.file.gateway)
            executor = partial(self._executor_for, name)
            self._desks[name] = Desk(party, client, executor, self.contracts)
        return self._desks[name]

    def client(self, name: str, node: str) -> LedgerClient:
        """A party's connection to any node's gateway."""
        at = (name, node)
        if at not in self._clients:
            self._clients[at] = LedgerClient(self.party(name), node=node, timeout_s=WAIT_S)
        return self._clients[at]

    def _executor_for(self, name: str) -> LedgerClient:
        """A connection to a running node that executes: the party's own if it can be."""
        party = self.party(name)
        executing = [node.name for node in party.genesis.file.nodes if node.executor is not None]
        running = [node for node in executing if self.network.node(node).pid is not None]
        if not running:
            raise UnreachableError("no executor's node is running")
        own = party.file.gateway
        return self.client(name, own if own in running else running[0])

    def close(self) -> None:
        """Leave every gateway."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._desks.clear()

    def leave(self, node: str) -> None:
        """Close the connections to a node that is gone."""
        for name, chosen in [at for at in self._clients if at[1] == node]:
            self._clients.pop((name, chosen)).close()
        self._desks = {
            name: desk for name, desk in self._desks.items() if desk.party.file.gateway != node
        }

    def learn_contracts(self) -> None:
        """Take up what is deployed."""
        book = ContractBook(self.network.folder)
        self.contracts.update({name: book.get(name) for name in book.names().values()})

    def statuses(self) -> list[dict[str, Any]]:
        """What every running node says of itself."""
        return [status for node in self.network.nodes() if (status := node.status())]

    def until(self, what: str, look: Callable[[], Found | None]) -> Found:
        """Look until there is something; UnreachableError names what did not come."""
        deadline = time.monotonic() + WAIT_S
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise UnreachableError(f"{what} did not come in {WAIT_S:g} s")
            time.sleep(POLL_S)
        return found

    def operator(self) -> Desk:
        """The exchange's own alias, which genesis knows and may approve with."""
        return self.desk("exchange")
