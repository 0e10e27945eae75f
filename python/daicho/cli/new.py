"""`daicho new`: begin a contract."""

from __future__ import annotations

from pathlib import Path

import click

from daicho.cli.output import Output, json_option


@click.command()
@click.argument("folder", metavar="NAME", type=click.Path(path_type=Path))
@json_option
def new(folder: Path, output: Output) -> None:
    """Begin a contract in a new folder NAME: a product, its numbers, its tests.

    Nothing is fetched and nothing is overwritten; the tests are green at once.
    """
    from daicho.author.founding import found_project

    files = found_project(folder)
    output.result(
        {"ok": True, "name": folder.name, "folder": str(folder), "files": list(map(str, files))},
        "\n".join(map(str, files)),
    )
    output.note(f"next:\n  cd {folder}\n  daicho test\n  daicho check --watch")
