"""The Rust half: see rust/bindings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FRAME_BYTES_MAX: int
"""Bytes of one ZeroMQ message; on the wire CURVE adds a few dozen."""

def version() -> str:
    """Version of the native module, the same as the distribution's."""

class EchoHost:
    """Sends every frame back where it came from, until it is stopped."""

    def __init__(
        self, sockets: int, *, frames: int = ..., frame_bytes: int = ..., paused: bool = ...
    ) -> None: ...
    def capsule(self) -> object: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def waiting(self) -> list[int]: ...
    def stop(self) -> None: ...

# rust/bindings/src/bench.rs

AGREEMENT_ROUNDS_MAX: int
"""Rounds that the work `agreement` has in store."""

class Work:
    """A prepared work that is measured from outside; see rust/host/src/bench."""

    def __init__(self, name: str, batch: int, rows: int = ...) -> None: ...
    def run(self, rounds: int) -> None: ...

# rust/bindings/src/genesis.rs

def genesis_encode(document: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a genesis; ValueError when a field is out of form."""

def genesis_decode(genesis: bytes) -> dict[str, Any]:
    """The inverse of `genesis_encode`."""

def genesis_check(genesis: bytes) -> None:
    """ValueError with the rule between fields that is broken."""

def chain_id(genesis: bytes) -> bytes:
    """Digest of a checked genesis."""

def codes() -> list[tuple[int, str, bool]]:
    """Every ledger code: number, name, whether to try again."""

def public_key(seed: bytes) -> bytes:
    """The Ed25519 key of a 32-byte seed."""

def seal_public_key(seed: bytes) -> bytes:
    """The X25519 key of a 32-byte seed (RFC 9180, DeriveKeyPair)."""

def certificate_digest(der: bytes) -> bytes:
    """Digest of a certificate's DER bytes."""

def secret_file_seal(key: bytes, label: str, salt: bytes, secret: bytes) -> bytes:
    """A secret as it stands in a file; the salt is 16 fresh random bytes."""

def secret_file_open(key: bytes, label: str, file: bytes) -> bytes:
    """The inverse of `secret_file_seal`; ValueError when it does not open."""

def executor_keys_seal(
    result_seed: bytes, seal_seed: bytes, store_key: bytes, unlock: bytes, salt: bytes
) -> bytes:
    """An executor's key file; the salt is 32 fresh random bytes."""

def epoch_public_key(secret: bytes, epoch: int) -> bytes:
    """The key that envelopes of an epoch are sealed to."""

def wrap_epoch_secret(executor: bytes, epoch: int, secret: bytes, entropy: bytes) -> bytes:
    """80 bytes that one executor unwraps."""

def unwrap_epoch_secret(executor_seed: bytes, epoch: int, public: bytes, wrapped: bytes) -> bytes:
    """The inverse of `wrap_epoch_secret`; ValueError when it does not open."""

# rust/bindings/src/client/

class VerificationError(ValueError):
    """A reply proves nothing."""

class Signer:
    """A party's signing key."""

    def __init__(self, seed: bytes) -> None: ...
    @property
    def public_key(self) -> bytes: ...

class Session:
    """A client's sealing session with the executors of one epoch."""

    def __init__(self, epoch_key: bytes, chain: bytes, epoch: int, entropy: bytes) -> None: ...
    @property
    def enc(self) -> bytes: ...

class ReceiptVerifier:
    """Checks receipts against the genesis, and opens those it expects."""

    def __init__(self, genesis: bytes) -> None: ...
    def expect(
        self, tx_id: bytes, session: Session | None = ..., witness_id: bytes | None = ...
    ) -> None: ...
    def verify(self, frame: bytes) -> list[dict[str, Any]]: ...
    def verify_block(self, block: bytes) -> dict[str, Any]: ...
    def verify_result(self, result: bytes) -> dict[str, Any]: ...
    def verify_header(self, proof: bytes) -> dict[str, Any]:
        """Height, time, digest, state root from `certified_header`'s bytes."""

    def verify_batch(self, frames: Sequence[bytes]) -> list[tuple[bytes, str, str, int, int]]: ...

def seal_envelope(
    signer: Signer,
    session: Session,
    *,
    sender: bytes,
    lane: int,
    sequence: int,
    expiry_us: int,
    salt: bytes,
    contract: int,
    entry: int,
    arguments: bytes,
    gas_class: int = ...,
    cosignatures: Sequence[tuple[bytes, bytes]] = ...,
) -> tuple[bytes, bytes, bytes]:
    """A sealed transaction: item, transaction id, witness id."""

def seal_control(
    signer: Signer,
    chain: bytes,
    *,
    sender: bytes,
    lane: int,
    sequence: int,
    expiry_us: int,
    command: bytes,
    approvals: Sequence[tuple[bytes, bytes]],
) -> tuple[bytes, bytes, bytes]:
    """A control transaction: item, transaction id, witness id."""

def consent(
    signer: Signer,
    alias: bytes,
    chain: bytes,
    *,
    sender: bytes,
    lane: int,
    sequence: int,
    contract: int,
    entry: int,
    arguments: bytes,
) -> bytes:
    """A co-signer's signature on a call at one place."""

def approve(
    signer: Signer,
    alias: bytes,
    chain: bytes,
    *,
    sender: bytes,
    lane: int,
    sequence: int,
    command: bytes,
) -> bytes:
    """An approver's signature on a command at one place."""

def command_admit(record: Mapping[str, Any]) -> bytes:
    """The command that admits a party or replaces its record."""

def command_revoke(alias: bytes) -> bytes:
    """The command that takes an alias off."""

def command_deploy(contract: int, name: str, artefact: bytes) -> bytes:
    """The command that deploys a contract."""

def command_steer_time(time_us: int) -> bytes:
    """The command that moves the steered clock."""

def ask_contract(
    *, contract: int, query: int, arguments: bytes, at: tuple[str, int] | None = ...
) -> bytes:
    """A question to a contract."""

def ask_rows(
    *, compartment: bytes, lo: bytes, hi: bytes, at: tuple[str, int] | None = ...
) -> bytes:
    """A question for rows of a compartment, with a proof."""

def ask_row(*, compartment: bytes, key: bytes, at: tuple[str, int] | None = ...) -> bytes:
    """A question for one row of a compartment, with a proof."""

def ask_keys() -> bytes:
    """A question for the asker's compartment keys."""

def ask_trace(tx_id: bytes, height: int) -> bytes:
    """A question for the trace of a committed transaction."""

def open_trace(result: bytes) -> dict[str, Any]:
    """The trace in an answer's result; ValueError when it is malformed.

    `functions` have the place of their contract in `contracts`, `failed_at` and each of
    the lines the place of their function in `functions`.
    """

def seal_query(
    signer: Signer,
    session: Session,
    question: bytes,
    *,
    sender: bytes,
    nonce: bytes,
    expiry_us: int,
) -> bytes:
    """A question, sealed to the executors."""

def prove_rows(
    proof: bytes, root: bytes, compartment: bytes, lo: bytes, hi: bytes
) -> list[tuple[bytes, bytes]]:
    """The rows a range proof shows under `root`; VerificationError otherwise."""

def prove_row(proof: bytes, root: bytes, compartment: bytes) -> tuple[bytes, bytes]:
    """The key and row an inclusion proof shows under `root`; VerificationError otherwise."""

def certified_header(block: bytes, result: bytes) -> bytes:
    """Header, commit and result certificate of an encoded block and its result."""

def open_answer(session: Session, nonce: bytes, sealed: bytes) -> dict[str, Any]:
    """A query's answer; VerificationError when it does not open."""

def item_ids(item: bytes) -> tuple[bytes, bytes]:
    """Transaction id and witness id of an item."""

def encode_submit(id: int, wait: int, items: Sequence[bytes]) -> bytes: ...  # noqa: A002
def encode_query(id: int, query: bytes) -> bytes: ...  # noqa: A002
def encode_receipt(id: int, tx_id: bytes) -> bytes: ...  # noqa: A002
def encode_status(id: int) -> bytes: ...  # noqa: A002
def encode_blocks(id: int, from_height: int, count: int) -> bytes: ...  # noqa: A002
def encode_results(id: int, from_height: int, count: int) -> bytes: ...  # noqa: A002
def decode_reply(frame: bytes) -> dict[str, Any]:
    """A reply as a dict with `id` and `say`."""

# rust/bindings/src/node.rs

def genesis_curve_keys(genesis: bytes) -> list[bytes]:
    """The raw CURVE keys of a genesis' nodes, by replica number."""

class NodeHost:
    """A node in its folder, between the pump's capsule and its executor."""

    def __init__(
        self,
        *,
        home: Path,
        genesis: bytes,
        genesis_path: Path,
        replica: int,
        vote_seed: bytes,
        sockets: Sequence[str],
        executor: tuple[Path, Path, Path] | None,
        boot: int,
        fresh: bool,
        clock_offset_us: int = ...,
    ) -> None: ...
    def capsule(self) -> object: ...
    def status(self) -> str: ...
    def admits(self, key: bytes) -> bool: ...
    def note_refused(self, domain: str, address: str, key: str) -> None: ...
    def fatal(self) -> str | None: ...
    def stop(self) -> None: ...

# rust/bindings/src/verify.rs

def verify_home(home: Path, genesis: bytes) -> list[dict[str, Any]]:
    """Everything wrong in a node's stored data: code, file, offset, height, message."""

# rust/bindings/src/contract_vm.rs

class TestChain:
    """The contract machine over a ledger in memory; see `daicho_execution`."""

    def __init__(self, genesis_us: int) -> None: ...
    def deploy(self, contract: int, artefact: bytes) -> bytes: ...
    def upgrade(self, contract: int, artefact: bytes) -> dict[str, Any] | None: ...
    def block(
        self,
        time_us: int,
        calls: Sequence[Mapping[str, Any]],
        feeds: Sequence[tuple[int, int, int, bytes]] = ...,
        timer_gas: int = ...,
        seed: bytes = ...,
    ) -> list[dict[str, Any]]: ...
    def rehearsal(self, calls: Sequence[Mapping[str, Any]], size: int) -> Rehearsal: ...
    def timers(self) -> list[dict[str, Any]]: ...
    @property
    def next_wakeup(self) -> int: ...
    def watch(self, on: bool) -> None: ...
    def take_watch(self) -> dict[str, Any] | None: ...
    def query(self, call: Mapping[str, Any], held: Sequence[bytes] | None) -> dict[str, Any]: ...
    @property
    def height(self) -> int: ...
    @property
    def time_us(self) -> int: ...
    def rows(self) -> list[tuple[bytes, bytes, bytes]]: ...

class Rehearsal:
    """Blocks of calls that run on the last state of a `TestChain` and are never kept."""

    def run(self) -> int:
        """Instructions begun by all of them; ValueError when a call fails."""

def replay(
    *,
    home: Path,
    genesis_path: Path,
    replica: int,
    program: Path,
    executor_home: Path,
    log: Path,
) -> tuple[int, bytes, int, int | None]:
    """Height, state root, results compared, and the first height that differs."""
