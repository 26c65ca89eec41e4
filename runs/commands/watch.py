"""`cambrian watch`: look at a run of another process."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, display_option, existing_store, talk


@click.command(name="watch")
@click.argument("run")
@display_option
@db_option
def command(run: str, display: str | None, db: Path) -> None:
    """Show RUN live, whatever process and terminal it runs in, until it ends.

    Ctrl-C leaves the run as it is.

    Example: cambrian watch 4b1d
    """
    from runs.follow import follow
    from runs.live import display_named

    console = talk()
    with existing_store(db) as store:
        id_ = store.run(run).id
        try:
            follow(store, id_, display_named(display, console))
        except KeyboardInterrupt:
            console.print(f"Left run {id_} at work; `cambrian stop {id_}` ends it.")
