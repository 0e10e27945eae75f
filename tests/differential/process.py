"""The machine as a process of its own, right or with a fault planted in it.

    cargo build --release -p daicho-execution --features faults --example machine

Its commands are told in `rust/execution/examples/machine.rs`. It knows no seed, no
place but the line, and no cosigners of a query; `plain` makes a plan without them.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from daicho.compiler import Artefact
from differential.calls import CONTRACT, TIMER_GAS, Call, Plan
from differential.compare import OTHER, Outcome, library
from differential.literals import GENESIS_US


class PanicError(Exception):
    """The machine went down, which no input may do."""


def plain(calls: Plan) -> Plan:
    """The plan without what the process does not take."""
    blocks = [replace(item, seed=bytes(32), timer_gas=TIMER_GAS) for item in calls.blocks]
    return Plan(blocks, [_alone(item) for item in calls.queries], calls.upgrade)


def _alone(call: Call) -> Call:
    return replace(call, packed={**call.packed, "cosigners": [], "tx_id": bytes(32)})


class MachineProcess:
    """Commands and answers; as a backend, for one program after another."""

    next_wakeup: int | None = None

    def __init__(self, binary: Path) -> None:
        self._process = subprocess.Popen(
            [str(binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._timers: list[dict[str, Any]] = []

    def __enter__(self) -> MachineProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, *words: object) -> list[list[str]]:
        """One command; the words of each line of its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(map(_word, words)) + "\n")
        self._process.stdin.flush()
        lines: list[list[str]] = []
        for line in self._process.stdout:
            found = line.rstrip("\n").split(" ")
            if found == ["done"]:
                return lines
            if found == ["panic"]:
                raise PanicError(str(words[0]))
            assert found[0] != "error", (words[0], line)
            lines.append(found)
        raise PanicError("the process ended")

    def faults(self) -> dict[int, str]:
        """What can be planted, by number."""
        return {int(line[1]): " ".join(line[2:]) for line in self.ask("faults")}

    def start(self, artefact: Artefact) -> MachineProcess:
        """A new ledger with this contract."""
        self.ask("reset", GENESIS_US)
        self.ask("deploy", CONTRACT, artefact.data)
        if artefact.module.imported:
            self.ask("deploy", OTHER, library().data)
        return self

    # --- as a backend ---

    def block(
        self, time_us: int, calls: list[Any], feeds: list[Any], timer_gas: int, seed: bytes
    ) -> list[Outcome]:
        """A block of calls."""
        readings = [f"{feed}:{slot}:{at}:{_word(data)}" for feed, slot, at, data in feeds]
        ran = self.ask("block", time_us, *readings)
        self._timers = [
            {
                "timer": bytes.fromhex(line[1]),
                "contract": int(line[2]),
                "scheduled": int(line[3]),
                "again": line[4] == "1",
                "outcome": _outcome(line[5:]),
            }
            for line in ran
        ]
        outcomes: list[Outcome] = []
        for item in calls:
            cosigners = [f"{party.hex()}:{roles}" for party, roles in item["cosigners"]]
            head = (item["contract"], item["entry"], item["arguments"], *item["sender"])
            found = self.ask("call", *head, item["tx_id"], item["gas_limit"], *cosigners)
            outcomes.append(_outcome(found[0][1:]))
        self.ask("end")
        return outcomes

    def upgrade(self, number: int, artefact: bytes) -> Outcome | None:
        """Another version in the place of the first."""
        found = self.ask("upgrade", number, artefact)
        return _outcome(found[0][1:]) if found else None

    def timers(self) -> list[dict[str, Any]]:
        """Of the last block."""
        return self._timers

    def query(self, call: Any, held: Any) -> Outcome:
        """A query on the last block."""
        head = (call["contract"], call["entry"], call["arguments"], *call["sender"])
        found = self.ask("query", *head, call["gas_limit"], *(held or []))
        return _outcome(found[0][1:])

    def rows(self) -> list[tuple[bytes, bytes, bytes]]:
        """Every stored row."""
        found = [tuple(_bytes(item) for item in line[1:]) for line in self.ask("rows")]
        return [(row[0], row[1], row[2]) for row in found]


def _word(value: object) -> str:
    return (value.hex() or "-") if isinstance(value, bytes) else str(value)


def _bytes(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def _outcome(words: list[str]) -> Outcome:
    code, name, gas, _, result, line, events = words
    found = [_event(item) for item in events.split(",")] if events != "-" else []
    return {
        "code": int(code),
        "name": name,
        "gas_used": int(gas),
        "result": _bytes(result),
        "events": found,
        "site": int(line) or None,
    }


def _event(word: str) -> tuple[int, int, list[bytes], bytes]:
    contract, number, holders, data = word.split(":")
    return int(contract), int(number), [bytes.fromhex(x) for x in holders.split("+")], _bytes(data)
