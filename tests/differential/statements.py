"""Function bodies, made at random, that always compile."""

from __future__ import annotations

from collections.abc import Callable

from daicho.compiler.types import Type
from differential import locks
from differential.blocks import NESTING_MAX
from differential.control import Control
from differential.nodes import Node, Timed


class Statements(Control):
    """Makes the body of one function."""

    def _statement(self) -> list[Node]:
        ways: list[tuple[int, Callable[[], list[Node]]]] = [
            (28, self._declare), (14, self._assign), (34, self._change), (3, self._unpack),
            (6, self._map_work), (4, self._require), (5, self._call), (5, self._narrow),
            (4, self._leave),
        ]  # fmt: skip
        if self.depth <= NESTING_MAX:
            ways += [(9, self._if), (9, self._loop), (4, self._match), (7, self._attempt)]
        if self.make.reads_state:
            ways += [
                (7, self._read),
                (4, self._scan),
                (3, self._index),
                (3, self._resume),
                (2, self._heard),
                (1, self._locked),
            ]
        if self.make.may_write:
            ways += [(20, self._write), (3, self._emit), (1, self._flood), (5, self._lock)]
            ways += [(4, self._timer)] if self.timers else []
        weights = [weight for weight, _ in ways]
        return self.rng.choices([way for _, way in ways], weights)[0]()

    def _lock(self) -> list[Node]:
        return [self._step(*step) for step in locks.story(self.make)]

    def _locked(self) -> list[Node]:
        return [self._step(*locks.asked(self.make))]

    def _step(self, type_: Type | None, text: str) -> Node:
        return Node(text) if type_ is None else self.declare(type_, text)


__all__ = ["Node", "Statements", "Timed"]
