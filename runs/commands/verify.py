"""`cambrian verify`: is it better than the tuned baselines, by how much, how sure?"""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, device_option, existing_store, out, workers_option


@click.command(name="verify")
@click.argument("id_", metavar="ID")
@db_option
@device_option
@workers_option
def command(id_: str, db: Path, device: str, workers: int | None) -> None:
    """Compare a candidate with tuned baselines on held-out data.

    Everyone gets the same sweep, then fresh seeds; intervals resample seeds and examples.

    Example: cambrian verify 3fa9c1
    """
    from runs.discover import verify_candidate

    with existing_store(db) as store:
        verify_candidate(store, id_, device, workers, out())
