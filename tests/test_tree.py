"""What no tracked file may contain: machines, addresses of registries, bulk."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT

FILE_BYTES_MAX = 1_000_000

# Where packages come from is the machine's business, not the project's. Written
# in pieces, so that this file passes its own test.
REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "crates" + r"\.io", "npm" + r"js\.(org|com)"))
)
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:root|farm|work|home/\w+|Users/\w+|opt/wheels)/")

# Cargo writes the name of its own index into every entry.
NAMES_A_REGISTRY = {"Cargo.lock"}


def tracked() -> list[Path]:
    """Files that git knows of and that are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def found(pattern: re.Pattern[str], path: Path) -> list[str]:
    """Lines of a text file in which a pattern occurs; none for a binary file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    name = path.relative_to(ROOT)
    return [f"{name}:{n}" for n, line in enumerate(text.split("\n"), 1) if pattern.search(line)]


def test_no_registry_is_named() -> None:
    files = [path for path in tracked() if str(path.relative_to(ROOT)) not in NAMES_A_REGISTRY]
    assert files
    assert [hit for path in files for hit in found(REGISTRIES, path)] == []


def test_no_machine_is_named() -> None:
    assert [hit for path in tracked() for hit in found(MACHINE_PATHS, path)] == []


def test_no_file_is_bulk() -> None:
    bulky = [path.name for path in tracked() if path.stat().st_size > FILE_BYTES_MAX]
    assert bulky == []


@pytest.mark.parametrize("name", ["runtime", "build", "test"])
def test_requirements_are_pinned_by_hash(name: str) -> None:
    """Every line pins one version or is one of its hashes: no index, no option."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = text.replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        if not entry or entry.startswith("#"):
            continue
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry


def test_the_licence_is_apache_and_versions_are_locked() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    manifests = [path for path in tracked() if path.name == "pyproject.toml"]
    assert len(manifests) == 3
    for path in [*manifests, ROOT / "Cargo.toml"]:
        assert 'license = "Apache-2.0"' in path.read_text(), path
    assert ROOT / "Cargo.lock" in tracked()


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS])
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], tmp_path: Path) -> None:
    samples = ["https://" + "pypi" + ".org/simple", "see " + "/ro" + "ot/.cache", "/ho" + "me/x/y"]
    assert any(pattern.search(sample) for sample in samples)
    assert not pattern.search("docs/network/plan and ~/root/ and 127.0.0.1/homework/")
