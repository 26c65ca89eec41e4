"""`cambrian run`: search on a task, or go on with an earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from programs.errors import InputError
from runs.commands.common import out, search_options, talk, unsafe_option


@click.command(name="run")
@click.argument("task", required=False)
@click.option("--kind", help="The kind of program to search for.  [default: the task's first]")
@click.option("--evals", type=int, help="Stop after so many distinct programs.  [default: 200]")
@click.option("--hours", type=float, help="Stop after so many hours.")
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="Who proposes: evolution, random-search, llambo, rewrite, diff, crossover, iterate, "
    "target-line, or a .py file.  [default: evolution, and all of these with --model]",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="A language model that proposes too, by litellm's name; a weight has a decimal point.",
)
@click.option("--usd", type=float, help="What models may cost in all.  [default: 1]")
@click.option("--api-base", metavar="URL", help="An OpenAI-compatible server to ask instead.")
@click.option("--replay", metavar="RUN", help="Let this run's recorded calls answer for models.")
@click.option("--resume", metavar="RUN", help="Go on with this run, with its own settings.")
@click.option(
    "--forget",
    type=float,
    metavar="P",
    help="Train a known behaviour again with this probability.  [default: 0]",
)
@click.option(
    "--aggregate",
    type=int,
    metavar="M",
    help="Average up to so many evaluations of a behaviour.  [default: 1]",
)
@click.option("--fresh", is_flag=True, help="Train anew what an earlier run already scored.")
@unsafe_option
@search_options
def command(
    task: str | None,
    kind: str | None,
    evals: int | None,
    hours: float | None,
    proposers: tuple[str, ...],
    models: tuple[str, ...],
    usd: float | None,
    api_base: str | None,
    replay: str | None,
    resume: str | None,
    forget: float | None,
    aggregate: int | None,
    fresh: bool,
    unsafe: bool,
    workers: int | str | None,
    device: str,
    seed: int,
    db: Path,
    display: str | None,
) -> None:
    """Search for better programs on TASK, or resume a run.

    `cambrian tasks` lists the tasks. With the same seed the same run comes out.

    Example: cambrian run digits --kind schedule --evals 500 --seed 1
    """
    from runs.config import parse_models, parse_proposers
    from runs.discover import discover, go_on, settings

    if resume is not None:
        told = _from_line(
            {"kind": kind, "evals": evals, "hours": hours, "usd": usd, "workers": workers}
        )
        if task is not None or told.pop("kind", None) is not None:
            raise InputError("Give a TASK (with a `--kind`) or `--resume RUN`, not both.")
        code = go_on(resume, db, display, out(), talk(), **told, unsafe=unsafe)
    elif task is None:
        raise InputError("Name a task to search on, e.g. `cambrian run digits`.")
    else:
        given = {"evals": evals, "hours": hours, "workers": workers}
        given |= {"forget": forget, "aggregate": aggregate}
        config = settings(
            task,
            kind=kind,
            device=device,
            seed=seed,
            recall=not fresh,
            proposers=parse_proposers(proposers) or None,
            models=parse_models(models) or None,
            usd=usd,
            api_base=api_base,
            replay=replay,
            **given,
        )
        code = discover(config, db, display, out(), talk(), unsafe=unsafe)
    click.get_current_context().exit(code)


def _from_line(values: dict[str, Any]) -> dict[str, Any]:
    """Keep what a flag says: a run goes on with its own settings, whatever others say."""
    ctx = click.get_current_context()
    told = click.core.ParameterSource.COMMANDLINE
    return {name: value for name, value in values.items() if ctx.get_parameter_source(name) is told}
