"""The `daicho` command.

Data goes to stdout, words to stderr. With `--json`, stdout is exactly one JSON
object on one line (streams: one for each line). Exit codes: `daicho.cli.verdicts`.
Commands are imported when they are called, so that `--help` is quick.
"""

from daicho.cli.app import main

__all__ = ["main"]
