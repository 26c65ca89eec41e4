"""`cambrian report`: a run as one page."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, write_or_print


@click.command(name="report")
@click.argument("run", metavar="RUN")
@click.option(
    "--out",
    "-o",
    "output",
    type=click.Path(path_type=Path),
    help="Write to this file, - for stdout.  [default: cambrian-RUN.html]",
)
@click.option(
    "--cost",
    default="size",
    show_default=True,
    metavar="METRIC",
    help="What the Pareto front sets against the score.",
)
@db_option
def command(run: str, output: Path | None, cost: str, db: Path) -> None:
    """Write a run as one HTML file that needs nothing else.

    The verdict, the best program and how it came about, every candidate in an interactive family
    tree, what was tried and why it failed, what it cost, and how to make it again.

    Example: cambrian report 4b1d --out report.html
    """
    from runs.pages.report import report_page

    with existing_store(db) as store:
        id_ = store.run(run).id
        page = report_page(store, id_, cost)
    if str(output) == "-":
        write_or_print(page, None)
    else:
        write_or_print(page, output or Path(f"cambrian-{id_}.html"))
