"""The command tree, its lazy import, and the end of the process."""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

import click

from daicho import __version__
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output

# Command → where it stands; one line of help each, shown without an import.
COMMANDS = {
    "demo": ("daicho.cli.play:demo", "Play the market day on a local network."),
    "net": ("daicho.cli.net:net", "Found, start, stop and watch a network."),
    "node": ("daicho.cli.net:node", "Run one node in the foreground."),
    "ca": ("daicho.cli.ca:ca", "The administrator's certificate authority."),
    "status": ("daicho.cli.net:status", "What a node says of itself."),
    "new": ("daicho.cli.new:new", "Begin a contract: a product with its tests."),
    "check": ("daicho.cli.check:check", "Check contracts, or a network's configuration."),
    "test": ("daicho.cli.run_tests:test", "Run contracts' tests."),
    "contract": ("daicho.cli.contract:contract", "Build, compare and deploy contracts."),
    "control": ("daicho.cli.control:control", "Admit and revoke parties."),
    "tx": ("daicho.cli.tx:tx", "Submit transactions, get their receipts."),
    "query": ("daicho.cli.tx:query", "Ask a contract."),
    "events": ("daicho.cli.tx:events", "Blocks and own receipts as they come."),
    "audit": ("daicho.cli.proof:audit", "Check evidence offline."),
    "verify": ("daicho.cli.proof:verify", "Check stored data."),
    "replay": ("daicho.cli.proof:replay", "Recompute every root from the log."),
    "explain": ("daicho.cli.proof:explain", "What a code means and what to do."),
    "bench": ("daicho.cli.play:bench", "Measure a scenario."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        from daicho.cli.examples import show_examples

        module, name = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        show_examples(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="daicho")
def daicho() -> None:
    """Daicho: a permissioned ledger node for capital markets."""


def run(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = daicho.main(given, prog_name="daicho", standalone_mode=False)
        return int(result) if isinstance(result, int) else Exit.OK
    except EndError as end:
        return end.code
    except SystemExit:
        # So click ends when nobody reads on, with 1, which is a false check here.
        return Exit.CLOSED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the end of the process
        return _end(error, Output("--json" in given))


def _end(error: BaseException, output: Output) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    # Judging needs the parts that raise: they are imported when one has.
    from daicho.cli.verdicts import verdict

    judged = verdict(error)
    if judged is None:
        traceback.print_exception(error)
        output.note("daicho: this is a bug of ours; please report it with the lines above")
        return Exit.BUG
    output.problems(judged.problems)
    return judged.code


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run())
