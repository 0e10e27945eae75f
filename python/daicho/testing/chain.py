"""A ledger in memory: parties, calls by name, blocks, queries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from daicho._native import Rehearsal
from daicho.authority import Lack, lack_of_role, lack_of_signature, role_mask
from daicho.compiler import Abi, Artefact, compile_folder
from daicho.testing.backends import Packed, Raw, Rows, backend, machine_of
from daicho.testing.clock import Clock
from daicho.testing.conservation import unbalanced
from daicho.testing.naming import ENTRY, QUERY, Places, id_of, unknown_contract
from daicho.testing.oracle import Oracle
from daicho.testing.outcome import Aborted, Event, Outcome, TimerRun
from daicho.testing.parties import Party, account, with_ids
from daicho.testing.record import opened
from daicho.testing.watching import Watching

GENESIS_US = 1_767_603_600_000_000
"""2026-01-05 09:00:00 UTC."""
BLOCK_US = 500_000
GAS_S, GAS_M, GAS_L = 100_000, 5_000_000, 50_000_000


@dataclass(frozen=True)
class Call:
    """A call for `Chain.block`."""

    sender: Party
    contract: str
    entry: str
    arguments: Mapping[str, object]
    signed_by: Sequence[Party] = ()
    gas: int = GAS_M


class Chain:
    """A ledger in memory with contracts deployed."""

    def __init__(
        self, time_us: int = GENESIS_US, *, backend_name: str = "vm", seed: bytes = b""
    ) -> None:
        self.time_us = time_us
        self.seed = seed
        """What chance comes from; every block makes its own of it."""
        self.contracts: dict[str, tuple[int, Abi]] = {}
        self.events: list[Event] = []
        """Everything sent so far, oldest first."""
        self.backend = backend(backend_name, time_us)
        self.timers: list[TimerRun] = []
        """What the timers did that the last block ran, in order."""
        self.clock = Clock(self)
        self.oracle = Oracle(self)
        self._names: dict[int, str] = {}
        self._artefacts: dict[int, Artefact] = {}
        self._places: dict[int, Places] = {}
        self._parties: dict[bytes, str] = {}
        self._calls = 0
        self._record = opened()
        self._watching = Watching.of(self._record, machine_of(self.backend))

    @classmethod
    def of_folder(cls, folder: Path, **options: Any) -> Chain:
        """Every contract of a folder that `ids.toml` gives a number."""
        chain = cls(**options)
        for artefact in compile_folder(folder).values():
            chain.deploy(artefact)
        return chain

    def deploy(self, artefact: Artefact, number: int = 0) -> bytes:
        """Install a contract under its own number or `number`; its code hash."""
        chosen = number or artefact.contract_id or max(self._names, default=0) + 1
        code_hash = self.backend.deploy(chosen, artefact)
        self._knows(chosen, artefact)
        return code_hash

    def upgrade(self, artefact: Artefact, number: int = 0) -> Outcome | None:
        """Put a contract in the place of its version before, and migrate.

        What came of the migration, None where there is none; if it failed, the version
        before stays. ValueError when the new one cannot take over.
        """
        chosen = number or artefact.contract_id or self.contracts[artefact.name][0]
        raw = self.backend.upgrade(chosen, artefact)
        if raw is None or raw["code"] == 0:
            self._knows(chosen, artefact)
        return None if raw is None else self._ended(f"{artefact.name}.@migrate", raw)

    def _knows(self, number: int, artefact: Artefact) -> None:
        self.contracts[artefact.name] = (number, artefact.abi)
        self._names[number] = artefact.name
        self._artefacts[number] = artefact
        self._places[number] = Places(artefact)
        self.oracle.learn(artefact)
        if self._watching is not None:
            self._watching.deployed(number, artefact)

    def party(self, name: str, *roles: str) -> Party:
        """A party with an id made of its name."""
        made = Party(name, account(name), role_mask(roles))
        self._parties[made.id] = name
        return made

    def abi(self, contract: str) -> Abi:
        """The border of a deployed contract; LookupError when there is none."""
        return self._abi(contract)

    @property
    def height(self) -> int:
        """The height of the last block."""
        return self.backend.height

    def advance(self, microseconds: int) -> None:
        """Let time pass: the next block is so much later than it would be."""
        self.time_us += microseconds

    def __repr__(self) -> str:
        return f"Chain({', '.join(self.contracts)}; height {self.height})"

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
        __tracebackhide__ = True  # a failure shows the test's own line
        outcome = self.block([Call(sender, contract, entry, arguments, signed_by, gas)])[0]
        if not outcome.ok:
            raise Aborted(outcome).with_traceback(outcome.way)
        return outcome.value

    def block(self, calls: Sequence[Call]) -> list[Outcome]:
        """Execute calls in one block, in order."""
        __tracebackhide__ = True
        done = self.prepared(calls)()
        self.timers = [self._timer(raw) for raw in self.backend.timers()]
        outcomes = [self._outcome(call, raw) for call, raw in zip(calls, done, strict=True)]
        for outcome in [*(ran.outcome for ran in self.timers), *outcomes]:
            self.events += outcome.events
        if self._watching is not None:
            self._watching.ran()
        return outcomes

    def prepared(self, calls: Sequence[Call]) -> Callable[[], list[Raw]]:
        """The next block, encoded and not executed: calling it runs it and nothing else."""
        __tracebackhide__ = True
        packed = self._packed(calls)
        feeds = self.oracle.take()
        self.time_us += BLOCK_US
        seed = hashlib.sha256(self.seed + self.time_us.to_bytes(8)).digest()
        return partial(self.backend.block, self.time_us, packed, feeds, seed=seed)

    def rehearsal(self, calls: Sequence[Call], size: int) -> Rehearsal:
        """Blocks of `size` calls, encoded, that run on this state and are never kept."""
        machine = machine_of(self.backend)
        assert machine is not None, "only the machine rehearses"
        return machine.rehearsal(self._packed(calls), size)

    def query(
        self, caller: Party, contract: str, query: str, *, gas: int = GAS_L, **arguments: object
    ) -> Any:
        """Ask a query under the caller's compartments; its value, or `Aborted`."""
        __tracebackhide__ = True
        call = Call(caller, contract, query, arguments, (), gas)
        packed = self._pack(call, id_of(self._abi(contract), query, QUERY))
        held = None if caller.sees_everything() else caller.compartments()
        outcome = self._outcome(call, self.backend.query(packed, held))
        if self._watching is not None:
            self._watching.ran()
        if not outcome.ok:
            raise Aborted(outcome).with_traceback(outcome.way)
        return outcome.value

    def rows(self) -> Rows:
        """Every stored row: compartment, key, bytes."""
        return self.backend.rows()

    # --- to bytes and back ---

    def _abi(self, contract: str) -> Abi:
        __tracebackhide__ = True
        if contract not in self.contracts:
            raise unknown_contract(contract, self.contracts)
        return self.contracts[contract][1]

    def _packed(self, calls: Sequence[Call]) -> list[Packed]:
        __tracebackhide__ = True
        return [self._pack(it, id_of(self._abi(it.contract), it.entry, ENTRY)) for it in calls]

    def _pack(self, call: Call, number: int) -> Packed:
        __tracebackhide__ = True
        if isinstance(call.signed_by, Party):
            raise ValueError(f"signed_by is a list of parties: signed_by=[{call.signed_by.name}]")
        self._calls += 1
        arguments = {name: with_ids(value) for name, value in call.arguments.items()}
        return {
            "contract": self.contracts[call.contract][0],
            "entry": number,
            "arguments": self._abi(call.contract).encode_arguments(call.entry, arguments),
            "sender": (call.sender.id, call.sender.roles),
            "cosigners": [(item.id, item.roles) for item in call.signed_by],
            "tx_id": hashlib.sha256(f"transaction {self._calls}".encode()).digest(),
            "gas_limit": call.gas,
        }

    def _outcome(self, call: Call, raw: Raw) -> Outcome:
        if raw["code"] != 0:
            return self._ended(f"{call.contract}.{call.entry}", raw, self._lack(call, raw))
        value = self._abi(call.contract).decode_result(call.entry, bytes(raw["result"]))
        return self._ended(f"{call.contract}.{call.entry}", raw, value=value)

    def _timer(self, raw: Raw) -> TimerRun:
        contract = self._names[raw["contract"]]
        named = {item.id: name for name, item in self._abi(contract).scheduled.items()}
        name = named[raw["scheduled"]]
        ended = self._ended(f"{contract}.{name}", raw["outcome"])
        return TimerRun(contract, name, raw["again"], ended)

    def _ended(
        self, name: str, raw: Raw, lack: Lack | None = None, value: object = None
    ) -> Outcome:
        """What came of `contract.function`, entered in the record."""
        code, gas, steps = raw["name"], raw["gas_used"], raw["steps"]
        if self._record is not None:
            self._record.called(name, gas, steps, raw["code"] == 0)
        if raw["code"] == 0:
            events = [self._event(item) for item in raw["events"]]
            return Outcome(code, value, [], events, gas, steps, "")
        place, details = "", list[object]()
        if raw["site"] is not None:
            contract, line, _ = raw["site"]
            place = self._places[contract].at(line)
            abi = self._abi(self._names[contract])
            if raw["code"] in abi.errors:
                details = abi.decode_details(raw["code"], bytes(raw["result"]))
        said = ""
        if code == "CONSERVATION":
            said = unbalanced(bytes(raw["result"]), self._artefacts, self._parties)
        way = raw.get("way")
        return Outcome(code, None, details, [], gas, steps, place, lack, said, way)

    def _lack(self, call: Call, raw: Raw) -> Lack | None:
        result = bytes(raw["result"])
        if raw["name"] == "ROLE":
            return lack_of_role(result)
        if raw["name"] != "AUTHORITY":
            return None
        asked = self._abi(call.contract).signature(call.entry).signed_by
        arguments = {name: _bytes(with_ids(call.arguments[name])) for name in asked}
        known = {value.id: value for value in call.arguments.values() if isinstance(value, Party)}
        name = known[result].name if result in known else ""
        signers = [party.name for party in (call.sender, *call.signed_by)]
        return lack_of_signature(result, list(arguments.items()), signers, name)

    def _event(self, raw: tuple[int, int, list[bytes], bytes]) -> Event:
        contract, number, addressees, data = raw
        name, fields = self._abi(self._names[contract]).decode_event(number, bytes(data))
        return Event(self._names[contract], name, fields, tuple(bytes(item) for item in addressees))


def _bytes(value: object) -> bytes:
    """An id given as bytes or as hex."""
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
