"""What the day must show, read from one data file, and the comparison.

The file has one line for each figure: `name = { is = VALUE, because = "…" }`
under the act it belongs to. `[day.ACT]` holds for every profile, `[seed.ACT]`
and `[blind.ACT]` for one. The comparison knows nothing of the ledger: it takes
figures that were written down and figures that were expected.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from daicho.config import ConfigError
from daicho.demo.observations import Figure

EXPECTED_FILE = Path(__file__).resolve().with_name("expectations.toml")
PROFILES = ("day", "seed", "blind")
_KEYS = {"is", "because"}


@dataclass(frozen=True)
class Expectation:
    """One figure and the arithmetic behind it."""

    name: str
    figure: Figure
    because: str


@dataclass(frozen=True)
class Check:
    """One expectation held against what was seen."""

    name: str
    expected: Figure | None
    observed: Figure | None
    because: str

    @property
    def holds(self) -> bool:
        """Whether both are there and equal."""
        if self.expected is None or self.observed is None:
            return False
        return equal(self.expected, self.observed)

    def sentence(self) -> str:
        """The check in words, for a person who reads why the day failed."""
        if self.observed is None:
            return f"{self.name}: expected {shown(self.expected)}, and it was never observed"
        if self.expected is None:
            return f"{self.name}: observed {shown(self.observed)}, which nobody expected"
        expected, observed = shown(self.expected), shown(self.observed)
        return f"{self.name}: expected {expected} ({self.because}), observed {observed}"


def load(path: Path, profile: str) -> list[Expectation]:
    """The expectations for a profile, in the order of the file; ConfigError if out of form."""
    try:
        # Decimals stay exact: a figure is never a float.
        document = tomllib.loads(path.read_text(), parse_float=Decimal)
    except OSError as error:
        raise ConfigError.one("CFG_FILE", "expectations", str(error)) from error
    except ValueError as error:
        raise ConfigError.one("CFG_SYNTAX", str(path), str(error)) from error
    if unknown := set(document) - set(PROFILES):
        raise ConfigError.one("CFG_FORM", str(path), f"no such profile: {sorted(unknown)}")
    return [
        _expectation(f"{act}.{name}", entry, path)
        for part in ("day", profile)
        for act, entries in document.get(part, {}).items()
        for name, entry in entries.items()
    ]


def compare(expected: list[Expectation], seen: Mapping[str, Figure]) -> list[Check]:
    """Every expectation and every figure, once each, in the order they were seen."""
    wanted = {each.name: each for each in expected}
    assert len(wanted) == len(expected), "a figure is expected once"
    checks = []
    for name, figure in seen.items():
        each = wanted.pop(name, None)
        because = each.because if each else "nothing"
        checks.append(Check(name, each.figure if each else None, figure, because))
    # Whatever is left was expected and did not happen.
    missing = [Check(each.name, each.figure, None, each.because) for each in wanted.values()]
    return checks + missing


def equal(one: Figure, other: Figure) -> bool:
    """Equality in which true is not 1 and 1000.50 is 1000.5."""
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(equal(a, b) for a, b in pairs)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def shown(figure: Figure | None) -> str:
    """A figure as people write it."""
    match figure:
        case None:
            return "nothing"
        case bool():
            return "yes" if figure else "no"
        case int() | Decimal():
            return f"{figure:,}"
        case str():
            return figure
        case _:
            return ", ".join(shown(item) for item in figure)


def _expectation(name: str, entry: object, path: Path) -> Expectation:
    if not isinstance(entry, dict) or set(entry) != _KEYS or not isinstance(entry["because"], str):
        message = f'write {name.split(".")[-1]} = {{ is = VALUE, because = "why" }}'
        raise ConfigError.one("CFG_FORM", f"{path.name}: {name}", message)
    if not _is_figure(entry["is"]):
        raise ConfigError.one("CFG_FORM", f"{path.name}: {name}", "no figure, code or list")
    return Expectation(name, entry["is"], entry["because"])


def _is_figure(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_figure(item) for item in value)
    return isinstance(value, bool | int | str | Decimal)
