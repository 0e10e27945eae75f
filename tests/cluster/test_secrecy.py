"""What a disk, a log line or a process' memory must not show.

A contract keeps names, identifiers, a price and a quantity for one party; then
every byte that any node holds is searched for them in every form they could
have, and the memory of who must not read for the secrets that would let it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

import disks
from cluster.support import PROC, Cluster
from daicho import _native
from daicho.admin import found
from daicho.gateway import RefusedError
from daicho.query.book import Contract

OWNER, STRANGER = "bankA", "bankB"
TEXTS = {
    "name": "Kurahashi Motoko",
    "isin": "JP3999990004",
    "lei": "9999003XJQ7WKD5ZP216",
}
PRICE, QUANTITY = "83645192837.4655", 918_273_645_546_372
NUMBERS = {"price": 836_451_928_374_655, "quantity": QUANTITY}
"""As they are stored: scaled integers of seven bytes, so that no ciphertext
holds one by chance."""
CHUNK_BYTES = 1 << 22


def needles() -> dict[str, bytes]:
    """Every form in which a value might lie somewhere."""
    plain: dict[str, bytes] = {}
    for name, text in TEXTS.items():
        plain |= disks.forms_of_text(name, text)
    for name, number in NUMBERS.items():
        plain[f"{name} little-endian"] = number.to_bytes(7, "little")
        plain[f"{name} big-endian"] = number.to_bytes(7, "big")
        plain[f"{name} in digits"] = str(number).encode()
    plain["price as written"] = PRICE.encode()
    return disks.forms(plain)


def search(data: bytes) -> list[str]:
    """The names of what is found in some bytes."""
    return disks.search(data, needles())


@dataclass
class Vault:
    """The blind network with the deals in it."""

    cluster: Cluster
    contract: Contract
    secrets: Mapping[str, bytes]
    lengths: list[int]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """Three institutions that execute, four banks that order, a reader."""
    with pytest.MonkeyPatch.context() as patch:
        seen: list[bytes] = []
        patch.setattr(found, "_native", _Watched(seen))
        made = Cluster.found(tmp_path_factory.mktemp("vault") / "net", "vault", profile="blind")
    [secret] = set(seen)
    try:
        made.up()
        contract = made.deploy_vault()
        yield Vault(made, contract, _derived(secret), _play(made, contract))
    finally:
        made.down()


class _Watched:
    """The native module, while somebody notes the secret of epoch 0."""

    def __init__(self, seen: list[bytes]) -> None:
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(_native, name)

    def wrap_epoch_secret(self, key: bytes, epoch: int, secret: bytes, entropy: bytes) -> bytes:
        self._seen.append(secret)
        return _native.wrap_epoch_secret(key, epoch, secret, entropy)


def _derived(secret: bytes) -> dict[str, bytes]:
    """The epoch's secret and the branches that open compartments and seeds."""

    def branch(context: str) -> bytes:
        inner = blake3(secret, derive_key_context=f"daicho v1 {context}").digest()
        return blake3(b"", key=inner).digest()

    contexts = ("compartment key", "seed branch")
    return {"epoch secret": secret, **{name: branch(name) for name in contexts}}


def _play(cluster: Cluster, contract: Contract) -> list[int]:
    """Three deals that differ in price only, but for their numbers; the lengths
    of what was sent."""
    lengths = []
    with cluster.client(OWNER) as client:
        for number, price in enumerate(("0.0001", PRICE, "99999999999999.9999")):
            values = {**TEXTS, "number": number, "price": price, "quantity": QUANTITY}
            arguments = contract.arguments("note", values)
            item = client.seal(contract.number, contract.entry("note"), arguments)
            [receipt] = client.send([item])
            assert receipt["status"] == "ok", receipt
            lengths.append(len(item.item))
    cluster.settle()
    return lengths


def test_the_search_finds_what_is_there(vault: Vault, tmp_path: Path) -> None:
    """Must hold: "a planted canary is found", in each form and inside a file
    of a node as it lies on the disk."""
    segment = next((vault.cluster.home("bankA") / "log").glob("*.seg")).read_bytes()
    half = len(segment) // 2
    for name, needle in needles().items():
        planted = tmp_path / "planted"
        planted.write_bytes(segment[:half] + b"\x00" + needle + b"\x01" + segment[half:])
        assert name in search(planted.read_bytes()), name
    row = TEXTS["name"].encode() + QUANTITY.to_bytes(16, "little")
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + row)
        assert f"name as text, base64 at {shift}" in search(text)


def test_no_node_holds_a_value_in_clear(vault: Vault) -> None:
    """R52: "ciphertext on issX's disk contains no issY plaintext", on any disk
    here; R97, R103; Must hold: "Data directories of every node, readers and blind
    banks searched for names, ISIN, LEI, prices and quantities: nothing outside
    the holder's own executor" — and nothing at rest there either."""
    searched = 0
    for name in vault.cluster.names:
        home = vault.cluster.home(name)
        for path in disks.files_below(home):
            content = path.read_bytes()
            searched += len(content)
            assert search(content) == [], path
        assert any((home / "log").glob("*.seg")), "there was something to search"
        assert any((home / "results").glob("*.seg")), "results too"
    assert searched > 100_000


def test_the_owner_reads_and_a_stranger_does_not(vault: Vault) -> None:
    """R97: the values are there for whom they belong to; to others, what is
    not visible is not found."""
    contract = vault.contract
    question = contract.query("deal"), contract.arguments("deal", {"number": 1})
    answers = []
    for name in (OWNER, STRANGER):
        with vault.cluster.client(name, "ccp") as client:
            try:
                answer = client.query(contract.number, *question)
                answers.append(contract.abi.decode_result("deal", answer.result))
            except RefusedError as refusal:
                answers.append(refusal.code)
    assert answers[0] == TEXTS["name"]
    assert answers[1] in (None, "ACCESS")


def test_transactions_that_differ_in_price_are_equally_long(vault: Vault) -> None:
    """Must hold: "two transactions that differ only in price have equal
    length"; and so have the results that nodes keep of them."""
    assert len(set(vault.lengths)) == 1
    results = vault.cluster.results("bankA")[-len(vault.lengths) :]
    assert len({len(result["body"]) for result in results}) == 1


def _memory(pid: int) -> Iterator[bytes]:
    """What a process may have written to its memory, in overlapping chunks."""
    with (PROC / str(pid) / "mem").open("rb", 0) as memory:
        for line in (PROC / str(pid) / "maps").read_text().splitlines():
            area, rights, *_ = line.split()
            if not rights.startswith("rw") or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(number, 16) for number in area.split("-"))
            for at in range(start, end, CHUNK_BYTES):
                try:
                    memory.seek(at)
                    yield memory.read(min(CHUNK_BYTES + 64, end - at))
                except OSError:
                    # Mapped and not readable, or gone since.
                    continue


def _held(pid: int, secrets: Mapping[str, bytes]) -> set[str]:
    return {name for chunk in _memory(pid) for name, secret in secrets.items() if secret in chunk}


def test_who_orders_holds_no_secret_of_the_epoch(vault: Vault) -> None:
    """Must hold: "In the blind profile the banks' process memory holds no epoch
    secret (and the test finds it in an executor's)"."""
    cluster = vault.cluster
    executors = {"exchange", "ccp", "csd"}
    assert set(cluster.executors) == executors
    for name in executors:
        pid = cluster.node(name).executor_pid
        assert pid is not None
        try:
            held = _held(pid, vault.secrets)
        except PermissionError:
            pytest.skip("only root reads another process' memory")
        assert {"compartment key", "seed branch"} <= held, f"the search finds it at {name}"
    for name in cluster.names:
        pid = cluster.node(name).pid
        assert pid is not None
        assert _held(pid, vault.secrets) == set(), f"the node of {name} holds a secret"
        # What it is meant to hold is found, so that silence means something.
        public = bytes.fromhex(cluster.status(name)["public_key"])
        assert _held(pid, {"own public key": public}) == {"own public key"}
        assert (cluster.node(name).executor_pid is not None) == (name in executors)


def test_memory_of_who_orders_shows_no_value(vault: Vault) -> None:
    """R97: "memory-dump outside VM ... → no price/quantity/party of A-B trade"."""
    for name in ("bankB", "bankC", "reader1"):
        pid = vault.cluster.node(name).pid
        assert pid is not None
        for chunk in _memory(pid):
            assert search(chunk) == [], f"the node of {name} holds a value"
