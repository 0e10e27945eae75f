"""The acts of the day, in the order in which they are played.

Each is one function: it plays on the stage, writes down what it saw, and
returns what it showed in a few words. What the figures must be stands in
`expectations.toml`, not here.
"""

from __future__ import annotations

from collections.abc import Callable

from daicho.demo.acts import moment, opening
from daicho.demo.stage import Stage

ACTS: tuple[tuple[str, Callable[[Stage], str]], ...] = (
    ("The network stands", opening.network_stands),
    ("A stranger is turned away", opening.stranger_is_turned_away),
    ("Everybody is admitted", opening.everybody_is_admitted),
    #("The contracts are deployed", opening.contracts_are_deployed),
    ("The record time passes", moment.record_time_passes),
)
