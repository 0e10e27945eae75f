"""`daicho replay`: every root recomputed from a stopped node's log alone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from daicho import _native
from daicho.config.errors import ConfigError
from daicho.config.load import load_node
from daicho.host.lock import home_lock
from daicho.host.process import executor_program

KEY_FILES = ("keys.bin", "unlock")


def replay_home(home: Path) -> dict[str, Any]:
    """Execute the log in `home` with an empty store and compare every result.

    `ok` is False when a stored, certified result differs from the recomputed
    one. The executor's own store is neither read nor written.
    """
    node = load_node(home)
    if node.executor_home is None:
        raise ConfigError.one("CFG_REFERENCE", "--home", f"{node.node.name} has no executor")
    # Reading a log cuts a torn tail off, which a running node has not finished.
    with home_lock(node.run), tempfile.TemporaryDirectory(prefix="daicho-replay-") as folder:
        for name in KEY_FILES:
            shutil.copy2(node.executor_home / name, folder)
        try:
            height, root, compared, differs = _native.replay(
                home=node.home,
                genesis_path=(node.home / node.node.genesis).resolve(),
                replica=node.node.replica,
                program=executor_program(),
                executor_home=Path(folder),
                log=node.logs / "replay.jsonl",
            )
        except ValueError as error:
            raise ConfigError.one("DAMAGED", "--home", str(error)) from error
    return {
        "ok": differs is None,
        "height": height,
        "state_root": root.hex(),
        "compared": compared,
        "differs_at": differs,
    }
