"""What is wrong with a configuration, all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from daicho.codes import registry


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a code, the key it stands at, words, a remedy."""

    code: str
    key: str
    message: str
    hint: str = ""


class ConfigError(Exception):
    """Nothing was started; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        known = registry()
        self.problems = [
            problem
            if problem.hint
            else Problem(problem.code, problem.key, problem.message, known[problem.code].remedy)
            for problem in problems
        ]
        assert self.problems, "an error names a problem"
        super().__init__("; ".join(f"{p.code} {p.key}: {p.message}" for p in self.problems))

    @classmethod
    def one(cls, code: str, key: str, message: str, hint: str = "") -> ConfigError:
        """An error with a single problem."""
        return cls([Problem(code, key, message, hint)])

    def as_json(self) -> dict[str, object]:
        """`errors[{code,key,message,hint}]`."""
        return {"ok": False, "errors": [asdict(problem) for problem in self.problems]}


_CODES = {
    "missing": "CFG_MISSING",
    "extra_forbidden": "CFG_UNKNOWN_KEY",
    "literal_error": "CFG_CHOICE",
    "string_pattern_mismatch": "CFG_FORM",
    "value_error": "CFG_FORM",
    "too_long": "CFG_RANGE",
    "too_short": "CFG_RANGE",
    "string_too_long": "CFG_RANGE",
    "string_too_short": "CFG_RANGE",
    "greater_than": "CFG_RANGE",
    "greater_than_equal": "CFG_RANGE",
    "less_than": "CFG_RANGE",
    "less_than_equal": "CFG_RANGE",
}


def problems_of(
    errors: Sequence[Mapping[str, Any]], file: str, known_keys: Iterable[str]
) -> list[Problem]:
    """Findings of pydantic in our words."""
    known = list(known_keys)
    return [_problem(error, file, known) for error in errors]


def _problem(error: Mapping[str, Any], file: str, known: list[str]) -> Problem:
    kind = str(error["type"])
    place = ".".join(str(part) for part in error["loc"])
    hint = ""
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
    message = str(error["msg"]).removeprefix("Value error, ")
    return Problem(_CODES.get(kind, "CFG_TYPE"), f"{file}:{place}", message, hint)
