"""`daicho demo` and `daicho bench`: both stand in packages of their own."""

from __future__ import annotations

from pathlib import Path

import click

from daicho.cli.common import part
from daicho.cli.exits import EndError, Exit
from daicho.cli.output import Output, json_option, readable


@click.command()
@click.option("--profile", type=click.Choice(["seed", "blind"]), default="seed", show_default=True)
@click.option("--keep", is_flag=True, help="Leave the network up and say how to talk to it.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where.  [default: temporary]")
@click.option(
    "--expect",
    "expected",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Other figures to compare with.  [default: those that ship with it]",
)
@json_option
def demo(
    profile: str, keep: bool, folder: Path | None, expected: Path | None, output: Output
) -> None:
    """Play the market day on a local network. Exit 1 when a check is false."""
    report = part("daicho.demo").run(
        profile=profile, keep=keep, folder=folder, note=output.note, expected=expected
    )
    text = report.pop("text")
    output.result(report, text)
    if not report["ok"]:
        raise EndError(Exit.CHECK_FALSE)


@click.command()
@click.argument("scenario", type=click.Choice(["dvp"]))
@click.option("--rate", type=click.FloatRange(min=1), help="Offered transactions a second.")
@click.option("--seconds", type=click.FloatRange(min=1), default=10.0, show_default=True)
@click.option("--accounts", type=click.IntRange(min=2), default=10_000, show_default=True)
@click.option("--instruments", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--profile", type=click.Choice(["seed", "blind"]), default="seed", show_default=True)
@json_option
def bench(
    scenario: str,
    rate: float | None,
    seconds: float,
    accounts: int,
    instruments: int,
    profile: str,
    output: Output,
) -> None:
    """Measure SCENARIO on a local network. Exit 1 when the run is not valid."""
    report = part("daicho.bench").run(
        scenario,
        rate=rate,
        seconds=seconds,
        accounts=accounts,
        instruments=instruments,
        profile=profile,
        note=output.note,
    )
    output.result(report, readable(report))
    if not report["valid"]:
        raise EndError(Exit.CHECK_FALSE)
