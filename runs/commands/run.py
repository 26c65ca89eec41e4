"""`cambrian run`: search on a task, or go on with an earlier run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from programs.errors import InputError
from runs.commands.common import out, search_options, talk, unsafe_option

if TYPE_CHECKING:
    from runs.config import RunConfig

CHANGED = ("kind", "evals", "hours", "usd", "track", "workers")
"""The options that say something to a run that goes on, of which `kind` may not."""


@click.command(name="run")
@click.argument("task", required=False)
@click.option("--kind", help="The kind of program to search for.  [default: the task's first]")
@click.option("--evals", type=int, help="Stop after so many distinct programs.  [default: 200]")
@click.option("--hours", type=float, help="Propose for so many hours.")
@click.option(
    "--proposer",
    "proposers",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="Who proposes: evolution, random-search, llambo, rewrite, diff, crossover, iterate, "
    "target-line, explain, simplify, mend, or a .py file.  [default: evolution, and with --model "
    "all but random-search]",
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
@click.option(
    "--reply-timeout",
    type=float,
    metavar="SECONDS",
    help="How long a model may take to reply.  [default: 90]",
)
@click.option(
    "--in-flight",
    type=int,
    metavar="N",
    help="Calls to models that may be made at the same time.  [default: 8]",
)
@click.option(
    "--fill",
    type=float,
    metavar="N",
    help="While workers would wait for models, proposers that ask none fill in: so many places at "
    "most for each proposal asked for; 0 for none.  [default: as many as it takes]",
)
@click.option("--replay", metavar="RUN", help="Let this run's recorded calls answer for models.")
@click.option("--resume", metavar="RUN", help="Go on with this run, with its own settings.")
@click.option(
    "--continue", "onward", is_flag=True, help="Begin with the best known and spend a fresh budget."
)
@click.option(
    "--track",
    metavar="TRACKER:WHERE",
    help="Tell a tracker too: tensorboard:FOLDER, wandb:PROJECT or trackio:PROJECT.",
)
@click.option("--detach", is_flag=True, help="Go on in the background; `cambrian watch` shows it.")
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
@click.option(
    "--rungs",
    type=int,
    metavar="N",
    help="Judge on a ladder of so many rungs: 1 the task's own alone, 2 a quick one before it, 3 a "
    "dear one after it.  [default: 1]",
)
@click.option("--eta", type=int, help="One in so many climbs from each rung.  [default: 3]")
@click.option("--fresh", is_flag=True, help="Train anew what an earlier run already scored.")
@unsafe_option
@search_options
def command(detach: bool, **given: Any) -> None:
    """Search for better programs on TASK, or resume a run.

    `cambrian tasks` lists the tasks. With the same seed the same run comes out.

    Example: cambrian run digits --kind schedule --evals 500 --seed 1
    """
    if detach:
        _detach(given)
        return
    click.get_current_context().exit(carry_out(**given))


def _detach(given: dict[str, Any]) -> None:
    from runs.detach import detach

    database: Path = given["db"]
    shown = given["display"] if given["display"] in ("json", "none") else "plain"
    quiet: dict[str, Any] = {**given, "display": shown}
    started = detach(lambda ready: carry_out(ready, **quiet), database)
    click.echo(started.run)
    click.echo(
        f"Run {started.run} goes on by itself; it writes to {started.log}\n"
        f"  cambrian watch {started.run} --db {database}\n"
        f"  cambrian stop {started.run} --db {database}",
        err=True,
    )


def carry_out(
    ready: Callable[[str], None] = lambda run: None,
    *,
    resume: str | None,
    unsafe: bool,
    db: Path,
    display: str | None,
    **given: Any,
) -> int:
    """Do what the command's options say; return the exit code."""
    from runs.discover import discover, go_on

    if resume is not None:
        told = _from_line({name: given[name] for name in CHANGED})
        if given["task"] is not None or told.pop("kind", None) is not None:
            raise InputError("Give a TASK (with a `--kind`) or `--resume RUN`, not both.")
        if given["onward"]:
            raise InputError("Give `--continue` with a TASK; `--resume RUN` goes on with one run.")
        return go_on(resume, db, display, out(), talk(), **told, unsafe=unsafe, ready=ready)
    replay = given["replay"]
    config = configured(**given) if replay is None else _repeating(replay, db, given)
    return discover(config, db, display, out(), talk(), unsafe=unsafe, ready=ready)


def _repeating(run: str, db: Path, given: dict[str, Any]) -> RunConfig:
    """Return the settings of a repetition: the run's own, but for what the line says."""
    from runs.config import parse_models, parse_proposers
    from runs.discover import repeating

    told = _from_line({name: value for name, value in given.items() if name != "replay"})
    if told.pop("fresh", False):
        told["recall"] = False
    for name, parse in (("proposers", parse_proposers), ("models", parse_models)):
        if name in told:
            told[name] = parse(told[name])
    return repeating(run, db, **told)


def configured(
    *,
    task: str | None,
    proposers: tuple[str, ...],
    models: tuple[str, ...],
    fresh: bool,
    **given: Any,
) -> RunConfig:
    """Return the settings of a new run that the command's options stand for."""
    from runs.config import parse_models, parse_proposers
    from runs.discover import settings

    if task is None:
        raise InputError("Name a task to search on, e.g. `cambrian run digits`.")
    return settings(
        task,
        recall=not fresh,
        proposers=parse_proposers(proposers) or None,
        models=parse_models(models) or None,
        **given,
    )


def _from_line(values: dict[str, Any]) -> dict[str, Any]:
    """Keep what a flag says: a run goes on with its own settings, whatever others say."""
    ctx = click.get_current_context()
    told = click.core.ParameterSource.COMMANDLINE
    return {name: value for name, value in values.items() if ctx.get_parameter_source(name) is told}
