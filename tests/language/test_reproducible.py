"""The same source gives the same bytes: on every machine, under every Python.

The compiler is pure Python and needs nothing beside the standard library, so it
is run here by every CPython of this machine that is new enough, without its
site packages, and compared artefact by artefact with what this one makes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daicho.compiler import CompileError, compile_folder, compile_source

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDERS = [HERE / "samples", ROOT / "contracts"]
WRONG = "edition = 2\nx = 1.5\n\n\ndef f(größe: float) -> None:\n    y = 1 / z\n"
OLDEST = (3, 11)

PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from daicho.compiler import CompileError, compile_folder, compile_source
found = {}
for folder in sys.argv[2:]:
    for name, made in compile_folder(Path(folder)).items():
        found[folder + "/" + name] = hashlib.sha256(made.data).hexdigest()
try:
    compile_source(sys.argv[1], "wrong.py")
except CompileError as failure:
    found["told"] = str(failure)
print(json.dumps(found))
"""


def digests() -> dict[str, str]:
    """What this Python makes of the contract set, and what it says of a wrong one."""
    found = {
        f"{folder}/{name}": hashlib.sha256(made.data).hexdigest()
        for folder in FOLDERS
        for name, made in compile_folder(folder).items()
    }
    with pytest.raises(CompileError) as failure:
        compile_source(WRONG, "wrong.py")
    return {**found, "told": str(failure.value)}


def version_of(python: Path) -> tuple[int, int] | None:
    """(3, 12) for a CPython that runs; None for anything else."""
    program = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    words = done.stdout.split()
    if done.returncode or words[:1] != ["cpython"]:
        return None
    return int(words[1]), int(words[2])


def interpreters() -> dict[str, Path]:
    """Every CPython of the language's versions on the path and under pyenv, by version."""
    names = [f"python3.{minor}" for minor in range(OLDEST[1], 30)]
    found = [Path(path) for name in names if (path := shutil.which(name))]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found += sorted(root.glob("versions/*/bin/python3"))
    versions: dict[str, Path] = {}
    for path in [Path(sys.executable), *found]:
        version = version_of(path)
        if version is not None and version >= OLDEST:
            versions.setdefault(f"{version[0]}.{version[1]}", path)
    return versions


PYTHONS = interpreters()


def run(python: Path, seed: str) -> dict[str, str]:
    environment = {"PYTHONPATH": str(ROOT / "python"), "PYTHONHASHSEED": seed, "PATH": os.defpath}
    arguments = [WRONG, *map(str, FOLDERS)]
    command = [str(python), "-S", "-B", "-c", PROGRAM, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_under_every_seed_of_hashes(seed: str) -> None:
    assert run(Path(sys.executable), seed) == digests()


@pytest.mark.parametrize("version", PYTHONS)
def test_under_every_python(version: str) -> None:
    assert run(PYTHONS[version], "random") == digests()


# --- a Python that is none of this machine's: WebAssembly ---

NODE = shutil.which("node")
PYODIDE = os.environ.get("DAICHO_PYODIDE", "")
"""A folder with `node_modules/pyodide`; `make pyodide` makes one and sets this."""

SCRIPT = """
import { loadPyodide } from "pyodide";
const [root, wrong, ...folders] = process.argv.slice(2);
const python = await loadPyodide();
python.FS.mkdir("/repository");
python.FS.mount(python.FS.filesystems.NODEFS, { root }, "/repository");
const inside = folders.map((folder) => folder.replace(root, "/repository"));
python.globals.set("argv", python.toPy(["", wrong, ...inside]));
await python.runPythonAsync(`
import sys
sys.path.insert(0, "/repository/python")
sys.argv = list(argv)
exec(compile(${JSON.stringify(process.env.PROGRAM)}, "program", "exec"))
`);
"""


@pytest.mark.skipif(not (NODE and PYODIDE), reason="Pyodide is not at hand: `make pyodide`")
def test_under_pyodide(tmp_path: Path) -> None:
    assert NODE
    folder = Path(PYODIDE)
    script = folder / "compile.mjs"
    script.write_text(SCRIPT)
    command = [NODE, str(script), str(ROOT), WRONG, *map(str, FOLDERS)]
    environment = {**os.environ, "PROGRAM": PROGRAM}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {
        key.replace("/repository", str(ROOT)): value for key, value in found.items()
    } == digests()
