"""docs/interfaces.md says what the program does, and the program does what it says."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from conftest import ROOT
from daicho.cli.app import COMMANDS, daicho
from daicho.cli.examples import EXAMPLES
from daicho.cli.exits import Exit
from daicho.codes import registry

PAGE = (ROOT / "docs" / "interfaces.md").read_text()

# What scripts outside the project rely on: taking one away is a decision record.
PROMISED = """
demo --json --keep --profile
net init --validators --members --readers --executors --leader
net up
net down
net status
node --home
ca init
ca issue
ca revoke
ca list
status --json
contract build
contract deploy
tx submit --as --wait
tx get
query --as --at-height --at-time --prove
events
audit verify --genesis
verify
replay
check
explain
bench
"""


def section(title: str) -> str:
    """The text below one heading of the page."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def command(path: list[str]) -> click.Command:
    """The command that `path` names."""
    found: click.Command = daicho
    context = click.Context(daicho)
    for name in path:
        assert isinstance(found, click.Group), path
        inner = found.get_command(context, name)
        assert inner is not None, f"there is no command {' '.join(path)}"
        found = inner
    return found


def flags(found: click.Command) -> set[str]:
    """The long flags of a command, but for --help."""
    names = [name for param in found.params for name in param.opts]
    return {name for name in names if name.startswith("--")}


def documented() -> dict[str, set[str]]:
    """Command → its flags, from the page."""
    rows = re.findall(r"\| `daicho ([a-z ]+)` \| `([^`]*)` \|", section("Commands"))
    return {name: set(listed.split()) for name, listed in rows}


def leaves(found: click.Command, path: tuple[str, ...] = ()) -> list[str]:
    """Every command that does something."""
    if not isinstance(found, click.Group):
        return [" ".join(path)]
    context = click.Context(found)
    listed = found.list_commands(context)
    return [leaf for name in listed for leaf in leaves(command([*path, name]), (*path, name))]


def test_every_command_is_documented_with_all_its_flags() -> None:
    page = documented()
    assert sorted(page) == sorted(leaves(daicho))
    for name, listed in page.items():
        assert flags(command(name.split())) == listed, name


@pytest.mark.parametrize("line", PROMISED.strip().splitlines())
def test_what_was_promised_is_there(line: str) -> None:
    words = line.split()
    wanted = {word for word in words if word.startswith("--")}
    assert wanted <= flags(command([word for word in words if not word.startswith("--")]))


def test_the_table_of_commands_is_the_page_s() -> None:
    assert {name.split()[0] for name in documented()} == set(COMMANDS)


def test_exit_codes() -> None:
    listed = [
        int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)
    ]
    assert listed == sorted(Exit)


def test_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", PAGE))
    assert {"setup", "demo", "test", "bench"} <= named <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_distributions_stand_where_the_page_says() -> None:
    for name, folder in re.findall(r"^\| `(daicho[a-z-]*)` \| `([^`]+)` \|", PAGE, re.MULTILINE):
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        assert project["name"] == name


def test_codes_named_on_the_page_exist() -> None:
    text = section("Codes")
    named = re.search(r"Among them `([^`]+)`", text)
    assert named is not None
    assert set(named.group(1).split()) <= registry().keys()


def test_folders_of_a_new_network_are_those_of_the_page(seed_network: Path) -> None:
    text = section("Folders")
    for path in [*seed_network.iterdir(), *(seed_network / "nodes" / "exchange").iterdir()]:
        assert re.search(rf"[`/ ]{re.escape(path.name)}[`/ ]", text), path.name
    identity = seed_network / "nodes" / "exchange" / "identity"
    for path in [*identity.iterdir(), *(seed_network / "ca").iterdir()]:
        assert path.name in text, path.name


@pytest.mark.parametrize("name", leaves(daicho))
def test_every_command_s_help_ends_with_examples_that_parse(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = name.split()
    found = command(path)
    shown = found.get_help(click.Context(found, info_name=name))
    assert "Examples:" in shown
    (tmp_path / "contracts").mkdir()
    for source in ("bonds", "paper"):
        (tmp_path / "contracts" / f"{source}.py").touch()
    monkeypatch.chdir(tmp_path)
    for line in EXAMPLES[name]:
        assert line in shown
        words = shlex.split(line)
        assert words[: len(path) + 1] == ["daicho", *path]
        found.make_context(name, words[len(path) + 1 :])


def test_there_are_examples_of_these_commands_alone() -> None:
    assert set(EXAMPLES) == set(leaves(daicho))
