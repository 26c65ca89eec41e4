"""`cambrian bench ladder`: what rungs cost and how far they agree."""

from __future__ import annotations

import click

from runs.commands.common import cores_option, json_option, out, print_json


@click.command()
@click.option("--task", "name", default="digits", show_default=True, help="The task to judge on.")
@click.option("--programs", type=click.IntRange(1), default=60, show_default=True, help="Mutants.")
@click.option("--rungs", type=click.IntRange(2, 3), default=2, show_default=True, help="Rungs.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same programs."
)
@cores_option
@json_option
def ladder(
    name: str, programs: int, rungs: int, seed: int, workers: int | None, as_json: bool
) -> None:
    """Judge mutants of the library on every rung: its price, and its rank correlation to the next.

    Example: cambrian bench ladder --task mnist1d
    """
    from evaluators.evaluator import Evaluator
    from evaluators.task import find_task
    from programs.load import kind_named
    from runs.bench_ladder import measure
    from runs.config import default_workers
    from runs.start import sandbox_for

    task = find_task(name)
    hands = workers or default_workers()
    with sandbox_for(task, hands, "cpu") as sandbox:
        evaluator = Evaluator(task, sandbox)
        figures = measure(evaluator, kind_named(task.kind), programs, seed, rungs, hands)
    if as_json:
        print_json({"task": name, "seed": seed, **figures.as_json()})
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    for heading in ("rung", "judged", "stopped", "scored", "s if stopped", "s if scored"):
        table.add_column(heading, justify="left" if heading == "rung" else "right")
    for price in figures.prices:
        counts = (price.judged, price.stopped, price.scored)
        times = (f"{price.seconds_stopped:.3f}", f"{price.seconds_scored:.3f}")
        table.add_row(price.rung, *map(str, counts), *times)
    console = out()
    console.print(table)
    for each in figures.foresights:
        agree = "not to be said" if each.spearman is None else f"{each.spearman:.2f}"
        around = "" if each.interval is None else " ({:.2f} to {:.2f})".format(*each.interval)
        console.print(
            f"{each.low} and {each.high}: rank correlation {agree}{around} over {each.programs} "
            f"programs; {each.kept:.0%} of the best tenth are in the best third below"
        )
