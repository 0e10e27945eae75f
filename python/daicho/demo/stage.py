"""The stage of the day: a running network, everybody's desk, and the notebook.

A desk is one party at one node's gateway. What it sends is sealed and signed by
that party; what it is told is checked against the genesis before it is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from daicho.admin.network import Network
from daicho.demo.observations import Observations
from daicho.gateway import LedgerClient, Party, RefusedError, SealedItem, UnreachableError
from daicho.gateway.client import At, Receipt
from daicho.query.book import Contract, ContractBook

WAIT_S = 30.0
"""How long anything of the day may take before the day has failed."""
POLL_S = 0.05

Found = TypeVar("Found")


@dataclass(frozen=True)
class Answered:
    """A query's answer and the certified block after which it holds."""

    value: Any
    height: int
    time_us: int


class Desk:
    """A party at a gateway: it submits, asks, and gets checked answers."""

    def __init__(self, party: Party, client: LedgerClient, contracts: Mapping[str, Contract]):
        self.party = party
        self.client = client
        self._contracts = contracts

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

    def ask(self, contract: str, query: str, at: At = None, **arguments: object) -> Any:
        """Ask, and the answer decoded. RefusedError (ACCESS) for what is not this party's."""
        return self.answered(contract, query, at, **arguments).value

    def answered(self, contract: str, query: str, at: At, **arguments: object) -> Answered:
        """As `ask`, with the block after which the answer holds."""
        asked = self._contracts[contract]
        encoded = asked.arguments(query, arguments)
        answer = self.client.query(asked.number, asked.query(query), encoded, at=at)
        value = asked.abi.decode_result(query, answer.result)
        return Answered(value, answer.height, answer.time_us)

    def ask_code(self, contract: str, query: str, at: At = None, **arguments: object) -> str:
        """The code with which a query ends: `OK` or its refusal."""
        try:
            self.answered(contract, query, at, **arguments)
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
    _desks: dict[tuple[str, str], Desk] = field(default_factory=dict)

    def party(self, name: str) -> Party:
        """A party, its folder opened."""
        return Party.open(self.network.party(name))

    def desk(self, name: str, node: str | None = None) -> Desk:
        """A party's desk at its own gateway, or at another node's."""
        at = (name, node or "")
        if at not in self._desks:
            party = self.party(name)
            client = LedgerClient(party, node=node, timeout_s=WAIT_S)
            self._desks[at] = Desk(party, client, self.contracts)
        return self._desks[at]

    def close(self) -> None:
        """Leave every gateway."""
        for desk in self._desks.values():
            desk.client.close()
        self._desks.clear()

    def leave(self, node: str) -> None:
        """Close the desks at a node that is gone."""
        for name, chosen in list(self._desks):
            desk = self._desks[(name, chosen)]
            if (chosen or desk.party.file.gateway) == node:
                desk.client.close()
                del self._desks[(name, chosen)]

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


def must_be_ok(receipt: Receipt, what: str) -> Receipt:
    """The receipt, if it says yes; RefusedError with its code otherwise."""
    if receipt["status"] != "ok":
        raise RefusedError(receipt["code"], f"{what} failed", retry=False, tx_id=receipt["tx_id"])
    return receipt
