"""`cambrian lineage`: how a program came about, or what came of it."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, write_or_print
from runs.commands.either import demand_candidate

NEAR = 100
"""Generations that a tree shows by itself: more than one reads, in no time from any database."""


@click.command(name="lineage")
@click.argument("id_", metavar="ID")
@click.option(
    "--as",
    "form",
    type=click.Choice(["tree", "mermaid", "dot", "json", "html"]),
    default="tree",
    show_default=True,
    help="How to write it; html is a page that needs nothing else.",
)
@click.option("--descendants", is_flag=True, help="What came of it in place of how it came about.")
@click.option(
    "--depth",
    type=click.IntRange(0),
    help="Follow at most so many generations.  [default: all; of a tree of ancestors the nearest "
    f"{NEAR} and the first]",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@db_option
@click.option("--json", "as_json", is_flag=True, help="The same as --as json.")
def command(
    id_: str,
    form: str,
    descendants: bool,
    depth: int | None,
    output: Path | None,
    db: Path,
    as_json: bool,
) -> None:
    """Show how a candidate came about, change by change.

    Each step says what was changed and what that gained over its first parent, with a 95 %
    interval over the seeds of the search.

    Example: cambrian lineage 3fa9c1 --as tree
    """
    from runs import drawing
    from runs.lineage import lineage, near

    form = "json" if as_json else form
    demand_candidate(id_, "other programs have no history here.")
    with existing_store(db) as store:
        if form == "tree" and depth is None and not descendants:
            found = near(store, id_, NEAR)
        else:
            found = lineage(store, id_, descendants=descendants, depth=depth)
        if form == "html":
            from runs.pages.family import family_page

            write_or_print(family_page(store, found), output)
            return
    write_or_print(drawing.written(found, form) + "\n", output)
