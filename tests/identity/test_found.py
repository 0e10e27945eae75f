"""`net init`: the layout of docs/interfaces.md, modes, and fresh secrets."""

from __future__ import annotations

import stat
from itertools import pairwise
from pathlib import Path

import pytest

from daicho import _native
from daicho.admin.found import found_network
from daicho.admin.plan import NetworkPlan, bank_letters
from daicho.config import ConfigError, load_genesis, load_network, load_party
from daicho.identity import Authority, Credentials, is_lei
from daicho.identity.files import read_secret

SECRETS = {"unlock", "sign.key", "curve.key", "session.key", "keys.bin", "root.key"}


def modes(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


def test_layout(seed_network: Path) -> None:
    top = {path.name for path in seed_network.iterdir()}
    assert top == {"network.toml", "genesis.toml", "ca", "nodes", "parties"}
    nodes = {path.name for path in (seed_network / "nodes").iterdir()}
    assert nodes == {"exchange", "bankA", "bankB", "bankC", "reader1"}
    bank = {path.name for path in (seed_network / "nodes" / "bankA").iterdir()}
    assert bank == {
        "node.toml", "genesis.bin", "identity", "executor", "log", "results", "evidence",
        "logs", "run", "fresh",
    }  # fmt: skip
    assert not (seed_network / "nodes" / "reader1" / "executor").exists()


def test_only_the_owner_reads_secrets(seed_network: Path) -> None:
    found = modes(seed_network)
    secrets = {path for path in found if path.name in SECRETS}
    assert len(secrets) > 40
    for path, mode in found.items():
        if path.is_dir():
            assert mode == 0o700, path
        else:
            assert mode == (0o600 if path in secrets else 0o644), path
    assert stat.S_IMODE(seed_network.stat().st_mode) == 0o700


def test_every_identity_is_certified_by_the_authority(seed_network: Path) -> None:
    authority = Authority.open(seed_network / "ca")
    genesis = load_genesis(seed_network / "genesis.toml").file
    for node in genesis.nodes:
        credentials = Credentials.open(seed_network / "nodes" / node.name / "identity")
        certificate = credentials.certificate
        certificate.document.verify_directly_issued_by(authority.root)
        assert (certificate.public_key, credentials.curve_public) == (
            node.vote_key,
            node.curve_key,
        )
        assert certificate.holder.party == node.party
        assert certificate.holder.node == node.name
    for party in genesis.parties:
        credentials = Credentials.open(seed_network / "parties" / party.name)
        assert credentials.certificate.digest == party.certificate
        assert credentials.certificate.holder.alias == party.alias
        assert is_lei(load_party(seed_network / "parties" / party.name / "party.toml").lei)
    assert len(authority.entries()) == len(genesis.nodes) + len(genesis.parties)


def test_blind_profile_parts_those_who_order_from_those_who_read(blind_network: Path) -> None:
    nodes = load_genesis(blind_network / "genesis.toml").file.nodes
    voting = [node for node in nodes if node.validates]
    assert [node.name for node in voting] == [
        "exchange", "ccp", "csd", "bankA", "bankB", "bankC", "bankD",
    ]  # fmt: skip
    for node in voting:
        assert node.leader_eligible is (node.executor is None)
    assert sum(node.executor is not None for node in nodes) == 3


def test_no_file_holds_the_epoch_secret_and_only_executors_unwrap_it(
    blind_network: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn: list[bytes] = []
    real = _native.executor_keys_seal

    def spy(result: bytes, seal: bytes, store: bytes, unlock: bytes, salt: bytes) -> bytes:
        drawn.append(seal)
        return real(result, seal, store, unlock, salt)

    monkeypatch.setattr(_native, "executor_keys_seal", spy)
    folder = tmp_path / "network"
    genesis = found_network(folder, NetworkPlan(profile="blind", host="127.201.1.3")).file
    wrapped = [node.executor.wrapped_secret for node in genesis.nodes if node.executor]
    opened = {
        _native.unwrap_epoch_secret(seed, 0, genesis.epoch_key, secret)
        for seed, secret in zip(drawn, wrapped, strict=True)
    }
    [secret] = opened
    assert _native.epoch_public_key(secret, 0) == genesis.epoch_key
    with pytest.raises(ValueError, match="does not open"):
        _native.unwrap_epoch_secret(drawn[0], 0, genesis.epoch_key, wrapped[1])
    for path in folder.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
            assert secret.hex().encode() not in path.read_bytes(), path


def test_two_networks_share_nothing(seed_network: Path, tmp_path: Path) -> None:
    other = tmp_path / "network"
    found_network(other, NetworkPlan())
    one, two = (load_genesis(folder / "genesis.toml") for folder in (seed_network, other))
    assert one.chain_id != two.chain_id
    assert one.file.epoch_key != two.file.epoch_key
    for path in seed_network.rglob("*"):
        if path.name in SECRETS:
            assert read_secret(path) != read_secret(other / path.relative_to(seed_network))


def test_ports_of_two_nodes_never_meet(blind_network: Path) -> None:
    nodes = load_network(blind_network / "network.toml").nodes
    ports = sorted(node.first_port for node in nodes)
    assert all(above - below >= 10 + 2 * 64 for below, above in pairwise(ports))


def test_a_folder_in_use_is_left_alone(seed_network: Path) -> None:
    before = modes(seed_network)
    with pytest.raises(ConfigError) as caught:
        found_network(seed_network, NetworkPlan())
    assert caught.value.problems[0].code == "CFG_EXISTS"
    assert modes(seed_network) == before


def test_a_founding_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError("no space left on device")

    monkeypatch.setattr("daicho.admin.found.network_toml", fail)
    with pytest.raises(OSError, match="no space"):
        found_network(tmp_path / "network", NetworkPlan())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("plan", "keys"),
    [
        (NetworkPlan(validators=3, approvals=9), {"--validators", "--approvals"}),
        (NetworkPlan(profile="blind", validators=3, executors=4), {"--validators", "--executors"}),
        (NetworkPlan(readers=70, host="here"), {"--validators", "--host"}),
        (NetworkPlan(purpose="production", clock="steered"), {"--clock"}),
    ],
)
def test_a_plan_that_does_not_fit_names_every_flag(plan: NetworkPlan, keys: set[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        plan.check()
    assert {problem.key for problem in caught.value.problems} == keys


def test_members_and_readers_continue_the_letters() -> None:
    names = [node.name for node in NetworkPlan(validators=4, members=2, readers=2).nodes()]
    assert names == [
        "exchange", "bankA", "bankB", "bankC", "bankD", "bankE", "reader1", "reader2",
    ]  # fmt: skip
    assert [bank_letters(n) for n in (0, 25, 26, 27, 702)] == ["A", "Z", "AA", "AB", "AAA"]
