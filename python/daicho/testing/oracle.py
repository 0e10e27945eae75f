"""Readings of feeds, as the header of a block would carry them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from daicho.author.typetexts import TypeTexts
from daicho.compiler import Abi, Artefact
from daicho.compiler.artefact import Reader, read_shapes
from daicho.compiler.step2_check.scope import FeedSymbol
from daicho.compiler.step4_emit.fields import vector
from daicho.compiler.step4_emit.types import FIRST_TYPE, Types
from daicho.compiler.types import Type
from daicho.testing.backends import Reading
from daicho.testing.clock import microseconds

if TYPE_CHECKING:
    from daicho.testing.chain import Chain


class Oracle:
    """What the oracles said: `oracle.set("usd_jpy", "151.25")`."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._feeds: dict[str, tuple[int, Type, Abi]] = {}
        self._waiting: list[Reading] = []
        self._slot = 0

    def learn(self, artefact: Artefact) -> None:
        """A contract was deployed: the feeds it reads, by the names they have there."""
        for name, symbol in artefact.module.symbols.items():
            if isinstance(symbol, FeedSymbol):
                self._feeds[name] = (symbol.feed.number, symbol.feed.type, artefact.abi)

    def set(self, feed: str, value: object, *, at: datetime.datetime | int | None = None) -> None:
        """A reading of a feed, from the next block on; `at` is when it was taken, else now."""
        if feed not in self._feeds:
            known = ", ".join(sorted(self._feeds)) or "none"
            raise KeyError(f"no contract here reads a feed {feed!r}; there are {known}")
        number, type_, abi = self._feeds[feed]
        data = abi.encode_value(_index(abi, type_), value, feed)
        self._slot += 1
        time_us = self._chain.time_us if at is None else microseconds(at)
        self._waiting.append((number, self._slot, time_us, data))

    def take(self) -> list[Reading]:
        """What the next block's header carries; nothing is left."""
        taken, self._waiting = self._waiting, []
        return taken


def _index(abi: Abi, type_: Type) -> int:
    """The index that a type of the source has in the artefact."""
    types = Types()
    index = types.index(type_)
    if index < FIRST_TYPE:
        return index
    wanted = TypeTexts(read_shapes(Reader(vector(types.bodies)))).full(index)
    texts = TypeTexts(abi.shapes())
    for found in abi.shapes():
        if texts.full(found) == wanted:
            return found
    raise KeyError("no code of the contract reads this feed")
