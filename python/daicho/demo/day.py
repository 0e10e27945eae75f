"""The market day, act by act, and how it is played."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from daicho.admin.plan import Profile
from daicho.config import ConfigError
from daicho.demo.acts import ACTS
from daicho.demo.acts.closing import Closing, close_the_books
from daicho.demo.cast import ISIN_X
from daicho.demo.lifetime import Note, market
from daicho.demo.report import Day
from daicho.demo.stage import Stage
from daicho.gateway import BadReplyError, RefusedError, UnreachableError


def observe(profile: Profile, folder: Path | None, keep: bool, note: Note) -> Day:
    """Play the whole day on a network of its own; nothing is judged yet."""
    started = time.monotonic()
    with market(profile, folder, keep, note) as network:
        stage = Stage(network, profile, note)
        try:
            for number, (title, play) in enumerate(ACTS, 1):
                begun = time.monotonic()
                shows = _played(title, play, stage)
                took = time.monotonic() - begun
                note(f"{number:2}/{len(ACTS)} {took:5.1f} s  {title}: {shows}")
            books = close_the_books(stage)
        finally:
            stage.close()
        return _day(stage, books, time.monotonic() - started, keep)


def _played(title: str, play: Callable[[Stage], str], stage: Stage) -> str:
    """Play one act; whatever stops it says in which act that was."""
    try:
        return play(stage)
    except RefusedError as no:
        raise RefusedError(
            no.code, f"act “{title}”: {no.message}", retry=no.retry, tx_id=no.tx_id
        ) from no
    except (UnreachableError, BadReplyError) as error:
        raise type(error)(f"act “{title}”: {error}") from error
    except ConfigError as error:
        first = error.problems[0]
        raise ConfigError.one(
            first.code, first.key, f"act “{title}”: {first.message}", first.hint
        ) from error


def _day(stage: Stage, books: Closing, seconds: float, kept: bool) -> Day:
    return Day(
        profile=stage.profile,
        figures=dict(stage.seen.figures()),
        validators=books.validators,
        executors=books.executors,
        height=books.height,
        certified_height=books.certified_height,
        view_changes=books.view_changes,
        roots_equal=books.roots_equal,
        transactions=books.transactions,
        seconds=seconds,
        folder=stage.network.folder if kept else None,
        words=_how_to_talk(stage) if kept else [],
    )


def _how_to_talk(stage: Stage) -> list[str]:
    folder = shlex.quote(str(stage.network.folder))
    asked = {"issuer": stage.desk("issX").id.hex(), "isin": ISIN_X, "after": None}
    arguments = shlex.quote(json.dumps(asked))
    return [
        "",
        "The network stays up. Talk to it:",
        f"  daicho net status {folder}",
        f"  daicho query securities holders --as adm --network {folder} --args {arguments}",
        f"  daicho events --as adm --network {folder}",
        f"  daicho net down {folder}",
    ]
