"""Run a funnel of meta-validation over a finished search, stage by stage.

Every result is kept as soon as it is there, under all that it depends on, so that a funnel that
was interrupted goes on and one that is asked again trains nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace

from evaluators.candidate import Candidate, Evaluation
from evaluators.decimals import fixed
from evaluators.evaluator import Evaluator
from evaluators.funnel import (
    FIRST,
    TIMES,
    Peak,
    Point,
    Stage,
    advancing,
    peak,
    records,
    search_trial,
    stage_trial,
    work_of,
)
from evaluators.task import Task, Trial, find_task
from programs.errors import Fault, InputError
from programs.kind import Kind
from programs.load import library, read_program
from programs.program import Program
from runs.judged import kind_judged
from runs.pools import judging_in
from runs.record import RunRecord
from runs.start import versions
from runs.store import Store
from runs.tables import clock
from sandbox.base import Limits, Sandbox


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage said: the tuned baseline's score, everyone's, and who passed."""

    stage: Stage
    steps: int
    baseline: Evaluation
    found: Mapping[str, Evaluation]
    passed: tuple[str, ...]

    def gain(self, name: str) -> float:
        """Return a program's gain over the tuned baseline, not-a-number without both scores."""
        evaluation = self.found.get(name)
        if evaluation is None or evaluation.score is None or self.baseline.score is None:
            return math.nan
        return evaluation.score - self.baseline.score


@dataclass(frozen=True, slots=True)
class FunnelResult:
    """The stages, the search itself being the first, and the curve of meta-overfitting."""

    run: RunRecord
    reference: str
    length: int
    stages: tuple[StageResult, ...]
    points: tuple[Point, ...]
    peak: Peak | None


def stages_of(task: Task, named: str | None) -> list[Stage]:
    """Read "task[:multiple],…", or take the stages that the searched task names."""
    if named is None:
        given: Sequence[str] = getattr(task, "funnel", ())
    else:
        given = [part.strip() for part in named.split(",") if part.strip()]
    if not given:
        raise InputError(
            f"The task {task.name} names no stages: name them, e.g. `--stages mnist1d,stdlib-lm`."
        )
    return [_stage(part, FIRST * TIMES**place, task) for place, part in enumerate(given)]


def _stage(text: str, multiple: float, searched: Task) -> Stage:
    name, colon, number = text.rpartition(":")
    if colon and _number(number) is not None:
        text, multiple = name, _number(number) or 0.0
    task = find_task(text, searched.kind)
    if not (multiple > 0 and math.isfinite(multiple)):
        raise InputError(
            f"A stage's cost must be a multiple above 0 of the search's, not {number}."
        )
    if task.name == searched.name:
        raise InputError(f"A stage needs another task than {searched.name}, which was searched.")
    return Stage(text, multiple)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Funnel:
    """A funnel over one run; `say` hears what begins."""

    store: Store
    run: RunRecord
    sandbox: Sandbox
    device: str
    workers: int
    say: Callable[[str], None]

    def perform(self, task: Task, stages: Sequence[Stage], top: int) -> FunnelResult:
        """Send the search's best and its record holders through the stages."""
        history = self.store.history(self.run.id)
        reference = task.baselines[0]
        search = self._search(task, history, reference, top)
        results = [search]
        cost = work_of(task, search_trial(task))
        held = {c.id: c for c in history}
        climbing = list(search.passed)
        leaders = records([(c.index, c.id, c.score) for c in history])
        for place, stage in enumerate(stages):
            following = [name for _, name, _ in leaders if search.gain(name) > 0]
            entering = climbing if place else list(dict.fromkeys([*climbing, *following]))
            if not entering:
                break
            programs = {name: held[name].program for name in entering}
            result = self._stage(stage, programs, reference, cost, top)
            results.append(result)
            climbing = list(result.passed)
        points = self._points(leaders, search, results[1] if len(results) > 1 else None)
        length = len(history)
        return FunnelResult(
            self.run, reference, length, tuple(results), points, peak(points, length)
        )

    def _search(
        self, task: Task, history: Sequence[Candidate], reference: str, top: int
    ) -> StageResult:
        """Take what the run knows; only its baseline may have to be trained."""
        program = library(task.kind)[reference]
        known = [c.evaluation for c in history if c.program.key == program.key]
        scored = [e for e in known if e.score is not None]
        trial = Evaluator(task, self.sandbox, self.device).trial()
        if scored:
            baseline = scored[0]
        else:
            baseline = self._judge(task, trial, {reference: program})[reference]
        distinct = [c for c in history if c.score is not None and c.duplicate_of is None]
        found = {c.id: c.evaluation for c in distinct}
        stage = Stage(task.name, 1.0)
        return _result(stage, trial.steps, baseline, found, top)

    def _stage(
        self,
        stage: Stage,
        programs: Mapping[str, Program],
        reference: str,
        cost: float,
        top: int,
    ) -> StageResult:
        task = find_task(stage.task, self.run.kind)
        trial = stage_trial(task, stage.multiple * cost, self.device)
        everyone = {reference: library(task.kind)[reference], **programs}
        seconds = self._pace(programs) * stage.multiple * len(everyone) / self.workers
        self.say(
            f"{task.name} at {stage.multiple:g} times the search's cost: {len(programs)} programs "
            f"and {reference}, {trial.steps} steps, about {clock(seconds)} if none is known"
        )
        found = self._judge(task, trial, everyone)
        baseline = found.pop(reference)
        return _result(stage, trial.steps, baseline, found, top)

    def _pace(self, programs: Mapping[str, Program]) -> float:
        """Return the mean seconds that the search took for one of these."""
        spent = [self.store.candidate(name).evaluation.seconds for name in programs]
        return sum(spent) / len(spent)

    def _judge(
        self, task: Task, trial: Trial, programs: Mapping[str, Program]
    ) -> dict[str, Evaluation]:
        """Judge whoever was not yet; keep each result as it comes."""
        evaluator = Evaluator(task, self.sandbox, self.device)
        protocol = evaluator.protocol(versions(), trial)
        known = {n: self.store.funnel(p.key, protocol) for n, p in programs.items()}
        new = [name for name, evaluation in known.items() if evaluation is None]
        limits, kind = _limits(task, trial), kind_judged(self.run.task, self.run.kind)

        def train(name: str) -> Evaluation:
            return evaluator.evaluate_with(_read(programs[name], kind), trial, limits)

        with judging_in(self.sandbox, self.workers) as pool:
            trained = {pool.submit(train, name): name for name in new}
            for place, future in enumerate(as_completed(trained), 1):
                name, evaluation = trained[future], future.result()
                self.store.save_funnel(programs[name], protocol, task.name, trial.steps, evaluation)
                self.say(f"  {place} of {len(new)}: {name[:8]} {_short(evaluation)}")
                known[name] = evaluation
        return {name: evaluation for name, evaluation in known.items() if evaluation is not None}

    def _points(
        self,
        leaders: Sequence[tuple[int, str, float]],
        search: StageResult,
        stage: StageResult | None,
    ) -> tuple[Point, ...]:
        if stage is None:
            return ()
        better = [leader for leader in leaders if leader[1] in stage.found]
        return tuple(Point(i, n, search.gain(n), stage.gain(n)) for i, n, _ in better)


def _result(
    stage: Stage, steps: int, baseline: Evaluation, found: Mapping[str, Evaluation], top: int
) -> StageResult:
    passed: tuple[str, ...] = ()
    if baseline.score is not None:
        scores = {name: evaluation.score for name, evaluation in found.items()}
        passed = tuple(advancing(scores, baseline.score, top))
    return StageResult(stage, steps, baseline, found, passed)


def _limits(task: Task, trial: Trial) -> Limits:
    """Return the rung's limits, with the time of so many more steps."""
    rung = task.rungs[0]
    longer = max(1.0, trial.steps / rung.steps)
    return replace(rung.limits, seconds=rung.limits.seconds * longer)


def _read(program: Program, kind: Kind) -> Program:
    """Read a stored program again, so that our own interpreter can run it."""
    read = read_program(program.source, kind)
    return program if isinstance(read, Fault) else read


def _short(evaluation: Evaluation) -> str:
    if evaluation.score is None:
        return evaluation.message or str(evaluation.status)
    return f"{fixed(evaluation.score)} in {evaluation.seconds:.0f} s"
