"""A search from start to end: say what will happen, search, judge the winner, show the way on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from evaluators.candidate import Candidate
from evaluators.evaluator import Cancelled
from evaluators.task import Task, find_task, language
from programs.errors import CambrianError, InputError, RunFailed
from programs.named import kind_named
from runs import tables, verdicts
from runs.ascent import ascent_of
from runs.calling import called
from runs.config import RunConfig, read_config
from runs.heritage import verdict_before
from runs.lineage import as_path, lineage
from runs.live import display_named
from runs.progress import Display, Progress
from runs.settling import settled
from runs.shorter import shorter
from runs.signals import ending_like_ctrl_c
from runs.start import (
    Prepared,
    config_of,
    fitted,
    perform,
    prepare,
    resume_hint,
    sandbox_for,
    workers_of,
)
from runs.store import Store
from runs.trackers import Tracker, tracker_named
from runs.tracking import Tracked
from runs.verifying import judge_quickly
from sandbox.base import Sandbox
from sandbox.tiers import promise

INTERRUPTED = 130


def settings(task: str, **given: Any) -> RunConfig:
    """Check the settings of a run, leaving out what was not given.

    `workers` may be the address of a cluster, as on the command line.
    """
    known = {k: v for k, v in given.items() if v is not None}
    workers = workers_of(known.pop("workers", None), known.get("device", "cpu"))
    return read_config(task=task, **known, **workers)


def repeating(run: str, database: Path, **told: Any) -> RunConfig:
    """Return the settings of a run that repeats another: those of that one, but for what is told.

    It ends where that one did, be it by its clock or by hand.
    """
    with Store.open(database, create=False) as store:
        found = store.run(run)
    config = config_of(found)
    if Path(told.pop("task", config.task)).resolve() != Path(config.task).resolve():
        raise InputError(f"Run {found.id} searched on {config.task}: `--replay` repeats just that.")
    own = config.model_dump(exclude={"hours", "onward"}) | {"evals": max(found.evaluations, 1)}
    places = workers_of(told.pop("workers", None) or config.cluster, config.device)
    return read_config(**own | {"replay": found.id} | told | places)


def discover(
    config: RunConfig,
    database: Path,
    display: str | None,
    out: Console,
    talk: Console,
    explain: bool = False,
    unsafe: bool = False,
    ready: Callable[[str], None] = lambda run: None,
) -> int:
    """Start a run and see it through; return the exit code.

    `ready` hears the run's id once the database knows it.
    """
    tracker = tracker_named(config.track)
    with ending_like_ctrl_c():
        # No file is made for a run that cannot begin.
        Store.demand(database)
        task, *_ = fitted(config)
        with _sandbox(task, config, unsafe) as sandbox, _opened(database, config) as store:
            prepared = prepare(store, config, sandbox)
            ready(prepared.run.id)
            _announce(prepared, database, sandbox, talk, explain)
            seen = _seen(prepared, display, tracker, talk)
            return _see_through(prepared, database, seen, out, talk)


def go_on(
    run: str,
    database: Path,
    display: str | None,
    out: Console,
    talk: Console,
    evals: int | None = None,
    hours: float | None = None,
    usd: float | None = None,
    track: str | None = None,
    workers: int | str | None = None,
    unsafe: bool = False,
    ready: Callable[[str], None] = lambda run: None,
) -> int:
    """Resume a run with its own settings, or a larger budget; return the exit code.

    Its workers may be others, and elsewhere: the lineage does not depend on them.
    """
    with ending_like_ctrl_c(), Store.open(database, create=False) as store:
        config = config_of(store.run(run))
        told = _given(evals=evals, hours=hours, usd=usd, track=track)
        places = workers_of(config.cluster if workers is None else workers, config.device)
        config = read_config(**config.model_dump() | told | places)
        tracker = tracker_named(config.track)
        task = find_task(config.task, config.kind)
        with _sandbox(task, config, unsafe) as sandbox:
            prepared = prepare(store, config, sandbox, resume=run)
            ready(prepared.run.id)
            talk.print(f"Going on with run {prepared.run.id} in {database.resolve()}")
            seen = _seen(prepared, display, tracker, talk)
            return _see_through(prepared, database, seen, out, talk)


def _sandbox(task: Task, config: RunConfig, unsafe: bool) -> AbstractContextManager[Sandbox]:
    return sandbox_for(task, config.workers, config.device, unsafe, config.cluster)


def _opened(database: Path, config: RunConfig) -> Store:
    """Open the database of a new run, which a replay's source must be in already."""
    return Store.open(database, create=not config.replay)


def _given(**values: Any) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v is not None}


def _announce(
    prepared: Prepared, database: Path, sandbox: Sandbox, talk: Console, explain: bool
) -> None:
    config, task = prepared.config, prepared.task
    if explain:
        rates = task.rungs[0].learning_rates
        talk.print(
            f"[bold]Cambrian[/] searches for programs of kind [bold]{task.kind}[/] on the task "
            f"[bold]{task.name}[/] by symbolic evolution from {prepared.baseline}: it mutates "
            f"programs, refuses those that cannot work, recognises those that do what an earlier "
            f"one did, trains the rest at {len(rates)} learning rates and {task.rungs[0].seeds} "
            f"seeds each, and at the end compares the best with tuned baselines on held-out data."
        )
        talk.print(f"  budget     {config.evals} distinct programs, {config.workers} workers")
    talk.print(f"  isolation  {sandbox.tier}: {promise(sandbox.tier)}", style="dim")
    talk.print(f"  device     {config.device}", style="dim")
    if config.models:
        named = ", ".join(config.models)
        paid = (
            f"a replay of run {config.replay}" if config.replay else f"${config.dollars:g} at most"
        )
        talk.print(f"  models     {named}: {paid}", style="dim")
    talk.print(f"  database   {database.resolve()}", style="dim", soft_wrap=True)


def _seen(
    prepared: Prepared, display: str | None, tracker: Tracker | None, talk: Console
) -> Display:
    """Return the display that was asked for, with the tracker beside it."""
    shown = display_named(display, talk)
    if tracker is None:
        return shown
    return Tracked(shown, tracker, lambda text: talk.print(tables.plain(text)), prepared.run.tried)


def _see_through(
    prepared: Prepared, database: Path, display: Display, out: Console, talk: Console
) -> int:
    hint = resume_hint(prepared.run.id, str(database))
    try:
        with settled(kind_named(prepared.run.kind)):
            state, progress = perform(prepared, display)
    except CambrianError as error:
        raise RunFailed(f"{str(error).rstrip('.')}. All that finished is saved: {hint}") from error
    if state == "stopped":
        talk.print(f"Stopped; everything finished is saved. Go on with:\n  {hint}", soft_wrap=True)
        return INTERRUPTED
    if progress.best is None:
        talk.print(f"No candidate could be scored. {tables.without_score(progress)}")
        if prepared.run.task.endswith(".py"):
            check = f"{called()} check {quote(prepared.run.task)}"
            talk.print(f"Does the task keep the rules? {check}", soft_wrap=True)
        return 1
    try:
        _conclude(prepared, progress.best, out, talk)
    except (KeyboardInterrupt, Cancelled):
        command = f"{called()} verify {progress.best.id[:6]} --db {database}"
        talk.print(f"The search is saved; judge its winner with:\n  {command}", soft_wrap=True)
        return INTERRUPTED
    _way_on(prepared, progress, database, out)
    return 0


def _conclude(prepared: Prepared, best: Candidate, out: Console, talk: Console) -> None:
    config, task = prepared.config, prepared.task
    if standing := verdict_before(prepared.store, best):
        out.print(tables.plain(f"Nothing better was found than before. {standing.sentence}"))
        _write(prepared, best, out)
        return
    talk.print(
        f"Judging the winner {best.id[:6]} beside {', '.join(task.baselines)}: the same sweep for "
        f"each, then fresh seeds on held-out data."
    )
    verdict = judge_quickly(prepared.store, prepared.evaluator, best, config.seed, config.workers)
    out.print(verdicts.quick_screen(verdict))
    _write(prepared, best, out)
    out.print()
    out.print(tables.plain(f"Lineage: {as_path(lineage(prepared.store, best.id))}"))


def _write(prepared: Prepared, best: Candidate, out: Console) -> None:
    """Print the program, and below it the shorter one that behaves the same."""
    out.print()
    out.print(tables.Source(best.program.source))
    if short := shorter(best.program, language(prepared.task)):
        out.print()
        out.print("The same behaviour in fewer statements:", style="dim")
        out.print()
        out.print(tables.Source(short))


def _way_on(prepared: Prepared, progress: Progress, database: Path, out: Console) -> None:
    best = progress.best
    assert best is not None
    name = called()
    id_, db = best.id[:6], "" if database == Path("cambrian.db") else f" --db {database}"
    out.print()
    out.print(f"Found in run {prepared.run.id}: {tables.counts(progress)}.", style="dim")
    out.print(tables.ladder(ascent_of(progress)), style="dim")
    for does, command in (
        ("the best of the run", f"{name} top {prepared.run.id}{db}"),
        ("this program whole", f"{name} show {id_}{db}"),
        ("how it came about", f"{name} lineage {id_}{db}"),
        ("as a PyTorch file", f"{name} export {id_} --as py{db}"),
    ):
        out.print(f"  {does:20} [bold]{command}[/]", soft_wrap=True)
