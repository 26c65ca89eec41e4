"""`cambrian bench gpu`: what a card does with trainings, and how busy they keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runs.commands.bench_evaluate import stacked_table
from runs.commands.common import device_option, json_option, measures, out, print_json

if TYPE_CHECKING:
    from rich.table import Table


@click.command()
@device_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Candidates that share the card.",
)
@click.option(
    "--candidates",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Train so many of each kind.",
)
@json_option
def gpu(device: str, workers: int, candidates: int, as_json: bool) -> None:
    """Time a GPU: start-up, stacked training (replayed and not), candidates, and how busy it is.

    Example: cambrian bench gpu --device cuda:1
    """
    from runs import bench_gpu
    from runs.config import read_config

    read_config(task=bench_gpu.TASK, device=device)
    found = bench_gpu.measure("cuda" if device == "cpu" else device, workers, candidates)
    if as_json:
        print_json(found)
        return
    if why := found.get("missing"):
        out().print(f"No GPU can be measured here: {why}.")
        return
    out().print(stacked_table(found["stacked"]))
    out().print(_kinds(found["kinds"]))
    out().print(f"an empty job: {found['cold_s']:.2f} s cold, {found['warm_s']:.3f} s from a spare")
    shared = f"{workers} workers share the card; candidates train on {bench_gpu.TASK}"
    out().print(shared, style="dim")
    for why in dict.fromkeys(row["busy_why"] for row in found["kinds"] if row["busy_why"]):
        out().print(f"How busy the GPU was could not always be sampled: {why}.", soft_wrap=True)


def _kinds(rows: list[dict[str, Any]]) -> Table:
    """Lay out candidates a minute per kind, and the GPU's share of time at work meanwhile."""
    table = measures("kind", "candidates/min", "s each", "GPU busy %", "samples", "scored")
    for row in rows:
        share = "unknown" if row["busy_percent"] is None else f"{row['busy_percent']:.0f}"
        rate = (f"{row['per_minute']:.1f}", f"{row['seconds']:.2f}")
        scored = f"{row['scored']} of {row['of']}"
        table.add_row(row["kind"], *rate, share, str(row["busy_samples"]), scored)
    return table
