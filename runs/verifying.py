"""Judge a stored candidate on held-out data, and keep what was found.

`judge_quickly` is what a search ends with: its own task and a few baselines. `Verification` is
what `cambrian verify` does: further tasks, every baseline there is, and a race.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from evaluators.candidate import Candidate
from evaluators.chance import improvement
from evaluators.contest import STUDIES, TARGET_SEEDS, TARGET_SHARE, TRIALS
from evaluators.evaluator import Evaluator
from evaluators.standing import Verdict
from evaluators.task import Task, Watchable, find_task, language
from evaluators.verify import Plan, Tell, fitting, verify
from programs.check import check
from programs.errors import Fault
from programs.fingerprint import behaviour
from programs.kind import Kind
from programs.load import in_language, kind_named, library, read_program
from programs.program import Program
from runs.pools import judging_in
from runs.store import Store
from sandbox.base import Sandbox

PROBE_STEPS = 11

RANDOM_NETWORKS = 8
"""Random architectures that an architecture is compared with."""

PROBED = 8
"""Programs whose first steps tell how long all take: networks of a library differ by tens."""


def judge_quickly(
    store: Store,
    evaluator: Evaluator,
    best: Candidate,
    seed: int,
    workers: int,
    chance: bool = False,
) -> Verdict:
    """Compare a candidate with the task's few baselines on its held-out split; keep the verdict.

    With `chance`, an architecture is compared with random ones too.
    """
    known = library(evaluator.task.kind)
    baselines = {name: known[name] for name in evaluator.task.baselines}
    contestants = beside(best, baselines, language(evaluator.task))
    return _perform(store, [evaluator], contestants, best, seed, workers, Plan(), chance)


def above_chance(evaluator: Evaluator, candidate: Candidate, seed: int, workers: int) -> str:
    """Compare an architecture with random ones in a sentence; "" for kinds without such."""
    if evaluator.task.kind != "architecture":
        return ""
    rng = np.random.default_rng([seed, candidate.index])
    with judging_in(evaluator.sandbox, workers) as pool:
        program = _with_genome(candidate.program, language(evaluator.task))
        found = improvement(evaluator, program, RANDOM_NETWORKS, rng, pool.map)
    return found.sentence if found else "No random architecture could be trained to compare with."


def beside(candidate: Candidate, baselines: dict[str, Program], kind: Kind) -> dict[str, Program]:
    """Return the contestants, the candidate first; one that is a baseline bears its name.

    `kind` is the language of the task that the candidate's fingerprint is of.
    """
    program = _with_genome(candidate.program, kind)
    mine = {program.key, candidate.evaluation.fingerprint}
    same = [n for n, p in baselines.items() if p.key in mine or _behaviour(p, kind) in mine]
    name = same[0] if same else candidate.id[:6]
    return {name: program, **{n: p for n, p in baselines.items() if n not in same}}


def _with_genome(program: Program, kind: Kind) -> Program:
    """Read a program that comes from the store; its own text stands."""
    if program.genome is not None:
        return program
    read = read_program(program.source, kind)
    return program if isinstance(read, Fault) else read


def distinct(programs: dict[str, Program], first: Sequence[str]) -> dict[str, Program]:
    """Return those that do not repeat an earlier one's behaviour, `first` before all others."""
    kept: dict[str, Program] = {}
    seen: set[str] = set()
    for name in [*first, *(n for n in programs if n not in first)]:
        does = _behaviour(programs[name], kind_named(programs[name].kind))
        if does not in seen:
            kept[name] = programs[name]
            seen.add(does)
    return kept


def _behaviour(program: Program, kind: Kind) -> str:
    """Return the program's fingerprint, or its key where it has none."""
    if program.genome is None or isinstance(check(program.genome, kind), Fault):
        return program.key
    return behaviour(program.genome, kind).fingerprint or program.key


@dataclass(frozen=True)
class Verification:
    """A full verdict that is ready to begin: its tasks, contestants and cost are known."""

    store: Store
    candidate: Candidate
    evaluators: tuple[Evaluator, ...]
    contestants: dict[str, Program]
    plan: Plan
    seed: int
    workers: int

    def perform(self, begin: Callable[[str], None], tell: Tell) -> Verdict:
        """Compare on one task after another, and keep the verdict; see `verify` for who hears."""
        return _perform(
            self.store,
            self.evaluators,
            self.contestants,
            self.candidate,
            self.seed,
            self.workers,
            self.plan,
            True,
            begin,
            tell,
        )

    def seconds(self) -> dict[str, float]:
        """Estimate how long each task takes here, from a few steps of some of the programs."""
        return {e.task.name: self._seconds(e) for e in self.evaluators}

    def _seconds(self, evaluator: Evaluator) -> float:
        task, rung = evaluator.task, evaluator.task.rungs[0]
        able = fitting(task, self.contestants)
        sweep = len(rung.learning_rates) * rung.seeds
        one, pace = self._probed(evaluator, list(able.values()))
        pace /= sweep
        replicas = [sweep, self.plan.seeds]
        once = 0.0
        if self.plan.timed and isinstance(task, Watchable):
            replicas.append(min(TRIALS, len(rung.learning_rates)) * STUDIES)
            once = one + TARGET_SHARE * TARGET_SEEDS * rung.steps * pace
        each = len(replicas) * one + sum(replicas) * rung.steps * pace
        return once + each * len(able) / self.workers

    def _probed(self, evaluator: Evaluator, programs: Sequence[Program]) -> tuple[float, float]:
        """Return the mean seconds of a trial of one step, and of each step that follows."""
        limits = evaluator.task.rungs[0].limits
        places = np.unique(np.linspace(0, len(programs) - 1, PROBED).round().astype(int))

        def probe(place: int) -> tuple[float, float]:
            one, several = (
                evaluator.judge(programs[place], replace(evaluator.trial(), steps=n), limits)
                for n in (1, PROBE_STEPS)
            )
            return one.seconds, max(several.seconds - one.seconds, 0.0) / (PROBE_STEPS - 1)

        with judging_in(evaluator.sandbox, self.workers) as pool:
            first, following = np.mean(list(pool.map(probe, places)), axis=0)
        return float(first), float(following)


def prepare(
    store: Store,
    candidate: Candidate,
    tasks: Sequence[Task],
    sandbox: Sandbox,
    device: str,
    workers: int,
    seeds: int,
) -> Verification:
    """Set up a comparison with every program of the library that has a genome, on all the tasks."""
    references = [name for task in tasks for name in task.baselines]
    baselines = distinct(in_language(tasks[0].kind), list(dict.fromkeys(references)))
    seen = set(store.funnel_tasks(candidate.program.key))
    plan = Plan(seeds, timed=True, seen=tuple(t.name for t in tasks[1:] if t.name in seen))
    return Verification(
        store,
        candidate,
        tuple(Evaluator(task, sandbox, device) for task in tasks),
        beside(candidate, baselines, language(tasks[0])),
        plan,
        store.run_of(candidate.id).seed,
        workers,
    )


def tasks_for(searched: Task, named: str | None) -> list[Task]:
    """Return the searched task and the held-out ones: its own, or those named "a,b"."""
    names = getattr(searched, "held_out", ()) if named is None else _split(named)
    tasks = [searched]
    for name in names:
        task = find_task(name, searched.kind)
        if task.name not in {t.name for t in tasks}:
            tasks.append(task)
    return tasks


def _split(named: str) -> list[str]:
    return [name.strip() for name in named.split(",") if name.strip()]


def _perform(
    store: Store,
    evaluators: Sequence[Evaluator],
    contestants: dict[str, Program],
    candidate: Candidate,
    seed: int,
    workers: int,
    plan: Plan,
    chance: bool = False,
    begin: Callable[[str], None] = lambda task: None,
    tell: Tell = lambda task, deed, done, of: None,
) -> Verdict:
    rng = np.random.default_rng([seed, candidate.index])
    with judging_in(evaluators[0].sandbox, workers) as pool:
        verdict = verify(evaluators, contestants, rng, plan, pool.map, begin, tell)
    if chance:
        found = above_chance(evaluators[0], candidate, seed, workers)
        verdict = replace(verdict, above_chance=found)
    store.save_verdict(candidate.id, verdict.sentence, asdict(verdict))
    return verdict
