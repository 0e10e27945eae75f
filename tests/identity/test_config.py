"""Configuration is strict, and one run reports everything that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from daicho.config import (
    ConfigError,
    check_network,
    load_genesis,
    load_network,
    load_node,
)
from daicho.config.write import TomlWriter, toml_value


@pytest.fixture
def network(seed_network: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    folder = tmp_path / "network"
    shutil.copytree(seed_network, folder)
    return folder


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)


def problems(caught: pytest.ExceptionInfo[ConfigError]) -> set[tuple[str, str]]:
    return {(problem.code, problem.key) for problem in caught.value.problems}


def test_what_is_written_reads_back(network: Path) -> None:
    assert check_network(network) == []
    genesis = load_genesis(network / "genesis.toml")
    assert load_network(network / "network.toml").chain_id == genesis.chain_id
    for home in (network / "nodes").iterdir():
        node = load_node(home)
        assert node.genesis == genesis.encoded
        assert node.address.name == home.name


def test_one_run_reports_many_errors(network: Path) -> None:
    path = network / "genesis.toml"
    edit(
        path,
        ('purpose = "test"', 'purpose = "production"'),
        ('clock = "system"', 'clock = "steered"'),
        ("approvals_needed = 2", 'approvals_needed = "two"'),
        ("window_heights = 8", "window_hights = 8"),
        ('leader_policy = "sticky"', 'leader_policy = "loudest"'),
        ("block_items_max = 1024", "block_items_max = 5000"),
        ('approvers = ["exchange"', 'approvers = ["nobody"'),
    )
    with pytest.raises(ConfigError) as caught:
        load_genesis(path)
    assert problems(caught) == {
        ("CFG_STEERED_PRODUCTION", "genesis.toml:clock"),
        ("CFG_TYPE", "genesis.toml:approvals_needed"),
        ("CFG_UNKNOWN_KEY", "genesis.toml:parameters.window_hights"),
        ("CFG_CHOICE", "genesis.toml:parameters.leader_policy"),
        ("CFG_RANGE", "genesis.toml:parameters.block_items_max"),
        ("CFG_REFERENCE", "genesis.toml:approvers"),
    }
    [unknown] = [p for p in caught.value.problems if p.code == "CFG_UNKNOWN_KEY"]
    assert unknown.hint == "did you mean 'window_heights'?"
    assert all(problem.hint for problem in caught.value.problems)


def test_production_refuses_steered_time(network: Path) -> None:
    path = network / "genesis.toml"
    edit(path, ('clock = "system"', 'clock = "steered"'))
    load_genesis(path)
    edit(path, ('purpose = "test"', 'purpose = "production"'))
    with pytest.raises(ConfigError) as caught:
        load_genesis(path)
    assert problems(caught) == {("CFG_STEERED_PRODUCTION", "genesis.toml:clock")}


def test_errors_of_several_files_come_together(network: Path) -> None:
    edit(network / "network.toml", ('profile = "seed"', 'profile = "sead"'))
    edit(network / "nodes" / "bankA" / "node.toml", ("replica = 1", "replika = 1"))
    (network / "parties" / "issX" / "party.toml").write_text("version = \n")
    codes = {problem.code for problem in check_network(network)}
    assert codes >= {"CFG_CHOICE", "CFG_UNKNOWN_KEY", "CFG_MISSING", "CFG_SYNTAX"}


def test_a_node_is_pinned_to_its_chain(network: Path) -> None:
    home = network / "nodes" / "bankA"
    edit(
        home / "node.toml",
        ('chain_id = "', 'chain_id = "00'),
    )
    with pytest.raises(ConfigError) as caught:
        load_node(home)
    assert problems(caught) == {("CFG_FORM", "node.toml:chain_id")}
    text = (home / "node.toml").read_text().splitlines()
    text = [f'chain_id = "{"00" * 32}"' if row.startswith("chain_id") else row for row in text]
    (home / "node.toml").write_text("\n".join(text))
    with pytest.raises(ConfigError) as caught:
        load_node(home)
    assert problems(caught) == {("CFG_CHAIN", "node.toml:chain_id")}


def test_two_nodes_on_one_port_are_refused(network: Path) -> None:
    edit(network / "network.toml", ("first_port = 7200", "first_port = 7000"))
    with pytest.raises(ConfigError) as caught:
        load_network(network / "network.toml")
    assert problems(caught) == {("CFG_DUPLICATE", "network.toml:nodes.1.address")}


def test_a_changed_genesis_is_another_chain(network: Path) -> None:
    before = load_genesis(network / "genesis.toml").chain_id
    edit(network / "genesis.toml", ("window_heights = 8", "window_heights = 9"))
    assert load_genesis(network / "genesis.toml").chain_id != before
    assert {p.code for p in check_network(network)} == {"CFG_CHAIN"}


def test_toml_values_survive_any_text() -> None:
    import tomllib

    for text in ("plain", 'a "quoted" \\ one', "tab\tline\nend\r", "\u0001", "台帳"):
        assert tomllib.loads(f"key = {toml_value(text)}")["key"] == text
    writer = TomlWriter("a\nb")
    writer.pair("key", [1 < 2, 3] and ["x"], "why")
    assert tomllib.loads(writer.render().decode()) == {"key": ["x"]}
