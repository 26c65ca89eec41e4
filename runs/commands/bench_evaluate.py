"""`cambrian bench evaluate`: what judging costs, and which commands say what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from programs.errors import InputError
from runs.commands.common import cores_option, json_option, measures, out, print_json, talk

if TYPE_CHECKING:
    from rich.table import Table

ELSEWHERE = """\
`cambrian bench ladder` prints how alike neighbouring rungs rank, `cambrian bench proxies` how alike
training and training-free scores do, `cambrian bench gpu` what a card does with candidates."""


@click.command()
@click.option(
    "--rounds", type=click.IntRange(1), default=15, show_default=True, help="Take the median of."
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="NAME",
    help="Count candidates a minute on this task too, or on `all`.",
)
@click.option("--kind", help="Only candidates of this kind.  [default: each that a task judges]")
@click.option(
    "--candidates",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="So many of each task and kind.",
)
@click.option("--mnist1d", is_flag=True, help="Train MNIST-1D's networks as its paper does too.")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where to stack: cpu, cuda, cuda:N, or auto, which is cpu and cuda where there is one.",
)
@cores_option
@json_option
def evaluate(
    rounds: int,
    tasks: tuple[str, ...],
    kind: str | None,
    candidates: int,
    mnist1d: bool,
    device: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Time stacked training on one thread: against one by one, and against a loop by hand.

    Example: cambrian bench evaluate --task all
    """
    import os

    from runs import bench_evaluate as bench
    from runs.config import default_workers

    chosen = bench.tasks_named(tasks, kind)
    count = workers or default_workers()
    figures: dict[str, list[dict[str, Any]]] = {"stacked": _stacked(rounds, device)}
    figures["tasks"] = []
    for place, task in enumerate(chosen, start=1):
        talk().print(f"{place} of {len(chosen)}: {task.name}, {task.kind}", style="dim")
        figures["tasks"].append(found := bench.throughput(task, count, candidates))
        # At once: all of them take half an hour, in which much may end it.
        talk().print(f"  {', '.join(_judged(found))}", style="dim")
    figures["mnist1d"] = [bench.published(name) for name in bench.PUBLISHED] if mnist1d else []
    if as_json:
        print_json({**figures, "load": os.getloadavg()[0]})
        return
    for table in (stacked_table(figures["stacked"]), *_tables(figures)):
        if table.row_count:
            out().print(table)
    out().print(f"load average {os.getloadavg()[0]:.1f}, {count} workers", style="dim")
    out().print(_left_out(bool(tasks), mnist1d), style="dim", soft_wrap=True)


def stacked_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Lay out what a step of each stack took, and which device's it is where there are several."""
    several = len({row["device"] for row in rows}) > 1
    table = measures("replicas", "µs/step", "x one by one", "x by hand")
    for row in rows:
        name = f"{row['replicas']}, {row['device']}" if several else row["replicas"]
        gains = (f"{row[gain]:.2f}" for gain in ("speed_up", "against_by_hand"))
        table.add_row(name, f"{row['microseconds']:.0f}", *gains)
    return table


def _stacked(rounds: int, device: str) -> list[dict[str, Any]]:
    """Time the stacks; a card that nobody asked for by name may turn out not to work."""
    from runs import bench_evaluate as bench
    from runs.config import read_config

    if device != "auto":
        read_config(task="digits", device=device)
        return bench.stacked(rounds, device)
    rows: list[dict[str, Any]] = []
    for each in bench.devices_named(device):
        try:
            rows += bench.stacked(rounds, each)
        except InputError as error:
            talk().print(str(error))
    return rows


def _tables(figures: dict[str, list[dict[str, Any]]]) -> tuple[Table, Table]:
    """Lay out candidates a minute, and known accuracies."""
    judged = measures("task", "kind", "candidates/min", "s each", "processor s", "scored")
    for row in figures["tasks"]:
        judged.add_row(row["task"], row["kind"], *_judged(row), f"{row['scored']} of {row['of']}")
    known = measures("network", "accuracy %", "published", "s")
    for row in figures["mnist1d"]:
        cells = (f"{row['accuracy']:.1f}", str(row["published"]), f"{row['seconds']:.0f}")
        known.add_row(row["task"], *cells)
    return judged, known


def _judged(row: dict[str, Any]) -> tuple[str, str, str]:
    """Write candidates a minute, seconds of the clock and seconds of the processor for one."""
    return f"{row['per_minute']:.1f}", f"{row['seconds']:.2f}", f"{row['processor']:.2f}"


def _left_out(tasks: bool, mnist1d: bool) -> str:
    """Say what prints the figures that are not here."""
    more = [] if tasks else ["`--task all` adds candidates a minute"]
    if not mnist1d:
        more.append("`--mnist1d` adds the accuracies that its paper gives")
    return f"{', '.join(more)}.\n{ELSEWHERE}" if more else ELSEWHERE
