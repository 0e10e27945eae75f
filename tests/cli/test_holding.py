"""Holding certificates: made on a running network, believed with nothing of it."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daicho.admin.found import found_network
from daicho.admin.network import Network
from daicho.admin.plan import NetworkPlan
from daicho.cli.app import run
from daicho.cli.exits import Exit
from daicho.demo.acts import listing, opening
from daicho.demo.cast import HOUSES, ISIN_X
from daicho.demo.stage import Stage, until
from daicho.gateway import LedgerClient, Party, RefusedError
from daicho.identity import Authority
from daicho.query.book import ContractBook
from daicho.query.holding import certify_holding, sign_holding
from daicho.query.tables import TableReader

HOST = "127.203.1.2"
SIGNED = {"certificates", "signature"}


@dataclass(frozen=True)
class Market:
    """A network where bank A's own account was allotted 600,000 shares of X."""

    folder: Path
    bank: bytes
    account: bytes
    before: int
    """The last block before anybody held anything."""

    @property
    def key(self) -> dict[str, object]:
        return {"bank": self.bank, "account": self.account, "isin": ISIN_X}

    def party(self, name: str) -> Party:
        return Party.open(self.folder / "parties" / name)

    def certify(self, who: str, **changes: object) -> dict[str, Any]:
        with LedgerClient(self.party(who)) as client:
            book = ContractBook(self.folder)
            key = {**self.key, **changes}
            return certify_holding(client, book, "securities", "positions", key)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Genesis knows who runs a node; `adm` is admitted later, as in the market day."""
    folder = tmp_path_factory.mktemp("holding") / "network"
    found_network(folder, NetworkPlan(host=HOST, admit_clients=False))
    network = Network(folder)
    stage = Stage(network, "seed", lambda _: None)
    try:
        network.up()
        until("every executor", lambda: opening.executors_up(stage))
        opening.everybody_is_admitted(stage)
        opening.contracts_are_deployed(stage)
        listing.issuers_and_instruments(stage)
        listing.accounts_are_opened(stage)
        before = int(stage.operator().client.status()["height"])
        listing.issue_and_allotment(stage)
        yield Market(folder, stage.desk("bankA").id, stage.ids[HOUSES["bankA"]], before)
    finally:
        stage.close()
        network.down()


@pytest.fixture(scope="module")
def document(market: Market) -> dict[str, Any]:
    return market.certify("adm")


@pytest.fixture
def court(market: Market, tmp_path: Path) -> Path:
    """A folder with what a third party has: the genesis and the authority's root."""
    shutil.copy(market.folder / "nodes" / "exchange" / "genesis.bin", tmp_path)
    shutil.copy(market.folder / "ca" / "root.pem", tmp_path)
    return tmp_path


def verify(court: Path, document: object, *more: str) -> int:
    file = court / "holding.json"
    file.write_text(json.dumps(document))
    known = ["--genesis", str(court / "genesis.bin"), "--ca", str(court / "root.pem")]
    return run(["audit", "verify", str(file), *known, *more, "--json"])


def test_a_holding_certificate_verifies_with_root_and_ca_alone(
    market: Market, court: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R99: "Signed holding certificate at h verifies with root+CA only". R135: "court-side
    tool verifies offline": a process of its own, in a folder with nothing else.
    """
    with LedgerClient(market.party("adm")) as client:
        height = client.status()["certified_height"]
    key = {name: v.hex() if isinstance(v, bytes) else v for name, v in market.key.items()}
    out = court / "holding.json"
    capsys.readouterr()
    asked = [
        "audit", "certify", "--as", "adm", "--contract", "securities", "--table", "positions",
        "--key", json.dumps(key), "--at-height", str(height), "--out", str(out),
        "--network", str(market.folder), "--json",
    ]  # fmt: skip
    assert run(asked) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert made["height"] == height
    assert out.stat().st_mode & 0o077 == 0, "it says what somebody owns"
    assert {path.name for path in court.iterdir()} == {"genesis.bin", "root.pem", "holding.json"}
    environment = {name: v for name, v in os.environ.items() if not name.startswith("DAICHO")}
    ended = subprocess.run(
        [sys.executable, "-m", "daicho", "audit", "verify", "holding.json",
         "--genesis", "genesis.bin", "--ca", "root.pem", "--json"],
        cwd=court, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == Exit.OK, ended.stderr
    holding = json.loads(ended.stdout)["holding"]
    assert holding["height"] == height
    assert holding["fields"] == {**key, "available": "600000.00", "earmarked": "0.00"}
    assert holding["certified_by"]["organisation"] == "The Exchange"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document that is no container."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in inner:
        if isinstance(item, (dict, list)):
            yield from leaves(item, (*path, name))
        else:
            yield (*path, name)


def altered(document: dict[str, Any], path: tuple[Any, ...], place: float = 0.5) -> dict[str, Any]:
    """A copy with one character or number changed; hex stays hex."""
    changed = copy.deepcopy(document)
    holder: Any = changed
    for name in path[:-1]:
        holder = holder[name]
    value = holder[path[-1]]
    if isinstance(value, int):
        holder[path[-1]] = value + 1
    else:
        at = int(place * (len(value) - 1))
        holder[path[-1]] = value[:at] + ("1" if value[at] == "0" else "0") + value[at + 1 :]
    return changed


def test_an_altered_field_is_refused(document: dict[str, Any], court: Path) -> None:
    """R99: every field, in several places, and every field left out."""
    assert verify(court, document) == Exit.OK
    for path in leaves(document):
        for place in (0.0, 0.3, 0.7, 1.0):
            code = verify(court, altered(document, path, place))
            assert code in (Exit.CHECK_FALSE, Exit.DAMAGED), (path, place)
    for name in document.keys() - {"format", "version"}:
        less = {key: value for key, value in document.items() if key != name}
        assert verify(court, less) == Exit.DAMAGED, name
    assert verify(court, {**document, "remark": "seen"}) == Exit.CHECK_FALSE
    odd = {**document, "certificates": ["\ud800", document["certificates"][1]]}
    assert verify(court, odd) == Exit.CHECK_FALSE
    twice = json.dumps(document).replace('"row":', '"row": "00", "row":', 1)
    (court / "twice.json").write_text(twice)
    known = ["--genesis", str(court / "genesis.bin"), "--ca", str(court / "root.pem")]
    assert run(["audit", "verify", str(court / "twice.json"), *known]) == Exit.USAGE


def test_an_administrator_cannot_certify_what_the_ledger_does_not_hold(
    market: Market, document: dict[str, Any], court: Path
) -> None:
    """The same alterations, signed anew by the administrator itself. What only its
    signature vouches for is the contract's name and artefact, and when it signed.
    """
    credentials = market.party("adm").credentials
    content = {name: value for name, value in document.items() if name not in SIGNED}
    assert verify(court, sign_holding(content, credentials)) == Exit.OK
    words_alone = {("contract", "name"), ("contract", "artefact"), ("issued_us",)}
    for path in set(leaves(content)) - words_alone:
        for place in (0.0, 0.5, 1.0):
            code = verify(court, sign_holding(altered(content, path, place), credentials))
            assert code in (Exit.CHECK_FALSE, Exit.DAMAGED), (path, place)
    other = {**content, "contract": {**content["contract"], "artefact": "00ff"}}
    assert verify(court, sign_holding(other, credentials)) == Exit.CHECK_FALSE


def test_only_an_administrator_certifies(
    market: Market, document: dict[str, Any], court: Path
) -> None:
    """Role: by the alias where genesis knows it, else by the entity. A bank's own
    signature on its own, true balance is no certificate.
    """
    assert verify(court, market.certify("exchange")) == Exit.OK
    content = {name: value for name, value in document.items() if name not in SIGNED}
    for who in ("bankA", "audit"):
        forged = sign_holding(content, market.party(who).credentials)
        assert verify(court, forged) == Exit.CHECK_FALSE, who
    mixed = {**document, "certificates": forged["certificates"]}
    assert verify(court, mixed) == Exit.CHECK_FALSE


def test_the_reader_s_root_and_genesis_decide(
    document: dict[str, Any], court: Path, seed_network: Path
) -> None:
    """A document is judged by what its reader brings, whatever it carries itself."""
    shutil.copy(seed_network / "ca" / "root.pem", court / "root.pem")
    assert verify(court, document) == Exit.CHECK_FALSE
    own_root = {**document, "certificates": [document["certificates"][0],
                                             (court / "root.pem").read_text()]}  # fmt: skip
    assert verify(court, own_root) == Exit.CHECK_FALSE
    (court / "root.pem").write_text(document["certificates"][1])
    assert verify(court, document) == Exit.OK
    shutil.copy(seed_network / "nodes" / "exchange" / "genesis.bin", court / "genesis.bin")
    assert verify(court, document) == Exit.CHECK_FALSE
    file = str(court / "holding.json")
    genesis = str(court / "genesis.bin")
    assert run(["audit", "verify", file, "--genesis", genesis]) == Exit.USAGE, "without --ca"


def test_a_revoked_certificate_certifies_no_more(
    market: Market, document: dict[str, Any], court: Path
) -> None:
    """R102: what was signed before the revocation stands, what is signed after it does not."""
    crl = ["--crl", str(market.folder / "ca" / "crl.pem")]
    assert verify(court, document, *crl) == Exit.OK
    serial = market.party("adm").credentials.certificate.serial
    # A revocation list counts in whole seconds, and from the second on.
    signed_s = int(document["issued_us"]) // 1_000_000
    until("the second after the signature", lambda: time.time() >= signed_s + 1 or None)
    Authority.open(market.folder / "ca").revoke(serial, "test")
    assert verify(court, document, *crl) == Exit.OK
    later = market.certify("adm")
    assert verify(court, later) == Exit.OK
    assert verify(court, later, *crl) == Exit.CHECK_FALSE


def refusal(ask: Callable[[], object]) -> tuple[str, str, bool]:
    with pytest.raises(RefusedError) as caught:
        ask()
    return caught.value.code, caught.value.message, caught.value.retry


def test_a_row_is_shown_to_its_holder_alone(market: Market) -> None:
    """Bank A proves its own row; to bank B it is as if it were not there."""
    artefact = ContractBook(market.folder).artefact("securities")
    number = ContractBook(market.folder).get("securities").number
    table = TableReader(number, artefact, "positions")
    where, key = table.compartment(market.key), table.key(market.key)
    with LedgerClient(market.party("bankA")) as holder:
        proved = holder.row(where, key)
        assert table.row(key, proved.row)["account"] == market.account
        early = refusal(lambda: holder.row(where, key, at=("height", market.before)))
        absent = refusal(lambda: holder.row(where, key + b"x"))
    with LedgerClient(market.party("bankB")) as other:
        hidden = refusal(lambda: other.row(where, key))
        nothing = refusal(lambda: other.row(where, key + b"x"))
    assert {early, absent, hidden, nothing} == {hidden}
    assert hidden[0] == "ACCESS"
    assert refusal(lambda: market.certify("bankB"))[0] == "ACCESS"
    assert refusal(lambda: market.certify("adm", account=bytes(16)))[0] == "ACCESS"
