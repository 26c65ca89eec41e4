"""The honest verdict: a program beside tuned baselines, on data and seeds that search never saw.

On every task, the one that was searched and others that were not, everyone is tuned by the same
sweep with the same number of trials and judged on the held-out split with the same fresh seeds
(`evaluators.contest`); whoever does not fit a task's place is not entered there. Differences are
paired: the same seed means the same initial weights and batches, the same example counts for both.
Intervals and p-values are `evaluators.statistics`'; the p-values are corrected by Holm over all
baselines on all tasks together, so that a verdict makes one false claim or more in at most one of
twenty times.

Who trains faster is asked as AlgoPerf asks it (`evaluators.timing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np

from evaluators import contest, timing
from evaluators.admit import misfit
from evaluators.contest import Entry, Watched
from evaluators.evaluator import Evaluator
from evaluators.pareto import front
from evaluators.sentence import sentence
from evaluators.standing import BETTER, UNDECIDED, WORSE, Gain, Race, Standing, TaskVerdict, Verdict
from evaluators.statistics import Resamples, holm
from evaluators.task import Task, Watchable
from programs.program import Program

QUICK_SEEDS = 10
SEEDS = 20
LEVEL = 0.05

SETTERS: Mapping[str, tuple[str, ...]] = {
    "optimizer": ("adamw", "nadam", "nesterov", "momentum"),
}
"""Whose best sets the target, by kind, as in AlgoPerf; other kinds: the task's own baselines."""

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

Tell = Callable[[str, str, int, int], None]
"""Hears of each program that is through: the task, what was done, how many are, of how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much a verdict takes: fresh seeds for everyone, and whether trainings are timed.

    `seen` names tasks on which the judged program was selected, other than the searched one.
    """

    seeds: int = QUICK_SEEDS
    timed: bool = False
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    """What happened on one task: who entered, and who could not."""

    evaluator: Evaluator
    entries: Mapping[str, Entry]
    failures: Mapping[str, str]
    race: Race | None = None


def verify(
    evaluators: Sequence[Evaluator],
    contestants: Mapping[str, Program],
    rng: np.random.Generator,
    plan: Plan = Plan(),
    run_all: Map = map,
    begin: Callable[[str], None] = lambda task: None,
    tell: Tell = lambda task, deed, done, of: None,
) -> Verdict:
    """Compare the first contestant with the others on every evaluator's task, the searched first.

    `run_all` may be a thread pool's `map`, to use several workers; `begin` hears each task's name
    when its turn comes, and `tell` of the programs, also from the threads of such a pool.
    """
    tables = []
    for evaluator in evaluators:
        begin(evaluator.task.name)
        tables.append(_contest(evaluator, contestants, plan, run_all, tell))
    judged = next(iter(contestants))
    verdicts = _corrected([_compare(t, judged, rng, plan) for t in tables])
    verdict = Verdict(judged, verdicts, scores=_integrals(verdicts), seen=plan.seen)
    return replace(verdict, sentence=sentence(verdict))


def _contest(
    evaluator: Evaluator, contestants: Mapping[str, Program], plan: Plan, run_all: Map, tell: Tell
) -> _Table:
    """Let everyone who fits enter on one task, and race those who did."""

    def enter(program: Program) -> Entry | str:
        found = contest.enter(evaluator, program, plan.seeds)
        tell(evaluator.task.name, "judged", next(through), len(able))
        return found

    through = count(1)
    able = fitting(evaluator.task, contestants)
    found = dict(zip(able, run_all(enter, list(able.values())), strict=True))
    entries = {n: f for n, f in found.items() if not isinstance(f, str)}
    failures = {n: f for n, f in found.items() if isinstance(f, str)}
    owed = {next(iter(contestants)), evaluator.task.baselines[0]} & contestants.keys() - able.keys()
    failures |= {name: misfit(evaluator.task, contestants[name]) for name in owed}
    table = _Table(evaluator, entries, failures)
    if not plan.timed or not isinstance(evaluator.task, Watchable):
        return table
    return replace(table, race=_race(table, contestants, run_all, tell))


def fitting(task: Task, contestants: Mapping[str, Program]) -> dict[str, Program]:
    """Return those that can stand in a task's place: where shapes matter, not all do."""
    return {name: p for name, p in contestants.items() if not misfit(task, p)}


def _race(
    table: _Table, contestants: Mapping[str, Program], run_all: Map, tell: Tell
) -> Race | None:
    """Time everyone to the target that the best of the setters reached; `None` without one."""
    evaluator, entries = table.evaluator, table.entries
    setters = SETTERS.get(evaluator.task.kind, evaluator.task.baselines)
    able = [n for n in setters if n in entries]
    if not able:
        return None
    setter = max(able, key=lambda name: entries[name].validation)
    goal = contest.target(evaluator, contestants[setter], entries[setter])
    if goal is None:
        return None

    def watch(name: str) -> Watched:
        found = contest.watch(evaluator, contestants[name], entries[name])
        tell(evaluator.task.name, "timed", next(through), len(entries))
        return found

    through = count(1)
    watched = dict(zip(entries, run_all(watch, list(entries)), strict=True))
    times = {name: w.time_to(goal) for name, w in watched.items()}
    steps = {name: time[0] for name, time in times.items()}
    return Race(goal, setter, steps, {name: time[1] for name, time in times.items()})


def _compare(table: _Table, judged: str, rng: np.random.Generator, plan: Plan) -> TaskVerdict:
    """Estimate every program's score, and the judged one's difference to it."""
    task, entries = table.evaluator.task, table.entries
    examples = next((e.examples.shape[1] for e in entries.values()), 0)
    standings: list[Standing] = []
    if entries:
        resamples = Resamples(plan.seeds, examples, rng)
        own = entries.get(judged)
        standings = [_standing(n, e, own, resamples) for n, e in entries.items()]
    verdict = TaskVerdict(
        task=task.name,
        kind=task.kind,
        score_name=task.score_name,
        reference=task.baselines[0],
        seeds=plan.seeds,
        tuning_seeds=task.rungs[0].seeds,
        examples=examples,
        standings=tuple(sorted(standings, key=lambda s: -s.score)),
        failures=table.failures,
        race=table.race,
        objectives=getattr(task, "objectives", {}),
        checksum=task.checksum,
    )
    if not verdict.objectives:
        return verdict
    names, points = list(verdict.points()), list(verdict.points().values())
    return replace(verdict, front=tuple(names[n] for n in front(points, verdict.objectives)))


def _standing(name: str, entry: Entry, own: Entry | None, resamples: Resamples) -> Standing:
    score = resamples.estimate(entry.examples)
    gain = None
    if own is not None and own is not entry:
        found = resamples.estimate(own.examples - entry.examples)
        gain = Gain(found.mean, found.low, found.high, found.p)
    return Standing(
        name=name,
        learning_rate=entry.learning_rate,
        at_edge=entry.at_edge,
        trials=len(entry.sweep),
        validation=entry.validation,
        score=score.mean,
        interval=(score.low, score.high),
        metrics=entry.metrics,
        gain=gain,
    )


def _corrected(verdicts: Sequence[TaskVerdict]) -> tuple[TaskVerdict, ...]:
    """Correct all p-values together, and decide."""
    p_values = {
        (v.task, s.name): s.gain.p for v in verdicts for s in v.standings if s.gain is not None
    }
    corrected = holm(p_values)

    def decided(task: str, standing: Standing) -> Standing:
        if standing.gain is None:
            return standing
        p = corrected[task, standing.name]
        outcome = UNDECIDED if p >= LEVEL else BETTER if standing.gain.mean > 0 else WORSE
        return replace(standing, gain=replace(standing.gain, corrected=p, outcome=outcome))

    return tuple(
        replace(v, standings=tuple(decided(v.task, s) for s in v.standings)) for v in verdicts
    )


def _integrals(verdicts: Sequence[TaskVerdict]) -> dict[str, dict[str, float]]:
    """Return every racer's score integral over the tasks that were raced, by steps and seconds."""
    races = {v.task: v.race for v in verdicts if v.race is not None}
    names = dict.fromkeys(name for race in races.values() for name in race.steps)
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    for clock in ("steps", "seconds"):
        times = {n: {t: getattr(r, clock).get(n, np.inf) for t, r in races.items()} for n in names}
        for name, row in timing.ratios(times).items():
            found[name][clock] = timing.integral(row)
    return found


__all__ = ["QUICK_SEEDS", "SEEDS", "Map", "Plan", "fitting", "verify"]
