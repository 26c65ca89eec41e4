"""`cambrian demo`: a real discovery, start to finish."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import out, search_options, talk

EVALS = 480
SECONDS = 90
"""The search ends then on a slow machine, whatever is left of its evaluations."""


@click.command(name="demo")
@click.option("--evals", default=EVALS, show_default=True, help="Distinct programs to judge.")
@search_options
def command(
    evals: int, workers: int | str | None, device: str, seed: int, db: Path, display: str | None
) -> None:
    """Discover an optimiser on real data: no key, CPU, about a minute.

    Example: cambrian demo
    """
    from runs.discover import discover, settings

    given = {"evals": evals, "hours": SECONDS / 3600, "workers": workers, "device": device}
    config = settings("digits", seed=seed, recall=False, **given)
    code = discover(config, db, display, out(), talk(), explain=True)
    click.get_current_context().exit(code)
