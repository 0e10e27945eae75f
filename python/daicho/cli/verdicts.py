"""From what went wrong to how the process ends: the one place that knows."""

from __future__ import annotations

from dataclasses import dataclass

import click

from daicho.cli.exits import Exit
from daicho.codes import registry
from daicho.config import ConfigError, Problem
from daicho.gateway.errors import BadReplyError, RefusedError, UnreachableError
from daicho.identity.certificate import CertificateError
from daicho.identity.files import KeyFileError
from daicho.query.errors import DamagedFileError


@dataclass(frozen=True)
class Verdict:
    """How a command ends, and what it says about it."""

    code: Exit
    problems: list[Problem]


def verdict(error: BaseException) -> Verdict | None:
    """Judge an exception; None for one that is our bug."""
    match error:
        case ConfigError():
            return Verdict(Exit.USAGE, error.problems)
        case CertificateError():
            return _one(Exit.USAGE, error.code, "certificate", str(error))
        case KeyFileError():
            return _one(Exit.USAGE, "CFG_KEY_FILE", str(error.path), error.problem, error.hint)
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "daicho"
            return _one(Exit.USAGE, "CFG_USAGE", where, error.format_message())
        case click.ClickException():
            return _one(Exit.USAGE, "CFG_USAGE", "daicho", error.format_message())
        case RefusedError():
            return _one(Exit.REFUSED, error.code, "ledger", error.message)
        case UnreachableError():
            return _one(Exit.UNREACHABLE, "CFG_UNREACHABLE", "gateway", str(error))
        case DamagedFileError():
            return _one(Exit.DAMAGED, "VFY_FORM", "FILE", str(error))
        case BadReplyError():
            return _one(Exit.DAMAGED, "VFY_RECEIPT", "gateway", str(error))
        case OSError():
            where = str(error.filename or "machine")
            return _one(Exit.USAGE, "CFG_FILE", where, error.strerror or str(error))
        case click.Abort() | KeyboardInterrupt():
            return Verdict(Exit.INTERRUPTED, [])
        case _:
            return None


def _one(code: Exit, name: str, key: str, message: str, hint: str = "") -> Verdict:
    known = registry().get(name)
    return Verdict(code, [Problem(name, key, message, hint or (known.remedy if known else ""))])
