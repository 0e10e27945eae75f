"""Pin requirements/*.in anew: every version exact, every file by its hash.

Runs pip-tools in an environment of its own under build/, so that the locker
is no part of what it locks. The result names no index: where packages come
from is the machine's business.
"""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / "build" / "lock"
LOCKER = "pip-tools==7.6.2"
# In this order: each list constrains those after it.
LISTS = ("runtime", "build", "test")
OPTIONS = (
    "--quiet",
    "--no-config",
    "--no-header",
    "--no-annotate",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
)


def main() -> None:
    """Write one .txt beside each .in."""
    if not (ENVIRONMENT / "bin" / "pip-compile").exists():
        venv.create(ENVIRONMENT, with_pip=True)
        python = ENVIRONMENT / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", LOCKER], check=True)
    for name in LISTS:
        compiler = [ENVIRONMENT / "bin" / "pip-compile", *OPTIONS]
        subprocess.run(
            [*compiler, f"{name}.in", "--output-file", f"{name}.txt"], cwd=HERE, check=True
        )


if __name__ == "__main__":
    main()
