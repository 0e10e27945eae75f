"""What executes the calls of a `Chain`: the real machine, CPython, or both.

    vm      the machine of the executor, in process
    python  the same typed program rewritten to Python: for the debugger
    both    both, held against each other after every block; a difference raises

The machine is the authority; the Python backend has no gas and reports 0.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from daicho._native import TestChain
from daicho.compiler import Artefact
from daicho.testing.differences import Difference, in_outcomes, in_rows, in_timers

Raw = dict[str, Any]
"""What came of a call: code, name, gas_used, steps, result, events, site."""
Packed = Mapping[str, Any]
"""A call: contract, entry, arguments, sender, cosigners, tx_id, gas_limit."""
Rows = list[tuple[bytes, bytes, bytes]]
Reading = tuple[int, int, int, bytes]
"""A feed's reading: feed, slot, time in µs, canonical bytes of the value."""

BACKENDS = ("vm", "python", "both")
PYTHON_BACKEND = "daicho.rewrite"
UNMETERED = frozenset({"GAS", "MEMORY"})
"""Failures of the machine's meters, which CPython does not have."""


class Backend(Protocol):
    """A ledger in memory that executes contracts."""

    @property
    def height(self) -> int:
        """The height of the last block."""
        ...

    def deploy(self, number: int, artefact: Artefact) -> bytes:
        """Install a contract; its code hash. ValueError says what is refused."""
        ...

    def block(
        self,
        time_us: int,
        calls: Sequence[Packed],
        feeds: Sequence[Reading] = (),
        *,
        seed: bytes = ...,
    ) -> list[Raw]:
        """Execute one block; readings stand in its header, due timers run first.

        `seed`: 32 bytes that the block's chance comes from.
        """
        ...

    def timers(self) -> list[Raw]:
        """What came of the timers that the last block ran, in order.

        Each: timer, contract, scheduled, again, and `outcome` as of a call.
        """
        ...

    def upgrade(self, number: int, artefact: Artefact) -> Raw | None:
        """Put a contract in the place of its version before.

        What came of its migration, in a block of its own; None where there is none.
        """
        ...

    def query(self, call: Packed, held: Sequence[bytes] | None) -> Raw:
        """Answer a query on the last block; `held` None sees everything."""
        ...

    def rows(self) -> Rows:
        """Every stored row: compartment, key, bytes; ascending."""
        ...


class Machine:
    """The real machine."""

    def __init__(self, genesis_us: int) -> None:
        self.native = TestChain(genesis_us)
        # Bound once: a call passes through here thousands of times a second.
        self.block = self.native.block
        self.query = self.native.query
        self.rows = self.native.rows
        self.timers = self.native.timers

    @property
    def height(self) -> int:
        """The height of the last block."""
        return self.native.height

    def deploy(self, number: int, artefact: Artefact) -> bytes:
        """Verify and install the artefact's bytes."""
        return bytes(self.native.deploy(number, artefact.data))

    def upgrade(self, number: int, artefact: Artefact) -> Raw | None:
        """Verify, compare, install, migrate."""
        return self.native.upgrade(number, artefact.data)


class Both:
    """The machine, and CPython beside it."""

    def __init__(self, machine: Backend, python: Backend) -> None:
        self.machine = machine
        self.python = python

    @property
    def height(self) -> int:
        """The height of the last block."""
        return self.machine.height

    def deploy(self, number: int, artefact: Artefact) -> bytes:
        """Install on both."""
        self.python.deploy(number, artefact)
        return self.machine.deploy(number, artefact)

    def upgrade(self, number: int, artefact: Artefact) -> Raw | None:
        """Upgrade both; `Difference` unless the migrations ended alike."""
        said, other = (chain.upgrade(number, artefact) for chain in (self.machine, self.python))
        migration = {"contract": number, "entry": "migration"}
        found = in_outcomes([migration], *([raw] if raw else [] for raw in (said, other)))
        self._agreed(found)
        return said

    def timers(self) -> list[Raw]:
        """The machine's; the others are equal."""
        return self.machine.timers()

    def block(
        self,
        time_us: int,
        calls: Sequence[Packed],
        feeds: Sequence[Reading] = (),
        *,
        seed: bytes = bytes(32),
    ) -> list[Raw]:
        """Execute on both; `Difference` unless timers, outcomes and rows are equal.

        A call that the machine's meters ended left nothing behind there, and is
        not made in CPython, which would go on.
        """
        said = self.machine.block(time_us, calls, feeds, seed=seed)
        metered = [raw["name"] not in UNMETERED for raw in said]
        numbered = ({**call, "sequence": at} for at, call in enumerate(calls))
        made = [call for call, kept in zip(numbered, metered, strict=True) if kept]
        compared = [raw for raw, kept in zip(said, metered, strict=True) if kept]
        other = self.python.block(time_us, made, feeds, seed=seed)
        found = in_outcomes(made, compared, other)
        self._agreed(in_timers(self.machine.timers(), self.python.timers()) + found)
        return said

    def _agreed(self, found: list[str]) -> None:
        found += in_rows(self.machine.rows(), self.python.rows())
        if found:
            raise Difference(found)

    def query(self, call: Packed, held: Sequence[bytes] | None) -> Raw:
        """Ask both; `Difference` unless the answers are equal."""
        said = self.machine.query(call, held)
        if said["name"] not in UNMETERED:
            found = in_outcomes([call], [said], [self.python.query(call, held)])
            if found:
                raise Difference(found)
        return said

    def rows(self) -> Rows:
        """The machine's rows; the others are equal."""
        return self.machine.rows()


def backend(name: str, genesis_us: int) -> Backend:
    """The backend of that name on an empty ledger."""
    match name:
        case "vm":
            return Machine(genesis_us)
        case "python":
            return _python(genesis_us)
        case "both":
            return Both(Machine(genesis_us), _python(genesis_us))
    raise ValueError(f"{name!r} is no backend; there are {', '.join(BACKENDS)}")


def machine_of(chain: Backend) -> TestChain | None:
    """The real machine in a backend; None when there is none."""
    if isinstance(chain, Both):
        chain = chain.machine
    return chain.native if isinstance(chain, Machine) else None


def has_python_backend() -> bool:
    """Whether this installation has the CPython backend."""
    return importlib.util.find_spec(PYTHON_BACKEND) is not None


def _python(genesis_us: int) -> Backend:
    if not has_python_backend():
        raise ValueError("this installation has no Python backend")
    made: Backend = importlib.import_module(PYTHON_BACKEND).PythonChain(genesis_us)
    return made
