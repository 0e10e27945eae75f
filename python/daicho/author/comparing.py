"""What one version of a contract changes against another, and whether it can take over.

The rules of taking over are the ledger's own (docs/bytecode.md, section 13): every
number that both versions have keeps its meaning, and what rows stand under stays.
What the ledger lets pass and an author should still know is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from daicho.author.interface import Interface, Part

KINDS = (
    "table", "lock", "index", "event", "entry", "query", "export", "scheduled", "error", "type",
)  # fmt: skip
_BY_NAME = ("type",)
"""Kinds whose numbers are positions in one artefact and mean nothing in another."""
_ARTICLES = {"table": "a table's", "lock": "a lock's", "index": "an index's"}
_KEPT = ("table", "lock", "index")
"""Rows stand under their numbers, so that a version never leaves one out."""
_GONE = {
    "event": "who follows it gets no more of them",
    "entry": "calls of it fail with NO_ENTRY",
    "query": "asking it fails with NO_ENTRY",
    "export": "contracts that import it fail with NO_ENTRY",
    "scheduled": "timers set for it fail",
}


@dataclass(frozen=True)
class Change:
    """A part that both have, not alike."""

    old: Part
    new: Part


@dataclass
class Comparison:
    """Two versions side by side."""

    added: list[Part] = field(default_factory=list)
    removed: list[Part] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why the new one cannot take over; none when it can."""
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, dict[str, int | str]] = field(default_factory=dict)
    """The version, and what bears on gas and size: old and new, where they differ."""

    @property
    def takes_over(self) -> bool:
        """Whether the new version may have the old one's number."""
        return not self.problems

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        return not (self.added or self.removed or self.changed or self.facts)


def compare(old: Interface, new: Interface) -> Comparison:
    """Everything that differs, in the order of `KINDS` and of the numbers."""
    found = Comparison()
    for kind in KINDS:
        _compare_kind(_keyed(old, kind), _keyed(new, kind), found)
    _check_shared_numbers(old, new, found)
    _warn_of_indexes(old, new, found)
    if old.name != new.name:
        found.problems.append(
            f"the contract is called {new.name} and must keep its name, {old.name}"
        )
    _compare_facts(old, new, found)
    return found


def _keyed(interface: Interface, kind: str) -> dict[Any, Part]:
    parts = interface.of_kind(kind)
    if kind in _BY_NAME:
        return {part.name: part for part in parts.values()}
    return dict(parts)


def _compare_kind(old: dict[Any, Part], new: dict[Any, Part], found: Comparison) -> None:
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            found.added.append(new[key])
        elif key not in new:
            found.removed.append(old[key])
            if old[key].kind in _KEPT:
                found.problems.append(f"{label(old[key])} is left out, and its rows would stay")
            if old[key].kind in _GONE:
                found.warnings.append(f"{label(old[key])} is gone: {_GONE[old[key].kind]}")
        else:
            _compare_part(old[key], new[key], found)


def _compare_part(old: Part, new: Part, found: Comparison) -> None:
    if (old.name, old.text, old.named) != (new.name, new.text, new.named):
        found.changed.append(Change(old, new))
    if old.bound != new.bound:
        found.problems.append(f"{label(old)} must keep its form, and does not")
    elif old.name != new.name:
        found.warnings.append(f"{label(old)} is called {new.name} now")
    elif old.named != new.named and old.bound:
        found.warnings.append(
            f"{label(old)} has the same form under other names: is each in its old place?"
        )


def _check_shared_numbers(old: Interface, new: Interface, found: Comparison) -> None:
    """Tables, lock rows and indexes have their numbers from one series."""
    for before, after in permutations(("table", "lock", "index"), 2):
        for number in sorted(old.of_kind(before).keys() & new.of_kind(after).keys()):
            part = old.of_kind(before)[number]
            found.problems.append(f"{label(part)} cannot become {_ARTICLES[after]} number")


def _warn_of_indexes(old: Interface, new: Interface, found: Comparison) -> None:
    fresh = sorted(new.of_kind("index").keys() - old.of_kind("index").keys())
    if fresh and not new.migrates:
        names = ", ".join(new.of_kind("index")[number].name for number in fresh)
        found.warnings.append(
            f"{names}: a new index holds only rows written from now on; a @migrate puts every row"
        )


def _compare_facts(old: Interface, new: Interface, found: Comparison) -> None:
    pairs: dict[str, tuple[int | str, int | str]] = {
        "code hash": (old.code_hash, new.code_hash),
        "artefact bytes": (old.artefact_bytes, new.artefact_bytes),
        "gas schedule": (old.gas_schedule, new.gas_schedule),
    }
    for name in sorted(old.code_bytes.keys() | new.code_bytes.keys()):
        sizes = (old.code_bytes.get(name, 0), new.code_bytes.get(name, 0))
        pairs[f"code bytes of {name}"] = sizes
    for name in sorted(old.touches.keys() & new.touches.keys()):
        pairs[f"touched by {name}"] = (old.touches[name], new.touches[name])
    found.facts = {
        name: {"old": before, "new": after}
        for name, (before, after) in pairs.items()
        if before != after
    }


def label(part: Part) -> str:
    """A part as a person calls it."""
    number = "" if part.kind in _BY_NAME else f" {part.id}"
    return f"{part.kind}{number} {part.name}"


def as_document(found: Comparison) -> dict[str, Any]:
    """The comparison for programs."""
    return {
        "takes_over": found.takes_over,
        "added": [_row(part) for part in found.added],
        "removed": [_row(part) for part in found.removed],
        "changed": [
            {**_row(change.new), "was": change.old.text, "was_name": change.old.name}
            for change in found.changed
        ],
        "facts": found.facts,
        "problems": found.problems,
        "warnings": found.warnings,
    }


def as_text(found: Comparison) -> str:
    """The comparison for people."""
    lines = [f"- {label(part)} {part.text}" for part in found.removed]
    lines += [f"+ {label(part)} {part.text}" for part in found.added]
    for change in found.changed:
        lines += [
            f"~ {label(change.old)} {change.old.text}",
            f"  {label(change.new)} {change.new.text}",
        ]
    lines += [f"  {name}: {said['old']} → {said['new']}" for name, said in found.facts.items()]
    lines += [f"! {problem}" for problem in found.problems]
    lines += [f"? {warning}" for warning in found.warnings]
    verdict = "the new version can take over" if found.takes_over else "it cannot take over"
    return "\n".join([*(lines or ["nothing differs"]), verdict])


def _row(part: Part) -> dict[str, Any]:
    return {"kind": part.kind, "id": part.id, "name": part.name, "text": part.text}
