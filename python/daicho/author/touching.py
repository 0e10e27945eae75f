"""What each callable of an artefact may touch, in words (docs/bytecode.md, section 1)."""

from __future__ import annotations

from collections.abc import Mapping

from daicho.compiler.artefact import Reader

KINDS = ("entry", "query", "export", "scheduled")
MODES = ("reads", "writes", "adds to", "reads the past of")
FORMS = ("by key", "by prefix", "as it runs")


def touches(reader: Reader, names: Mapping[tuple[str, int], str]) -> dict[str, str]:
    """Callable → the tables and indexes it touches and how; `names` are by kind and number."""
    found: dict[str, str] = {}
    for _ in range(reader.number(4)):
        kind, number = KINDS[reader.number(1)], reader.number(4)
        listed = [_access(reader, names) for _ in range(reader.number(4))]
        found[f"{kind} {names[kind, number]}"] = ", ".join(listed) or "nothing"
    return found


def _access(reader: Reader, names: Mapping[tuple[str, int], str]) -> str:
    contract, table = reader.number(4), reader.number(2)
    mode, form = MODES[reader.number(1)], FORMS[reader.number(1)]
    kinds = ("table", "index", "lock")
    own = next((names[kind, table] for kind in kinds if (kind, table) in names), str(table))
    return f"{mode} {f'{contract}:{table}' if contract else own} {form}"
