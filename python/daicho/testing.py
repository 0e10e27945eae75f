"""Contracts on the real machine, in this process: what tests are written with.

    chain = Chain.of_folder(Path("contracts"))
    bank = chain.party("bank A", "MEMBER")
    trade = chain.call(bank, "trades", "enter", counterparty=other.id, ...)
    rows = chain.query(bank, "trades", "trades_of", holder=bank.id)
    with aborts("MISMATCH"):
        chain.call(other, "trades", "confirm", ...)

Every call is a block of its own unless `block` is used, half a second after the
one before. Values go in and come out as `daicho.compiler.abi` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from daicho._native import TestChain
from daicho.compiler import Abi, Artefact, compile_folder
from daicho.compiler.types import ROLE

GENESIS_US = 1_767_603_600_000_000
"""2026-01-05 09:00:00 UTC."""
BLOCK_US = 500_000
GAS_S, GAS_M, GAS_L = 100_000, 5_000_000, 50_000_000
_ROLE_BITS = {name: 1 << bit for name, bit in ROLE.members}


@dataclass(frozen=True)
class Party:
    """Somebody who signs: a name for the test, an id and roles for the ledger."""

    name: str
    id: bytes
    roles: int

    def compartments(self) -> list[bytes]:
        """What this party can read beside public rows."""
        held = [b"\2" + self.id]
        if self.roles & _ROLE_BITS["ISSUER"]:
            held.append(b"\3" + self.id)
        return held


@dataclass(frozen=True)
class Event:
    """An event of the last block, and the compartments that receive it."""

    contract: str
    name: str
    fields: dict[str, object]
    addressees: tuple[bytes, ...]

    def reaches(self, party: Party) -> bool:
        """Whether this party is among the addressees."""
        return any(item in self.addressees for item in (b"\0" * 17, *party.compartments()))


@dataclass(frozen=True)
class Outcome:
    """What came of one call."""

    code: str
    value: object
    details: list[object]
    events: list[Event]
    gas: int
    steps: int
    place: str
    """Contract and source line where it failed; empty when it did not."""

    @property
    def ok(self) -> bool:
        """Whether it took effect."""
        return self.code == "OK"


class Aborted(AssertionError):  # noqa: N818 - what happened to the call
    """A call failed with a code."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.code = outcome.code
        self.details = outcome.details
        super().__init__(f"{outcome.code} {outcome.details or ''} at {outcome.place}".rstrip())


@contextmanager
def aborts(code: str, *details: object) -> Iterator[None]:
    """The block's call fails with `code` and, if given, with these details."""
    try:
        yield
    except Aborted as failure:
        if failure.code != code or (details and list(details) != failure.details):
            raise
        return
    raise AssertionError(f"nothing failed; expected {code}")


@dataclass(frozen=True)
class Call:
    """A call for `Chain.block`."""

    sender: Party
    contract: str
    entry: str
    arguments: Mapping[str, object]
    signed_by: Sequence[Party] = ()
    gas: int = GAS_M


@dataclass
class Chain:
    """A ledger in memory with contracts deployed."""

    contracts: dict[str, tuple[int, Abi]] = field(default_factory=dict)
    time_us: int = GENESIS_US
    events: list[Event] = field(default_factory=list)
    """Everything sent so far, oldest first."""

    def __post_init__(self) -> None:
        self._native = TestChain(self.time_us)
        self._names: dict[int, str] = {}
        self._calls = 0

    @classmethod
    def of_folder(cls, folder: Path) -> Chain:
        """Every contract of a folder that `ids.toml` gives a number."""
        chain = cls()
        for artefact in compile_folder(folder).values():
            chain.deploy(artefact)
        return chain

    def deploy(self, artefact: Artefact, number: int = 0) -> bytes:
        """Install a contract under its own number or `number`; its code hash."""
        chosen = number or artefact.contract_id
        self.contracts[artefact.name] = (chosen, artefact.abi)
        self._names[chosen] = artefact.name
        return bytes(self._native.deploy(chosen, artefact.data))

    def party(self, name: str, *roles: str) -> Party:
        """A party with an id made of its name."""
        mask = sum(_ROLE_BITS[role] for role in set(roles))
        return Party(name, account(name), mask)

    @property
    def height(self) -> int:
        """The height of the last block."""
        return self._native.height

    def advance(self, microseconds: int) -> None:
        """Let time pass: the next block is so much later than it would be."""
        self.time_us += microseconds

    # --- calls ---

    def call(
        self,
        sender: Party,
        contract: str,
        entry: str,
        *,
        signed_by: Sequence[Party] = (),
        gas: int = GAS_M,
        **arguments: object,
    ) -> Any:
        """Call an entry point in a block of its own; its value, or `Aborted`."""
        outcome = self.block([Call(sender, contract, entry, arguments, signed_by, gas)])[0]
        if not outcome.ok:
            raise Aborted(outcome)
        return outcome.value

    def block(self, calls: Sequence[Call]) -> list[Outcome]:
        """Execute calls in one block, in order."""
        execute = self.prepared(calls)
        outcomes = [self._outcome(call, raw) for call, raw in zip(calls, execute(), strict=True)]
        self.events += [event for outcome in outcomes for event in outcome.events]
        return outcomes

    def prepared(self, calls: Sequence[Call]) -> Callable[[], list[dict[str, Any]]]:
        """The next block, encoded and not executed: calling it runs it and nothing else."""
        self.time_us += BLOCK_US
        packed = [
            self._pack(call, self._abi(call.contract).entries[call.entry].id) for call in calls
        ]
        return partial(self._native.block, self.time_us, packed)

    def query(
        self, caller: Party, contract: str, query: str, *, gas: int = GAS_L, **arguments: object
    ) -> Any:
        """Ask a query under the caller's compartments; its value, or `Aborted`."""
        call = Call(caller, contract, query, arguments, (), gas)
        packed = self._pack(call, self._abi(contract).queries[query].id)
        everything = caller.roles & _ROLE_BITS["ADMINISTRATOR"]
        raw = self._native.query(packed, None if everything else caller.compartments())
        outcome = self._outcome(call, raw)
        if not outcome.ok:
            raise Aborted(outcome)
        return outcome.value

    def rows(self) -> list[tuple[bytes, bytes, bytes]]:
        """Every stored row: compartment, key, bytes."""
        return self._native.rows()

    def _abi(self, contract: str) -> Abi:
        return self.contracts[contract][1]

    def _pack(self, call: Call, number: int) -> dict[str, object]:
        self._calls += 1
        return {
            "contract": self.contracts[call.contract][0],
            "entry": number,
            "arguments": self._abi(call.contract).encode_arguments(call.entry, call.arguments),
            "sender": (call.sender.id, call.sender.roles),
            "cosigners": [(item.id, item.roles) for item in call.signed_by],
            "tx_id": hashlib.sha256(f"transaction {self._calls}".encode()).digest(),
            "gas_limit": call.gas,
        }

    def _outcome(self, call: Call, raw: dict[str, Any]) -> Outcome:
        code, failed = raw["name"], raw["code"] != 0
        place, details = "", list[object]()
        if failed and raw["site"] is not None:
            contract, line, _ = raw["site"]
            name = self._names.get(contract, str(contract))
            place = f"{name}:{line}"
            if raw["code"] in self._abi(name).errors:
                details = self._abi(name).decode_details(raw["code"], bytes(raw["result"]))
        value = None
        if not failed:
            value = self._abi(call.contract).decode_result(call.entry, bytes(raw["result"]))
        events = [self._event(item) for item in raw["events"]]
        return Outcome(code, value, details, events, raw["gas_used"], raw["steps"], place)

    def _event(self, raw: tuple[int, int, list[bytes], bytes]) -> Event:
        contract, number, addressees, data = raw
        name, fields = self._abi(self._names[contract]).decode_event(number, bytes(data))
        return Event(self._names[contract], name, fields, tuple(bytes(item) for item in addressees))


def account(name: str) -> bytes:
    """Sixteen bytes made of a name: an account, a party."""
    return hashlib.sha256(name.encode()).digest()[:16]
