"""`cambrian bench`: our own benchmarks, each ending in a short table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runs.commands.bench_ladder import ladder
from runs.commands.bench_language import language
from runs.commands.common import (
    cores_option,
    device_option,
    json_option,
    measures,
    out,
    print_json,
    talk,
)

if TYPE_CHECKING:
    pass


@click.group(name="bench")
def command() -> None:
    """Measure Cambrian on this machine.

    Example: cambrian bench language
    """


command.add_command(language)
command.add_command(ladder)


@command.command()
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
@cores_option
@json_option
def evaluate(
    rounds: int,
    tasks: tuple[str, ...],
    kind: str | None,
    candidates: int,
    mnist1d: bool,
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
    figures: dict[str, list[dict[str, Any]]] = {"stacked": bench.stacked(rounds)}
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
    stacked = measures("replicas", "µs/step", "x one by one", "x by hand")
    for row in figures["stacked"]:
        cells = (row["microseconds"], row["speed_up"], row["against_by_hand"])
        stacked.add_row(row["replicas"], f"{cells[0]:.0f}", *(f"{x:.2f}" for x in cells[1:]))
    judged = measures("task", "kind", "candidates/min", "s each", "processor s", "scored")
    for row in figures["tasks"]:
        judged.add_row(row["task"], row["kind"], *_judged(row), f"{row['scored']} of {row['of']}")
    known = measures("network", "accuracy %", "published", "s")
    for row in figures["mnist1d"]:
        cells = (f"{row['accuracy']:.1f}", str(row["published"]), f"{row['seconds']:.0f}")
        known.add_row(row["task"], *cells)
    for table in (stacked, judged, known):
        if table.row_count:
            out().print(table)
    out().print(f"load average {os.getloadavg()[0]:.1f}, {count} workers", style="dim")


def _judged(row: dict[str, Any]) -> tuple[str, str, str]:
    """Write candidates a minute, seconds of the clock and seconds of the processor for one."""
    return f"{row['per_minute']:.1f}", f"{row['seconds']:.2f}", f"{row['processor']:.2f}"


@command.command()
@click.option("--rounds", type=int, default=100, show_default=True, help="Jobs per figure.")
@json_option
def sandbox(rounds: int, as_json: bool) -> None:
    """Time each isolation tier: an empty job, 20-step trainings, a limit, two workers.

    The trainings are our own: of a small network, under a free-form optimiser, under a free-form
    schedule, and of a free-form architecture.

    Example: cambrian bench sandbox --rounds 300
    """
    from runs.drill import measure

    talk().print(f"{rounds} rounds of every job, the tiers taking turns.", style="dim")
    found = measure(rounds)
    if as_json:
        print_json(found)
        return
    table = measures("", *(figures["tier"] for figures in found))
    for name in found[0]:
        if name not in ("tier", "result", "bare_result", "load"):
            label = _job_label(name)
            cells = (figures[name] for figures in found)
            table.add_row(label, *("" if cell is None else f"{cell:,}" for cell in cells))
    out().print(table)
    same = len({figures[name] for figures in found for name in ("result", "bare_result")}) == 1
    where = "at every tier and in a bare process"
    out().print(f"results are the same bytes {where}" if same else "RESULTS DIFFER BY TIER")
    out().print(f"load average {found[-1]['load']}", style="dim")


def _job_label(name: str) -> str:
    """Name a figure; what belongs to the job in the line above is set in."""
    for kind in ("processor_ms", "per_minute_and_core"):
        if name.endswith(kind):
            return "  " + kind.replace("_", " ")
    return name.replace("_", " ").replace("freeform", "free-form").replace("percent", "%")


@command.command()
@device_option
@json_option
def gpu(device: str, as_json: bool) -> None:
    """Time a GPU: the start-up that warm spares hide, and stacked training, replayed and not.

    Example: cambrian bench gpu --device cuda:1
    """
    from runs.bench_gpu import measure

    found = measure("cuda" if device == "cpu" else device)
    if as_json:
        print_json(found)
        return
    if why := found.get("missing"):
        out().print(f"No GPU can be measured here: {why}.")
        return
    table = measures("replicas", "µs/step", "x one by one", "x by hand")
    for row in found["stacked"]:
        cells = (row["speed_up"], row["against_by_hand"])
        table.add_row(row["replicas"], f"{row['microseconds']:.0f}", *(f"{x:.2f}" for x in cells))
    out().print(table)
    out().print(f"an empty job: {found['cold_s']:.2f} s cold, {found['warm_s']:.3f} s from a spare")


@command.command()
@click.option(
    "--candidates",
    type=click.IntRange(2),
    default=20_000,
    show_default=True,
    help="Fill the file up to so many.",
)
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="In so many.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same candidates.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Keep the file here, or go on with it."
)
@json_option
def store(candidates: int, runs: int, seed: int, keep: Path | None, as_json: bool) -> None:
    """Time the database with made-up candidates: insertion, questions, whole commands.

    Example: cambrian bench store --candidates 1000000 --keep million.db
    """
    from tempfile import TemporaryDirectory

    from runs.store_bench import measure

    talk().print(f"Up to {candidates:,} candidates, some 3,000 a second.", style="dim")
    with TemporaryDirectory(prefix="cambrian-bench-") as folder:
        found = measure(keep or Path(folder) / "bench.db", candidates, runs, seed)
    if as_json:
        print_json(found.as_json())
        return
    console = out()
    console.print(
        f"{found.candidates:,} candidates, {found.megabytes:,.0f} MB, load {found.load:.1f}; "
        f"the best has {found.ancestors:,} ancestors"
    )
    table = measures("candidates a second", "by the clock", "by the processor")
    for name, rate in found.rates.items():
        table.add_row(name, *(f"{each:,.0f}" for each in rate))
    console.print(table)
    table = measures("the best of five", "ms", "processor ms")
    for figure in found.figures:
        table.add_row(figure.what, f"{figure.milliseconds:,.1f}", f"{figure.processor:,.1f}")
    console.print(table)


@command.command(name="proxies")
@click.option("--task", default="digits", show_default=True, help="A task for architectures.")
@click.option("--networks", type=click.IntRange(3), default=120, show_default=True, help="In all.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same networks.")
@cores_option
@json_option
def proxies_(task: str, networks: int, seed: int, workers: int | None, as_json: bool) -> None:
    """Compare training-free scores of architectures with what training gives.

    Example: cambrian bench proxies --task mnist1d --networks 150
    """
    import os

    from runs.config import default_workers
    from runs.proxies import measure
    from runs.proxy_tables import screen

    count = workers or default_workers()
    found = measure(task, networks, seed, count, talk().print)
    if as_json:
        print_json(found.as_json())
        return
    out().print(screen(found))
    out().print(f"load average {os.getloadavg()[0]:.1f}, {count} workers", style="dim")
