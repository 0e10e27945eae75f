"""A network of real processes under test: founded, started, loaded, watched.

Nothing here sleeps to synchronise: every wait polls a condition and says, when
it gives up, what it waited for and where every node stood.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from daicho import _native
from daicho.admin.control import approvers_beside
from daicho.admin.found import found_network
from daicho.admin.network import Network, NodeProcess
from daicho.admin.plan import NetworkPlan
from daicho.gateway import LedgerClient, Party
from daicho.gateway.client import Receipt, SealedItem, Wait
from daicho.query.book import Contract, ContractBook

PATIENCE_S = 60.0
"""How long a condition may take on a busy machine before it counts as false."""

POLL_S = 0.05
PROC = Path("/proc")
VAULT = Path(__file__).with_name("vault.py")
DAICHO = Path(sys.executable).with_name("daicho")

Found = TypeVar("Found")


def address_of(name: str) -> str:
    """A 127.a.b.c of a test's own, the same on every run."""
    digest = zlib.crc32(f"tests/cluster/{name}".encode())
    a, b, c = digest & 0xFF, digest >> 8 & 0xFF, digest >> 16 & 0xFF
    return f"127.{1 + a % 254}.{b}.{1 + c % 254}"


def eventually(
    what: str,
    found: Callable[[], Found],
    timeout_s: float = PATIENCE_S,
    explain: Callable[[], str] = str,
) -> Found:
    """Poll until `found` says something true; what it said."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s:.0f} s\n{explain()}")
        time.sleep(POLL_S)


def children_of(pid: int) -> list[int]:
    """Process ids whose parent is `pid`."""
    tasks = PROC / str(pid) / "task"
    found: list[int] = []
    for task in tasks.iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_ticks(pid: int) -> int:
    """User and system time of a process, in clock ticks (proc(5), fields 14, 15)."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@dataclass
class Cluster:
    """A network in a folder, with everything a test asks of it."""

    folder: Path
    plan: NetworkPlan
    _approvers: dict[str, list[Party]] = field(default_factory=dict)
    _told: int = 0
    """The highest height a receipt has spoken of; a status may be a moment old."""

    @classmethod
    def found(cls, folder: Path, name: str, **options: Any) -> Cluster:
        """Found a network on an address of its own; nothing runs yet."""
        plan = NetworkPlan(host=address_of(name), **options)
        found_network(folder, plan)
        return cls(folder, plan)

    @property
    def network(self) -> Network:
        return Network(self.folder)

    @property
    def names(self) -> list[str]:
        """Every node, by replica number."""
        return [node.name for node in self.network.file.nodes]

    @property
    def validators(self) -> list[str]:
        return [node.name for node in self.plan.nodes() if node.validates]

    @property
    def executors(self) -> list[str]:
        return [node.name for node in self.plan.nodes() if node.executes]

    def node(self, name: str) -> NodeProcess:
        return self.network.node(name)

    def home(self, name: str) -> Path:
        return self.folder / "nodes" / name

    # Life and death.

    def up(self, *names: str) -> None:
        self.network.up(names or None)

    def down(self) -> None:
        self.network.down()

    def kill(self, *names: str) -> None:
        """SIGKILL nodes at once, and wait until they and their executors are gone."""
        nodes = [self.node(name) for name in names]
        executors = [node.executor_pid for node in nodes]
        for node in nodes:
            node.signal(signal.SIGKILL)
        gone = lambda: all(node.pid is None for node in nodes)  # noqa: E731
        eventually(f"{names} end", gone)
        left = [pid for pid in executors if pid is not None]
        ended = lambda: not any((PROC / str(pid)).exists() for pid in left)  # noqa: E731
        eventually(f"the executors of {names} end with them", ended)

    def stop(self, *names: str) -> None:
        for name in names:
            self.node(name).stop()

    # Asking.

    def status(self, name: str) -> dict[str, Any]:
        """A node's status; a test that asks expects the node to answer."""
        status = self.node(name).status()
        assert status is not None, f"{name} does not answer\n{self.node(name).output_tail()}"
        return status

    def height(self, name: str) -> int:
        return int(self.status(name)["height"])

    def overview(self) -> str:
        """Where every node stands, for the message of a failed wait."""
        lines = []
        for node in self.network.nodes():
            status = node.status()
            if status is None:
                lines.append(f"{node.name}: not running; {node.output_tail()}")
                continue
            keys = ("height", "certified_height", "results_stored", "view", "leader", "consensus")
            shown = {key: status.get(key) for key in (*keys, "pool", "executor")}
            lines.append(f"{node.name}: {json.dumps(shown)}")
        return "\n".join(lines)

    def until(self, what: str, found: Callable[[], Found], timeout_s: float = PATIENCE_S) -> Found:
        return eventually(what, found, timeout_s, self.overview)

    def wait_height(self, height: int, *names: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until nodes hold that height and its certified result."""

        def reached() -> bool:
            stands = [self.node(name).status() for name in names or self.names]
            return all(s and min(s["height"], s["results_stored"]) >= height for s in stands)

        self.until(f"height {height} everywhere, certified and stored", reached, timeout_s)

    def settle(self, *names: str, timeout_s: float = PATIENCE_S) -> int:
        """Wait until nodes agree on the height and hold its result; the height."""
        chosen = names or tuple(self.names)
        wanted = max(self._told, *(self.height(name) for name in chosen))
        self.wait_height(wanted, *chosen, timeout_s=timeout_s)
        return wanted

    def events(self, name: str, event: str | None = None) -> list[dict[str, Any]]:
        """Lines of a node's log."""
        path = self.home(name) / "logs" / "node.jsonl"
        text = path.read_text() if path.exists() else ""
        rows = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        return [row for row in rows if event is None or row["event"] == event]

    # Clients.

    def party(self, name: str) -> Party:
        return Party.open(self.network.party(name))

    def client(self, name: str = "exchange", node: str | None = None) -> LedgerClient:
        return LedgerClient.open(self.network.party(name), node=node, timeout_s=PATIENCE_S)

    def approvers(self, sender: str) -> list[Party]:
        if sender not in self._approvers:
            self._approvers[sender] = approvers_beside(self.party(sender))
        return self._approvers[sender]

    def seal(self, client: LedgerClient, count: int, about: str = "cash") -> list[SealedItem]:
        """Control transactions that write a party's record again: a load that
        needs no contract and leaves the parties as they are."""
        approvers = self.approvers(client.party.file.name)
        command = _native.command_admit(self.party(about).record())
        return [client.seal_control(command, approvers=approvers) for _ in range(count)]

    def load(self, count: int, node: str | None = None, sender: str = "exchange") -> list[Receipt]:
        """Order `count` control transactions one block after the other."""
        with self.client(sender, node) as client:
            receipts = [self.send(client, item) for item in self.seal(client, count)]
        assert all(receipt["status"] == "ok" for receipt in receipts), receipts
        return receipts

    def send(self, client: LedgerClient, item: SealedItem, wait: Wait = "final") -> Receipt:
        """Send one transaction, and remember the height it got to."""
        [receipt] = client.send([item], wait)
        self._told = max(self._told, receipt["height"])
        return receipt

    def deploy_vault(self) -> Contract:
        """The tests' own contract, deployed as the exchange when it is first asked for."""
        book = ContractBook(self.folder)
        if "vault" not in book.names().values():
            daicho("contract", "deploy", VAULT, "--as", "exchange", "--network", self.folder)
        return book.get("vault")

    def note(self, vault: Contract, sender: str, count: int, **others: object) -> list[Receipt]:
        """Calls that each write one row of the sender's; `others` as in vault.py."""
        values = {"isin": "-", "lei": "-", "name": "-", "price": "1", "quantity": 1, **others}
        receipts = []
        with self.client(sender) as client:
            for _ in range(count):
                number = time.monotonic_ns()
                arguments = vault.arguments("note", {**values, "number": number})
                item = client.seal(vault.number, vault.entry("note"), arguments)
                receipts.append(self.send(client, item))
        assert all(receipt["status"] == "ok" for receipt in receipts), receipts
        return receipts

    def blocks(self, node: str, first: int = 1) -> list[dict[str, Any]]:
        """Every block a node serves, from a height on."""
        with self.client("exchange", node) as client:
            return list(_pages(client.blocks, first))

    def results(self, node: str, first: int = 1) -> list[dict[str, Any]]:
        """Every certified result a node serves, from a height on."""
        with self.client("exchange", node) as client:
            return list(_pages(client.results, first))

    def assert_equal_ledgers(self, *names: str) -> int:
        """Same bytes of every block and result body, same roots; the height."""
        chosen = names or tuple(self.names)
        height = self.settle(*chosen)
        chains = {name: self.blocks(name) for name in chosen}
        bodies = {name: self.results(name) for name in chosen}
        one, *others = chosen
        assert [block["height"] for block in chains[one]] == list(range(1, height + 1))
        assert [result["height"] for result in bodies[one]] == list(range(1, height + 1))
        for other in others:
            for key in ("digest", "parent", "time_us", "items"):
                assert [b[key] for b in chains[other]] == [b[key] for b in chains[one]], other
            for key in ("block", "state_root", "receipts_root", "events_root", "body"):
                assert [r[key] for r in bodies[other]] == [r[key] for r in bodies[one]], other
        ledgers = {json.dumps(self.status(name)["ledger"], sort_keys=True) for name in chosen}
        assert len(ledgers) == 1, ledgers
        return height


def _pages(ask: Callable[[int], list[dict[str, Any]]], first: int) -> Iterator[dict[str, Any]]:
    while rows := ask(first):
        yield from rows
        first += len(rows)


def daicho(*words: str | Path, check: int | None = 0) -> tuple[int, dict[str, Any], str]:
    """Run the command with `--json`; exit code, the object on stdout, stderr."""
    done = subprocess.run(
        [DAICHO, *map(str, words), "--json"],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    if check is not None:
        assert done.returncode == check, (words, done.returncode, done.stdout, done.stderr)
    lines = done.stdout.splitlines()
    assert len(lines) <= 1, lines
    return done.returncode, json.loads(lines[0]) if lines else {}, done.stderr


def wipe(*paths: Path) -> None:
    """Delete folders' contents and files."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
            path.mkdir(mode=0o700)
        else:
            path.unlink(missing_ok=True)


def open_descriptors(pid: int) -> dict[int, str]:
    """What a process has open, by number."""
    folder = PROC / str(pid) / "fd"
    return {int(entry.name): str(entry.readlink()) for entry in folder.iterdir()}
