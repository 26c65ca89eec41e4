"""A search from start to end: say what will happen, search, judge the winner, show the way on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from evaluators.candidate import Candidate
from evaluators.evaluator import Cancelled, Evaluator
from evaluators.task import Task, find_task
from evaluators.verify import Verdict, verify
from programs.errors import CambrianError, RunFailed
from programs.load import library
from runs import tables
from runs.config import RunConfig, read_config
from runs.heritage import verdict_before
from runs.lineage import as_path, lineage
from runs.live import display_named
from runs.progress import Progress
from runs.signals import ending_like_ctrl_c
from runs.start import Prepared, config_of, perform, prepare, resume_hint, sandbox_for
from runs.store import Store
from sandbox.base import Sandbox
from sandbox.tiers import promise

INTERRUPTED = 130


def settings(task: str, **given: Any) -> RunConfig:
    """Check the settings of a run, leaving out what was not given."""
    return read_config(task=task, **{k: v for k, v in given.items() if v is not None})


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
    with ending_like_ctrl_c(), Store.open(database) as store:
        task = find_task(config.task, config.kind)
        with sandbox_for(task, config.workers, config.device, unsafe) as sandbox:
            prepared = prepare(store, config, sandbox)
            ready(prepared.run.id)
            _announce(prepared, database, sandbox, talk, explain)
            return _see_through(prepared, database, display, out, talk)


def go_on(
    run: str,
    database: Path,
    display: str | None,
    out: Console,
    talk: Console,
    evals: int | None = None,
    hours: float | None = None,
    usd: float | None = None,
    unsafe: bool = False,
    ready: Callable[[str], None] = lambda run: None,
) -> int:
    """Resume a run with its own settings, or a larger budget; return the exit code."""
    with ending_like_ctrl_c(), Store.open(database, create=False) as store:
        config = config_of(store.run(run))
        config = config.model_copy(update=_given(evals=evals, hours=hours, usd=usd))
        task = find_task(config.task, config.kind)
        with sandbox_for(task, config.workers, config.device, unsafe) as sandbox:
            prepared = prepare(store, config, sandbox, resume=run)
            ready(prepared.run.id)
            talk.print(f"Going on with run {prepared.run.id} in {database.resolve()}")
            return _see_through(prepared, database, display, out, talk)


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


def _see_through(
    prepared: Prepared, database: Path, display: str | None, out: Console, talk: Console
) -> int:
    hint = resume_hint(prepared.run.id, str(database))
    try:
        state, progress = perform(prepared, display_named(display, talk))
    except CambrianError as error:
        raise RunFailed(f"{str(error).rstrip('.')}. All that finished is saved: {hint}") from error
    if state == "stopped":
        talk.print(f"Stopped; everything finished is saved. Go on with:\n  {hint}", soft_wrap=True)
        return INTERRUPTED
    if progress.best is None:
        talk.print(f"No candidate could be scored. {tables.without_score(progress)}")
        return 1
    try:
        _conclude(prepared, progress.best, out, talk)
    except (KeyboardInterrupt, Cancelled):
        command = f"cambrian verify {progress.best.id[:6]} --db {database}"
        talk.print(f"The search is saved; judge its winner with:\n  {command}", soft_wrap=True)
        return INTERRUPTED
    _way_on(prepared, progress, database, out)
    return 0


def judge(
    store: Store, evaluator: Evaluator, best: Candidate, seed: int, workers: int
) -> tuple[Verdict, str]:
    """Compare a candidate with the task's baselines on held-out data, and keep the verdict.

    Returns the verdict and the name under which the candidate stands in it.
    """
    known = library(evaluator.task.kind)
    baselines = {name: known[name] for name in evaluator.task.baselines}
    same = [name for name, program in baselines.items() if program.key == best.program.key]
    name = same[0] if same else best.id[:6]
    contestants = {name: baselines.get(name, best.program), **baselines}
    rng = np.random.default_rng([seed, best.index])
    with ThreadPoolExecutor(workers) as pool:
        verdict = verify(evaluator, contestants, rng, run_all=pool.map)
    store.save_verdict(best.id, verdict.sentence, asdict(verdict))
    return verdict, name


def verify_candidate(
    store: Store, prefix: str, device: str, workers: int | None, out: Console
) -> None:
    """Judge a stored candidate on held-out data and print the table."""
    candidate = store.candidate(prefix)
    run = store.run_of(candidate.id)
    config = settings(run.task, device=device, workers=workers)
    task = find_task(run.task, run.kind)
    with sandbox_for(task, config.workers, device) as sandbox:
        evaluator = Evaluator(task, sandbox, device)
        verdict, name = judge(store, evaluator, candidate, run.seed, config.workers)
    _print_verdict(verdict, name, task, out)


def _print_verdict(verdict: Verdict, name: str, task: Task, out: Console) -> None:
    rung = task.rungs[0]
    out.print(tables.verdict_table(verdict, task.kind, task.score_name, name))
    out.print(
        f"{verdict.seeds} fresh seeds, {verdict.examples} held-out examples; intervals resample "
        f"both. Every learning rate was tuned by the same {len(rung.learning_rates)} trials "
        f"with {rung.seeds} seeds each.",
        style="dim",
    )
    out.print(tables.plain(verdict.sentence), style="bold")


def _conclude(prepared: Prepared, best: Candidate, out: Console, talk: Console) -> None:
    config, task = prepared.config, prepared.task
    if standing := verdict_before(prepared.store, best):
        out.print(tables.plain(f"Nothing better was found than before. {standing.sentence}"))
        out.print()
        out.print(tables.program_text(best.program.source))
        return
    talk.print(
        f"Judging the winner {best.id[:6]} beside {', '.join(task.baselines)}: the same sweep for "
        f"each, then fresh seeds on held-out data."
    )
    verdict, name = judge(prepared.store, prepared.evaluator, best, config.seed, config.workers)
    _print_verdict(verdict, name, task, out)
    out.print()
    out.print(tables.program_text(best.program.source))
    out.print()
    out.print(tables.plain(f"Lineage: {as_path(lineage(prepared.store, best.id))}"))


def _way_on(prepared: Prepared, progress: Progress, database: Path, out: Console) -> None:
    best = progress.best
    assert best is not None
    id_, db = best.id[:6], "" if database == Path("cambrian.db") else f" --db {database}"
    out.print()
    out.print(f"Found in run {prepared.run.id}: {tables.counts(progress)}.", style="dim")
    for does, command in (
        ("the best of the run", f"cambrian top {prepared.run.id}{db}"),
        ("this program whole", f"cambrian show {id_}{db}"),
        ("how it came about", f"cambrian lineage {id_}{db}"),
        ("as a PyTorch file", f"cambrian export {id_} --as py{db}"),
    ):
        out.print(f"  {does:20} [bold]{command}[/]", soft_wrap=True)
