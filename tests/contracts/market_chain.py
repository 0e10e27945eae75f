"""A market on the real machine, in process: the contract set deployed on a
`TestChain`, with parties, and calls by name.

    market.ok("bankA", "trades", "enter", counterparty=..., ...)   # its result
    market.refused("MISMATCH", "bankB", "trades", "confirm", ...)  # and nothing changed
    market.ask("issX", "securities", "holders", ...)               # a query by its caller
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from daicho._native import TestChain
from daicho.compiler.driver import Artefact
from daicho.identity.roles import role_mask

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
GAS_MEDIUM = 5_000_000
GENESIS_US = 1_700_000_000_000_000
BLOCK_US = 1_000_000

X_ISIN, Y_ISIN = "JP3435000009", "JP3633400001"
ROLES = {
    "adm": ("administrator",),
    "bankA": ("member",),
    "bankB": ("member",),
    "bankC": ("member",),
    "trust": ("trust_bank",),
    "issX": ("issuer",),
    "issY": ("issuer",),
}


def party_id(name: str) -> bytes:
    """The sixteen bytes of a party or an account."""
    return hashlib.blake2b(name.encode(), digest_size=16).digest()


def request(name: str) -> bytes:
    """The digest of a request that was made elsewhere."""
    return hashlib.blake2b(name.encode(), digest_size=32).digest()


def lei(name: str) -> str:
    """An LEI with right check digits, worked out on the whole number at once."""
    letters = hashlib.blake2b(name.encode(), digest_size=9).hexdigest().upper()
    number = "".join(str(int(letter, 36)) for letter in letters + "00")
    return f"{letters}{98 - int(number) % 97:02}"


@dataclass(frozen=True)
class Receipt:
    """What came of a call."""

    code: str
    result: Any
    details: list[Any]
    events: list[tuple[str, dict[str, Any], list[bytes]]]
    gas_used: int
    tx_id: bytes


class Market:
    """The contract set, deployed; one block per call unless said otherwise."""

    def __init__(self, artefacts: Mapping[str, Artefact]) -> None:
        self.artefacts = artefacts
        self.chain = TestChain(GENESIS_US)
        self.sent = 0
        self.deposits: list[str] = []
        self.log: list[tuple[str, dict[str, Any]]] = []
        for artefact in artefacts.values():
            self.chain.deploy(artefact.contract_id, artefact.data)

    @property
    def now(self) -> int:
        """The time of the last block."""
        return self.chain.time_us

    def _call(
        self, who: str, contract: str, name: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        artefact = self.artefacts[contract]
        self.sent += 1
        return {
            "contract": artefact.contract_id,
            "entry": artefact.abi.signature(name).id,
            "arguments": artefact.abi.encode_arguments(name, arguments),
            "sender": (party_id(who), role_mask(ROLES[who])),
            "cosigners": [],
            "tx_id": hashlib.blake2b(f"tx {self.sent}".encode(), digest_size=32).digest(),
            "gas_limit": GAS_MEDIUM,
        }

    def _receipt(
        self, contract: str, name: str, call: dict[str, Any], said: dict[str, Any]
    ) -> Receipt:
        abi = self.artefacts[contract].abi
        ok = said["code"] == 0
        events = []
        for number, event, addressees, data in said["events"]:
            home = next(item for item in self.artefacts.values() if item.contract_id == number)
            events.append(
                (*home.abi.decode_event(event, bytes(data)), [bytes(to) for to in addressees])
            )
        self.log += [(event, fields) for event, fields, _ in events]
        details: list[Any] = []
        if said["code"] >= 1_000 and said["result"]:
            details = abi.decode_details(said["code"], bytes(said["result"]))
        result = abi.decode_result(name, bytes(said["result"])) if ok else None
        return Receipt(said["name"], result, details, events, said["gas_used"], call["tx_id"])

    def block(
        self, *calls: tuple[str, str, str, Mapping[str, Any]], wait_us: int = BLOCK_US
    ) -> list[Receipt]:
        """One block with these calls (who, contract, entry, arguments)."""
        made = [self._call(*call) for call in calls]
        said = self.chain.block(self.now + wait_us, made)
        return [
            self._receipt(contract, name, call, outcome)
            for (_, contract, name, _), call, outcome in zip(calls, made, said, strict=True)
        ]

    def call(self, who: str, contract: str, name: str, /, **arguments: Any) -> Receipt:
        """One call in a block of its own."""
        return self.block((who, contract, name, arguments))[0]

    def ok(self, who: str, contract: str, name: str, /, **arguments: Any) -> Any:
        """The result of a call that must succeed."""
        receipt = self.call(who, contract, name, **arguments)
        assert receipt.code == "OK", (name, receipt.code, receipt.details)
        return receipt.result

    def refused(
        self, code: str, who: str, contract: str, name: str, /, **arguments: Any
    ) -> Receipt:
        """A call that must fail with this code and change nothing."""
        before = self.chain.rows()
        receipt = self.call(who, contract, name, **arguments)
        assert receipt.code == code, (name, receipt.code, receipt.details)
        assert self.chain.rows() == before
        assert receipt.events == []
        return receipt

    def query(self, who: str, contract: str, name: str, /, **arguments: Any) -> Receipt:
        """A query as the executor answers it: with the caller's compartments."""
        call = self._call(who, contract, name, arguments)
        me = party_id(who)
        held = None if who == "adm" else [b"\2" + me, b"\3" + me]
        return self._receipt(contract, name, call, self.chain.query(call, held))

    def ask(self, who: str, contract: str, name: str, /, **arguments: Any) -> Any:
        """The answer of a query that must succeed."""
        receipt = self.query(who, contract, name, **arguments)
        assert receipt.code == "OK", (name, receipt.code, receipt.details)
        return receipt.result

    # --- the steps that most tests begin with ---

    def register_everyone(self) -> None:
        """Institutions, issuers, instruments."""
        for bank in ("bankA", "bankB", "bankC"):
            self.ok(
                "adm",
                "reference",
                "register_institution",
                institution=party_id(bank),
                lei=lei(bank),
                name=bank,
            )
        for issuer, isin in (("issX", X_ISIN), ("issY", Y_ISIN)):
            self.ok(
                "adm",
                "reference",
                "register_issuer",
                issuer=party_id(issuer),
                lei=lei(issuer),
                name=issuer,
                account=party_id(f"{issuer} own"),
            )
            self.ok(
                "adm",
                "reference",
                "register_instrument",
                isin=isin,
                issuer=party_id(issuer),
                name=f"{issuer} shares",
            )

    def open(self, bank: str, *names: str) -> None:
        """Accounts at a bank, each under its holder's name."""
        for name in names:
            self.ok(bank, "securities", "open_account", account=party_id(name), name=name)

    def issue_to(self, isin: str, **parts: str) -> None:
        """Issue the sum and give each account (`bank="account:quantity"`) its part."""
        for bank, text in parts.items():
            name, quantity = text.split(":")
            self.ok(
                "adm",
                "securities",
                "issue",
                isin=isin,
                quantity=quantity,
                request=request(f"{isin}{self.sent}"),
            )
            self.ok(
                "adm",
                "securities",
                "allot",
                isin=isin,
                quantity=quantity,
                underwriters=[{"bank": party_id(bank), "account": party_id(name), "weight": 1}],
            )

    def deposit(self, holder: str, amount: str) -> None:
        """Tokens for money in trust."""
        self.deposits.append(f"D{self.sent}")
        self.ok(
            "trust",
            "cash",
            "confirm_deposit",
            holder=party_id(holder),
            amount=amount,
            reference=self.deposits[-1],
        )

    # --- what the tests look at ---

    def shares(self, bank: str, account: str, isin: str = X_ISIN) -> tuple[Decimal, Decimal]:
        """Available and earmarked."""
        found = self.ask(
            bank,
            "securities",
            "position",
            bank=party_id(bank),
            account=party_id(account),
            isin=isin,
        )
        return found["available"], found["earmarked"]

    def tokens(self, holder: str) -> tuple[Decimal, Decimal]:
        """Available and earmarked; zero for who never held any."""
        said = self.query(holder, "cash", "balance", holder=party_id(holder))
        if said.code == "ACCESS":
            return Decimal(0), Decimal(0)
        return said.result["available"], said.result["earmarked"]

    def register(
        self, issuer: str = "issX", isin: str = X_ISIN, who: str = "adm"
    ) -> dict[str, Decimal]:
        """Holder's name to quantity, all pages of it."""
        lines: dict[str, Decimal] = {}
        after = None
        while True:
            page = self.ask(
                who, "securities", "holders", issuer=party_id(issuer), isin=isin, after=after
            )
            lines |= {line["name"]: line["quantity"] for line in page}
            if not page:
                return lines
            after = page[-1]
