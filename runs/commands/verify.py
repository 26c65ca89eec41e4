"""`cambrian verify`: is it better than every tuned baseline, by how much, how sure, on what?"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import click

from programs.errors import InputError
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
from runs.commands.either import demand_candidate

if TYPE_CHECKING:
    from rich.console import Console

    from evaluators.candidate import Candidate
    from evaluators.standing import Verdict
    from runs.verifying import Verification

SAY_EVERY = 60.0
"""Seconds between two words on how far it is."""


@click.command(name="verify")
@click.argument("id_", metavar="ID")
@click.option(
    "--tasks",
    metavar="A,B",
    help="Held-out tasks instead of those that the searched task names; its own is always judged.",
)
@click.option(
    "--seeds",
    type=click.IntRange(2, 1000),
    default=20,
    show_default=True,
    help="Fresh seeds for everyone.",
)
@click.option(
    "--quick", is_flag=True, help="Only the searched task, and the few baselines it names."
)
@db_option
@device_option
@workers_option
@json_option
def command(
    id_: str,
    tasks: str | None,
    seeds: int,
    quick: bool,
    db: Path,
    device: str,
    workers: int | str | None,
    as_json: bool,
) -> None:
    """Compare a candidate with every tuned baseline on data that search never saw.

    Everyone gets the same sweep, then fresh seeds, on the held-out split of the searched task and
    on held-out tasks; intervals resample seeds and examples. What it will cost is said first. Ask
    again after an interruption: what was trained for it is remembered.

    Example: cambrian verify 3fa9c1 --tasks mnist1d,regression
    """
    from evaluators.evaluator import Evaluator
    from evaluators.remembered import Remembered
    from evaluators.task import find_task
    from runs import verdicts
    from runs.discover import settings
    from runs.places import trainings
    from runs.record import to_json
    from runs.start import sandbox_for, versions
    from runs.verifying import judge_quickly, prepare, tasks_for

    demand_candidate(id_, "a verdict needs a run; `cambrian eval` gives the score of any program.")
    with existing_store(db) as store:
        candidate = store.candidate(id_)
        _refuse_apart(candidate)
        run = store.run_of(candidate.id)
        config = settings(run.task, device=device, workers=workers)
        searched = find_task(run.task, run.kind)
        chosen = [searched] if quick else tasks_for(searched, tasks)
        with sandbox_for(searched, config.workers, device, cluster=config.cluster) as hands:
            sandbox = Remembered(hands, trainings(), json.dumps(versions()))
            evaluator = Evaluator(searched, sandbox, device)
            if quick:
                asked = (candidate, run.seed, config.workers)
                verdict = judge_quickly(store, evaluator, *asked, chance=True)
            else:
                verdict = _in_full(
                    prepare(store, candidate, chosen, sandbox, device, config.workers, seeds)
                )
        _tell(sandbox.answered)
        sandbox.forget()
    if as_json:
        print_json(json.loads(to_json(asdict(verdict))))
        return
    out().print(verdicts.quick_screen(verdict) if quick else verdicts.screen(verdict))


def _tell(answered: int) -> None:
    """Say how much of an interrupted verdict was of use."""
    if answered:
        talk().print(f"{answered} trainings were there from an interrupted verdict.", style="dim")


def _refuse_apart(candidate: Candidate) -> None:
    """Compare nobody with what nothing held to the rules."""
    if not (found := candidate.evaluation).ranked:
        raise InputError(
            f"{candidate.id[:6]} was judged as `{found.tier}`: its score is ranked apart, and no "
            "verdict sets it beside others."
        )


def _in_full(verification: Verification) -> Verdict:
    """Say what it will cost, then compare."""
    console = talk()
    seconds = verification.seconds()
    programs, tasks = len(verification.contestants), len(seconds)
    console.print(
        f"{programs} programs on {tasks} task{'s' if tasks > 1 else ''}, each tuned, judged with "
        f"{verification.plan.seeds} fresh seeds and timed: about {_about(sum(seconds.values()))} "
        f"with {verification.workers} workers. Less: --tasks, --seeds, --quick.",
        style="dim",
    )
    pace = _Pace(console, seconds)
    return verification.perform(pace.begin, pace.tell)


class _Pace:
    """Say what each task will cost, and every minute how far it is."""

    def __init__(self, console: Console, seconds: Mapping[str, float]) -> None:
        self.console, self.seconds = console, seconds
        self.deed = ""
        self.since = self.latest = self.said = time.monotonic()
        self.lock = Lock()

    def begin(self, task: str) -> None:
        self.console.print(f"  {task}: about {_about(self.seconds[task])}", style="dim")
        self.deed, self.latest = "", time.monotonic()

    def tell(self, task: str, deed: str, done: int, of: int) -> None:
        """Hear that one more program is through; it may come from any thread."""
        with self.lock:
            now = time.monotonic()
            if deed != self.deed:
                self.deed, self.since = deed, self.latest
            self.latest = now
            if now - self.said < SAY_EVERY or done == of:
                return
            self.said = now
            left = _about((now - self.since) * (of - done) / done)
            self.console.print(
                f"    {done} of {of} {deed}, the others in about {left}", style="dim"
            )


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
