"""Where the files that ship with the package stand."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def contract_set() -> Path:
    """The folder with the market's contracts and the demo's figures.

    In a source checkout this is `contracts/` at the root, so that an edit
    takes effect at once; in an installed wheel it is package data.
    """
    checkout = _PACKAGE.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "contracts").is_dir():
        return checkout / "contracts"
    return _PACKAGE / "_contracts"
