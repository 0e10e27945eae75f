"""What the machine and CPython do not agree on, in lines a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN_MAX = 20
_FIELDS = ("name", "result", "events", "site")


class Difference(AssertionError):  # noqa: N818 - not a fault of the test
    """The two backends differ: a fault of ours, not of the contract."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        shown = self.lines[:SHOWN_MAX]
        if len(self.lines) > SHOWN_MAX:
            shown.append(f"… and {len(self.lines) - SHOWN_MAX} more")
        super().__init__("\n".join(["the machine and CPython differ:", *shown]))


def in_outcomes(
    calls: Sequence[Mapping[str, Any]],
    machine: Sequence[Mapping[str, Any]],
    python: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Every field that differs, call by call."""
    if len(machine) != len(python):
        return [f"  outcomes: machine {len(machine)}, python {len(python)}"]
    found: list[str] = []
    for number, (call, one, other) in enumerate(zip(calls, machine, python, strict=True)):
        for name in _FIELDS:
            left, right = _plain(one[name]), _plain(other[name])
            if left != right:
                where = f"call {number} (contract {call['contract']}, entry {call['entry']})"
                found += [f"  {where}: {name}", f"    machine {left}", f"    python  {right}"]
    return found


def in_timers(
    machine: Sequence[Mapping[str, Any]], python: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Every timer that ended differently, in the order they ran."""
    ran = [[(item["contract"], item["scheduled"], item["again"]) for item in machine]]
    ran.append([(item["contract"], item["scheduled"], item["again"]) for item in python])
    if ran[0] != ran[1]:
        return ["  timers that ran", f"    machine {ran[0]}", f"    python  {ran[1]}"]
    calls = [{"contract": item["contract"], "entry": item["scheduled"]} for item in machine]
    outcomes = ([item["outcome"] for item in side] for side in (machine, python))
    return in_outcomes(calls, *outcomes)


def in_rows(
    machine: Sequence[tuple[bytes, bytes, bytes]], python: Sequence[tuple[bytes, bytes, bytes]]
) -> list[str]:
    """Every stored row that differs."""
    left = {(bytes(where), bytes(key)): bytes(row) for where, key, row in machine}
    right = {(bytes(where), bytes(key)): bytes(row) for where, key, row in python}
    found: list[str] = []
    for place in sorted(left.keys() | right.keys()):
        one, other = left.get(place), right.get(place)
        if one != other:
            found.append(f"  row {place[1].hex()} in compartment {place[0].hex()}")
            found.append(f"    machine {one.hex() if one is not None else 'absent'}")
            found.append(f"    python  {other.hex() if other is not None else 'absent'}")
    return found


def _plain(value: object) -> object:
    """Bytes as hex, sequences as lists: what is compared is what is shown."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
