"""The client of one party on one gateway."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from daicho import _native
from daicho.codes import retry_codes
from daicho.config import ConfigError
from daicho.gateway.errors import BadReplyError, RefusedError, UnreachableError
from daicho.gateway.party import EPOCH, Party
from daicho.gateway.sequences import SequenceFile, Sequences
from daicho.gateway.transport import Connection

Wait = Literal["admitted", "ordered", "final"]
GasClass = Literal["small", "medium", "large"]
At = tuple[Literal["height", "time"], int] | None
Receipt = dict[str, Any]

WAITS: dict[str, int] = {"admitted": 1, "ordered": 2, "final": 3}
GAS_CLASSES: dict[str, int] = {"small": 1, "medium": 2, "large": 3}
TIMEOUT_S = 30.0
EXPIRY_S = 60.0
RETRY_PAUSE_S = 0.05
RETRY_PAUSE_S_MAX = 1.0
QUERY_EXPIRY_S = 60.0
SYNC_COUNT = 256
SUBMIT_ITEMS_MAX = 1_024
SUBMIT_BYTES_MAX = 16 * 1024 * 1024
_COMPARTMENT_BYTES = 17
# What a receipt always has, though a control transaction's outcome is public
# and short, and an ordered transaction has none yet.
_UNKNOWN: Receipt = {
    "sender": None,
    "lane": None,
    "sequence": None,
    "status": None,
    "code": None,
    "gas_used": 0,
    "result": b"",
    "events": [],
}
_TRACE_WAITS = ("BUSY", "NOT_YET")
_TRACE_PAUSE_S = 0.25
_HELD_KEY_BYTES = _COMPARTMENT_BYTES + 32


@dataclass(frozen=True)
class SealedItem:
    """A transaction ready to be sent, and sent again: the bytes do not change."""

    item: bytes
    tx_id: bytes
    witness_id: bytes
    lane: int
    sequence: int


@dataclass(frozen=True)
class Answer:
    """What an executor says after the certified block `height`."""

    height: int
    time_us: int
    state_root: bytes
    code: str
    gas_used: int
    result: bytes


@dataclass(frozen=True)
class TraceAnswer:
    """An encoded trace of a transaction in the block `about`."""

    about: int
    result: bytes


@dataclass(frozen=True)
class Rows:
    """Rows with the answer that proved them."""

    answer: Answer
    rows: list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class ProvedRow:
    """One row; the answer's result is the inclusion proof."""

    answer: Answer
    key: bytes
    row: bytes


class LedgerClient:
    """Submits, asks, and checks every answer. Not for several threads at once."""

    def __init__(
        self,
        party: Party,
        *,
        node: str | None = None,
        sequences: Sequences | None = None,
        timeout_s: float = TIMEOUT_S,
        session_number: int = 0,
    ) -> None:
        self.party = party
        self.timeout_s = timeout_s
        self.sequences = sequences or SequenceFile(party.home / "sequences.json")
        self.session = party.session(session_number)
        self.verifier = _native.ReceiptVerifier(party.genesis.encoded)
        self.node = node or party.file.gateway
        self._connection = _connect(party, self.node)
        self._request = secrets.randbits(32) << 16

    @classmethod
    def open(cls, party_home: Path, **options: Any) -> LedgerClient:
        """Open a party's folder and connect to its gateway."""
        return cls(Party.open(party_home), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    # Sealing: nothing is sent yet.

    def seal(
        self,
        contract: int,
        entry: int,
        arguments: bytes,
        *,
        gas: GasClass = "small",
        lane: int = 0,
        expiry_s: float = EXPIRY_S,
        cosigners: Iterable[Party] = (),
    ) -> SealedItem:
        """Seal and sign a call, with the consents of `cosigners` inside."""
        call: dict[str, Any] = {"contract": contract, "entry": entry, "arguments": arguments}
        place, expiry_us = self._place(lane, expiry_s)
        sealed = _native.seal_envelope(
            self.party.signer,
            self.session,
            **place,
            **call,
            expiry_us=expiry_us,
            salt=secrets.token_bytes(16),
            gas_class=GAS_CLASSES[gas],
            cosignatures=self._signed(_native.consent, cosigners, place | call),
        )
        return SealedItem(*sealed, place["lane"], place["sequence"])

    def seal_control(
        self,
        command: bytes,
        *,
        approvers: Iterable[Party] = (),
        lane: int = 0,
        expiry_s: float = EXPIRY_S,
    ) -> SealedItem:
        """Sign a control command. The sender counts; `approvers` are the others."""
        place, expiry_us = self._place(lane, expiry_s)
        sealed = _native.seal_control(
            self.party.signer,
            self.party.genesis.chain_id,
            **place,
            expiry_us=expiry_us,
            command=command,
            approvals=self._signed(_native.approve, approvers, place | {"command": command}),
        )
        return SealedItem(*sealed, place["lane"], place["sequence"])

    def _place(self, lane: int, expiry_s: float) -> tuple[dict[str, Any], int]:
        """The place that the next transaction takes, and when it lapses."""
        expiry_us = _now_us() + int(expiry_s * 1_000_000)
        [sequence] = self.sequences.take(lane, 1, expiry_us)
        return {"sender": self.party.file.alias, "lane": lane, "sequence": sequence}, expiry_us

    def _signed(
        self, sign: Any, others: Iterable[Party], content: dict[str, Any]
    ) -> list[tuple[bytes, bytes]]:
        """What each of the others signs, under its alias: this content at this place."""
        chain = self.party.genesis.chain_id
        return [
            (other.file.alias, sign(other.signer, other.file.alias, chain, **content))
            for other in others
        ]

    # Sending.

    def submit(
        self, contract: int, entry: int, arguments: bytes, *, wait: Wait = "final", **options: Any
    ) -> Receipt:
        """Seal, send, wait, check. RefusedError when nothing was ordered.

        A receipt with status "failed" is an answer, not an error.
        """
        return self.send([self.seal(contract, entry, arguments, **options)], wait)[0]

    def submit_control(self, command: bytes, *, wait: Wait = "final", **options: Any) -> Receipt:
        """Sign, send and wait for a control command."""
        return self.send([self.seal_control(command, **options)], wait)[0]

    def send(self, items: Sequence[SealedItem], wait: Wait = "final") -> list[Receipt]:
        """Send items and wait for all; receipts in the order of the items.

        BUSY is tried again with the same bytes until the time-out. Raises
        RefusedError with the first refusal, after all others have ended.
        """
        waiting = _Waiting(self, items, wait)
        return waiting.run()

    def expect(self, items: Iterable[SealedItem]) -> None:
        """Announce items whose receipts will be checked."""
        for item in items:
            self.verifier.expect(item.tx_id, self.session, item.witness_id)

    def post(self, items: Sequence[SealedItem], wait: Wait) -> int:
        """Send without waiting; the number that the replies will carry."""
        self.expect(items)
        return self._ask(_native.encode_submit, WAITS[wait], [item.item for item in items])

    def poll(self, timeout_s: float, limit: int = 1_000) -> list[bytes]:
        """Reply frames that have arrived, after at most `timeout_s`."""
        first = self._connection.receive(timeout_s)
        return [] if first is None else [first, *self._connection.drain(limit - 1)]

    # Asking.

    def receipt(self, tx_id: bytes, witness_id: bytes | None = None) -> Receipt:
        """The receipt of a transaction of this party, as far as it has got."""
        self.verifier.expect(tx_id, self.session, witness_id)
        return self._receipt(tx_id)

    def place(self, tx_id: bytes) -> Receipt:
        """Where a transaction stands, whoever sent it: what of a receipt is public."""
        self.verifier.expect(tx_id)
        return self._receipt(tx_id)

    def _receipt(self, tx_id: bytes) -> Receipt:
        frame, _ = self._answer(self._ask(_native.encode_receipt, tx_id), "receipts")
        found = [row for row in self._verified(frame) if row["tx_id"] == tx_id]
        if not found:
            raise BadReplyError("the reply speaks of another transaction")
        return found[0]

    def query(self, contract: int, query: int, arguments: bytes, *, at: At = None) -> Answer:
        """Ask a contract. RefusedError when the answer is a no, ACCESS for one.

        One executor's word: `root_certified` holds its root against the
        certified one, `daicho.query.ask` compares several executors' answers.
        """
        question = _native.ask_contract(contract=contract, query=query, arguments=arguments, at=at)
        return self._query(question)

    def rows(self, compartment: bytes, lo: bytes, hi: bytes, *, at: At = None) -> Rows:
        """All rows of a compartment with lo <= key < hi, proved to be all there is.

        Checked against the state root that a majority of executors signed.
        """
        answer = self._query(_native.ask_rows(compartment=compartment, lo=lo, hi=hi, at=at))
        self.root_certified(answer)
        try:
            rows = _native.prove_rows(answer.result, answer.state_root, compartment, lo, hi)
        except ValueError as error:
            raise BadReplyError(f"the rows are not proved: {error}") from error
        return Rows(answer, rows)

    def row(self, compartment: bytes, key: bytes, *, at: At = None) -> ProvedRow:
        """One row, with a proof that may be shown to others: it shows nothing else.

        Checked against the state root that a majority of executors signed.
        RefusedError (ACCESS) when there is no such row, or none for this party.
        """
        answer = self._query(_native.ask_row(compartment=compartment, key=key, at=at))
        self.root_certified(answer)
        try:
            found, row = _native.prove_row(answer.result, answer.state_root, compartment)
        except ValueError as error:
            raise BadReplyError(f"the row is not proved: {error}") from error
        if found != key:
            raise BadReplyError("the proof is of another row")
        return ProvedRow(answer, found, row)

    def root_certified(self, answer: Answer) -> None:
        """Raise BadReplyError unless the answer's root is the certified one."""
        if answer.height == 0:
            return
        found = self.results(answer.height, 1)
        checked = [self.checked_result(row["bytes"]) for row in found]
        roots = {row["state_root"] for row in checked if row["height"] == answer.height}
        if roots != {answer.state_root}:
            raise BadReplyError(f"the root of height {answer.height} is not the certified one")

    def checked_block(self, block: bytes) -> dict[str, Any]:
        """A block checked whole against the genesis; BadReplyError otherwise."""
        try:
            return self.verifier.verify_block(block)
        except ValueError as error:
            raise BadReplyError(str(error)) from error

    def checked_result(self, result: bytes) -> dict[str, Any]:
        """A result checked whole against the genesis; BadReplyError otherwise."""
        try:
            return self.verifier.verify_result(result)
        except ValueError as error:
            raise BadReplyError(str(error)) from error

    def trace(self, tx_id: bytes) -> TraceAnswer:
        """Have an executor run a committed transaction once more.

        RefusedError (ACCESS) when there is none, or none for this party; waits for
        an executor that is busy with others, or not as far.
        """
        deadline = time.monotonic() + self.timeout_s - RETRY_PAUSE_S_MAX
        while True:
            try:
                height = int(self.place(tx_id)["height"])
                answer = self._query(_native.ask_trace(tx_id, height))
                return TraceAnswer(height, answer.result)
            except RefusedError as refusal:
                if refusal.code == "ACCESS":
                    # Whether a node or an executor says so: one answer.
                    message = "not found, or not visible"
                    raise RefusedError(refusal.code, message, retry=False) from None
                if time.monotonic() > deadline or refusal.code not in _TRACE_WAITS:
                    raise
            time.sleep(_TRACE_PAUSE_S)

    def compartment_keys(self) -> dict[bytes, bytes]:
        """The compartment keys that this party holds, by compartment (17 bytes)."""
        held = self._query(_native.ask_keys()).result
        count, rest = int.from_bytes(held[:4], "little"), held[4:]
        if len(rest) != count * _HELD_KEY_BYTES:
            raise BadReplyError("the list of keys is malformed")
        rows = [rest[at : at + _HELD_KEY_BYTES] for at in range(0, len(rest), _HELD_KEY_BYTES)]
        return {row[:_COMPARTMENT_BYTES]: row[_COMPARTMENT_BYTES:] for row in rows}

    def _query(self, question: bytes) -> Answer:
        nonce = secrets.token_bytes(16)
        session = self.party.fresh_session(secrets.token_bytes(32))
        sealed = _native.seal_query(
            self.party.signer,
            session,
            question,
            sender=self.party.file.alias,
            nonce=nonce,
            expiry_us=_now_us() + int(QUERY_EXPIRY_S * 1_000_000),
        )
        _, reply = self._answer(self._ask(_native.encode_query, sealed), "answer")
        try:
            opened = _native.open_answer(session, nonce, reply["sealed"])
        except ValueError as error:
            raise BadReplyError(f"the answer does not open: {error}") from error
        answer = Answer(**opened)
        if answer.code != "OK":
            retry = answer.code in retry_codes()
            raise RefusedError(answer.code, "the query was refused", retry=retry)
        return answer

    def status(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The node's own account of itself."""
        _, reply = self._answer(self._ask(_native.encode_status), "status", timeout_s)
        try:
            document = json.loads(reply["document"])
        except ValueError as error:
            raise BadReplyError("the status is no JSON document") from error
        if not isinstance(document, dict):
            raise BadReplyError("the status is no JSON object")
        return document

    def blocks(self, first: int, count: int = SYNC_COUNT) -> list[dict[str, Any]]:
        """Committed blocks from a height on."""
        _, reply = self._answer(self._ask(_native.encode_blocks, first, count), "blocks")
        return list(reply["blocks"])

    def results(self, first: int, count: int = SYNC_COUNT) -> list[dict[str, Any]]:
        """Certified results from a height on."""
        _, reply = self._answer(self._ask(_native.encode_results, first, count), "results")
        return list(reply["results"])

    # Below: requests and replies.

    def _ask(self, encode: Any, *content: Any) -> int:
        self._request += 1
        self._connection.send(encode(self._request, *content), self.timeout_s)
        return self._request

    def _answer(
        self, request: int, say: str, timeout_s: float | None = None
    ) -> tuple[bytes, dict[str, Any]]:
        for frame, reply in self._replies(request, timeout_s or self.timeout_s):
            if reply["say"] == "refused":
                raise _refusal(reply)
            if reply["say"] == say:
                return frame, reply
        raise UnreachableError(f"{self._connection.address} gave no answer in time")

    def _replies(self, request: int, timeout_s: float) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Replies to one request until the time is up; others are dropped."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            frame = self._connection.receive(left)
            if frame is None:
                return
            try:
                reply = _native.decode_reply(frame)
            except ValueError as error:
                raise BadReplyError(f"a reply is malformed: {error}") from error
            if reply["id"] == request:
                yield frame, reply

    def _verified(self, frame: bytes) -> list[Receipt]:
        try:
            rows = self.verifier.verify(frame)
        except _native.VerificationError as error:
            raise BadReplyError(str(error)) from error
        return [{**_UNKNOWN, **row} for row in rows]


class _Waiting:
    """One `send`: what is still out, what has come back."""

    def __init__(self, client: LedgerClient, items: Sequence[SealedItem], wait: Wait) -> None:
        self.client = client
        self.items = {item.tx_id: item for item in items}
        self.wait: Wait = wait
        self.receipts: dict[bytes, Receipt] = {}
        self.refusals: dict[bytes, RefusedError] = {}

    def run(self) -> list[Receipt]:
        deadline = time.monotonic() + self.client.timeout_s
        pause = RETRY_PAUSE_S
        while out := [item for tx_id, item in self.items.items() if not self._ended(tx_id)]:
            if time.monotonic() >= deadline:
                raise UnreachableError(f"no {self.wait} answer in {self.client.timeout_s:g} s")
            busy = self._round(_one_frame(out), deadline)
            if busy:
                time.sleep(pause)
                pause = min(2 * pause, RETRY_PAUSE_S_MAX)
        self._close_sequences()
        if self.refusals:
            raise next(iter(self.refusals.values()))
        return [self.receipts[tx_id] for tx_id in self.items]

    def _ended(self, tx_id: bytes) -> bool:
        return tx_id in self.receipts or tx_id in self.refusals

    def _round(self, out: Sequence[SealedItem], deadline: float) -> bool:
        """Send what is out and listen until all ended; whether some was BUSY."""
        request = self.client.post(out, self.wait)
        left, busy = len(out), 0
        for frame, reply in self.client._replies(request, deadline - time.monotonic()):
            if reply["say"] == "refused":
                busy += self._refused(reply, out)
            elif reply["say"] == "receipts":
                self._received(frame)
            elif reply["say"] == "admitted" and self.wait == "admitted":
                tx_id = reply["tx_id"]
                self.receipts[tx_id] = {"tx_id": tx_id, "finality": "admitted"}
            left = sum(not self._ended(item.tx_id) for item in out)
            if left <= busy:
                break
        return busy > 0

    def _received(self, frame: bytes) -> None:
        for row in self.client._verified(frame):
            item = self.items.get(row["tx_id"])
            if item and (row["finality"] == "final" or self.wait != "final"):
                sender = self.client.party.file.alias
                row |= {"sender": sender, "lane": item.lane, "sequence": item.sequence}
                self.receipts[item.tx_id] = row

    def _refused(self, reply: dict[str, Any], out: Sequence[SealedItem]) -> int:
        """Note a refusal; 1 when it is worth trying again, else 0.

        A refusal that names no transaction is of the whole request.
        """
        refusal = _refusal(reply)
        whole = refusal.tx_id not in self.items
        named = [item.tx_id for item in out] if whole else [refusal.tx_id]
        if refusal.retry:
            return len(named)
        for tx_id in named:
            if tx_id not in self.receipts:
                self.refusals[tx_id] = refusal
        return 0

    def _close_sequences(self) -> None:
        lanes = {item.lane for item in self.items.values()}
        for lane in lanes:
            mine = [item for item in self.items.values() if item.lane == lane]
            refused = [i.sequence for i in mine if self._reusable(i.tx_id)]
            used = [i.sequence for i in mine if i.sequence not in refused and self._used(i)]
            self.client.sequences.settle(lane, used)
            self.client.sequences.release(lane, refused)

    def _reusable(self, tx_id: bytes) -> bool:
        refusal = self.refusals.get(tx_id)
        return refusal is not None and refusal.code not in ("SEQUENCE_USED", "REPLAY")

    def _used(self, item: SealedItem) -> bool:
        """Admitted alone leaves the sequence open: it may still lapse."""
        return self.receipts.get(item.tx_id, {}).get("finality") != "admitted"


def _one_frame(items: Sequence[SealedItem]) -> list[SealedItem]:
    """As many of the first items as one request carries, at least one."""
    taken, size = [items[0]], len(items[0].item)
    for item in items[1:SUBMIT_ITEMS_MAX]:
        size += len(item.item)
        if size > SUBMIT_BYTES_MAX:
            break
        taken.append(item)
    return taken


def must_be_ok(receipt: Receipt, what: str) -> Receipt:
    """The receipt, if it says yes; RefusedError with its code otherwise."""
    if receipt["status"] != "ok":
        raise RefusedError(receipt["code"], f"{what} failed", retry=False, tx_id=receipt["tx_id"])
    return receipt


def _connect(party: Party, node: str) -> Connection:
    where = party.network.node(node)
    if where is None:
        raise ConfigError.one("CFG_REFERENCE", "gateway", f"the network has no node {node!r}")
    curve_key = party.genesis.file.nodes[where.replica].curve_key
    return Connection(where.gateway, curve_key, party.credentials)


def _refusal(reply: dict[str, Any]) -> RefusedError:
    return RefusedError(reply["code"], reply["message"], retry=reply["retry"], tx_id=reply["tx_id"])


def _now_us() -> int:
    return time.time_ns() // 1_000


assert EPOCH == 0, "epoch rotation needs a session per epoch"
