"""`cambrian funnel`: does what a search found hold on dearer tasks?"""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import (
    db_option,
    device_option,
    existing_store,
    json_option,
    out,
    print_json,
    talk,
    workers_option,
)


@click.command(name="funnel")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--top",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How many pass a stage at most.",
)
@click.option(
    "--stages",
    metavar="TASK[:COST],…",
    help="Tasks in order, with the cost of one judgement as a multiple of the search's.  "
    "[default: the searched task's, at 10, 100, …]",
)
@db_option
@device_option
@workers_option
@json_option
def command(
    run_id: str,
    top: int,
    stages: str | None,
    db: Path,
    device: str,
    workers: int | str | None,
    as_json: bool,
) -> None:
    """Judge a run's best programs on other, dearer tasks; only those better than the baseline pass.

    The best of the search so far goes along, which shows from when on the search overfitted its
    own task. Everything is kept as it comes: ask again to go on after an interruption.

    Example: cambrian funnel 4b1d --top 5 --stages autoencoder:10,stdlib-lm:100
    """
    from evaluators.task import find_task
    from runs import funnels
    from runs.discover import settings
    from runs.funnel import Funnel, stages_of
    from runs.start import sandbox_for

    with existing_store(db) as store:
        run = store.run(run_id)
        task = find_task(run.task, run.kind)
        chosen = stages_of(task, stages)
        config = settings(run.task, device=device, workers=workers)
        console = talk()
        with sandbox_for(task, config.workers, device, cluster=config.cluster) as sandbox:

            def say(text: str) -> None:
                console.print(text, style="dim", markup=False)

            funnel = Funnel(store, run, sandbox, device, config.workers, say)
            result = funnel.perform(task, chosen, top)
    if as_json:
        print_json(funnels.as_dict(result))
        return
    out().print(funnels.screen(result))
