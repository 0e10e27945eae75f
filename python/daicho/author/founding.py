"""A new project: the template under another name.

The template is a project itself, named `product`; its tests run as they stand.
"""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from daicho.author.project import CONTRACTS
from daicho.compiler.driver import IDS_FILE
from daicho.config import ConfigError, Problem

TEMPLATE = Path(__file__).resolve().parent.parent / "template"
PLACEHOLDER = "product"
NAME_FORM = re.compile(r"[a-z][a-z0-9_]*")
NAME_CHARS_MAX = 40
_FILES = ("*.md", "*.toml", "*.py")
# Made where the template's own tests ran.
_LEFT_OUT = ("__pycache__", ".pytest_cache", ".hypothesis")


def found_project(folder: Path) -> list[Path]:
    """Write a project named after its folder; the files written, in order.

    ConfigError for a name that no contract can have, and for a folder that is
    there already: nothing is ever overwritten.
    """
    _check_name(folder.name)
    if folder.exists():
        raise ConfigError.one("CFG_EXISTS", str(folder), "it is there already")
    written: list[Path] = []
    # Made beside its place and moved there: a project appears whole or not at all.
    draft = folder.with_name(f".{folder.name}.new")
    try:
        for source in _template():
            target = draft / renamed(str(source.relative_to(TEMPLATE)), folder.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(renamed(source.read_text(encoding="utf-8"), folder.name))
            written.append(folder / target.relative_to(draft))
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def renamed(text: str, name: str) -> str:
    """The template's text with the project's name for the placeholder."""
    return re.sub(rf"(?<![a-z]){PLACEHOLDER}(?![a-z])", name, text)


def _template() -> Iterator[Path]:
    found = {path for form in _FILES for path in TEMPLATE.rglob(form)}
    for path in sorted(found):
        if not set(path.parts) & set(_LEFT_OUT):
            yield path


def _check_name(name: str) -> None:
    problem = ""
    if not NAME_FORM.fullmatch(name) or len(name) > NAME_CHARS_MAX:
        problem = f"write lower-case letters, digits and _, at most {NAME_CHARS_MAX}"
    elif keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "daicho":
        problem = "Python has a word or a module of that name already"
    elif name == CONTRACTS:
        problem = f"{IDS_FILE} lists all contracts under that name"
    if problem:
        hint = "the contract's file and module have this name: bonds, loan_market"
        raise ConfigError([Problem("CFG_FORM", "NAME", f"{name!r}: {problem}", hint)])
