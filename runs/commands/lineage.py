"""`cambrian lineage`: how a program came about."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, print_json


@click.command(name="lineage")
@click.argument("id_", metavar="ID")
@click.option(
    "--as",
    "form",
    type=click.Choice(["tree", "json", "mermaid", "dot"]),
    default="tree",
    show_default=True,
    help="How to write it.",
)
@db_option
def command(id_: str, form: str, db: Path) -> None:
    """Show how a candidate came about, change by change.

    Example: cambrian lineage 3fa9c1 --as tree
    """
    from runs import lineage as drawn

    with existing_store(db) as store:
        found = drawn.lineage(store, store.candidate(id_).id)
    if form == "json":
        print_json(drawn.as_json(found))
    elif form == "tree":
        click.echo("\n".join(drawn.as_tree(found)))
    else:
        click.echo(drawn.as_mermaid(found) if form == "mermaid" else drawn.as_dot(found))
