"""`cambrian bench`: our own benchmarks, each ending in a short table."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.bench_evaluate import evaluate
from runs.commands.bench_gpu import gpu
from runs.commands.bench_ladder import ladder
from runs.commands.bench_language import language
from runs.commands.common import cores_option, json_option, measures, out, print_json, talk


@click.group(name="bench")
def command() -> None:
    """Measure Cambrian on this machine.

    Example: cambrian bench language
    """


command.add_command(language)
command.add_command(ladder)
command.add_command(evaluate)
command.add_command(gpu)


@command.command()
@click.option(
    "--rounds", type=click.IntRange(1), default=100, show_default=True, help="Jobs per figure."
)
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
@click.option(
    "--candidates",
    type=click.IntRange(2),
    default=20_000,
    show_default=True,
    help="Fill the file up to so many.",
)
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="In so many.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Same seed, same candidates.",
)
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
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same networks."
)
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
