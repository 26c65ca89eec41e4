"""The honest verdict: a program beside tuned baselines, on data and seeds that search never saw.

Everyone's learning rate is tuned by the same sweep with the same number of trials on the
validation split, with seeds of its own; then everyone trains at that rate with the same fresh
seeds and is judged on the held-out split. Differences are paired: the same seed means the same
initial weights and batches, the same image counts for both.

Intervals are 95 % bootstrap percentiles that resample seeds and held-out examples together, so
that they hold for other seeds and other images, not only for these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluators.evaluator import Best, Evaluator
from programs.program import Program

TUNING_SEED = 10_000
FINAL_SEED = 20_000
FINAL_SEEDS = 10
RESAMPLES = 2_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Standing:
    """One program's held-out result; `interval` and `versus` are bootstrap intervals.

    `trials` is how many learning rates were tried for it; `at_edge` says that the best was the
    first or the last of them, so that a wider sweep might have served it better. `versus` is the
    mean paired difference to the reference (positive: better) with its interval, `None` for the
    reference itself.
    """

    name: str
    learning_rate: float
    at_edge: bool
    trials: int
    score: float
    interval: tuple[float, float]
    metrics: Mapping[str, float]
    versus: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The table and its sentence; `reference` is what `versus` compares with.

    `failures` says which programs could not be judged, and why.
    """

    standings: tuple[Standing, ...]
    sentence: str
    seeds: int
    examples: int
    failures: Mapping[str, str]
    reference: str


@dataclass(frozen=True, slots=True)
class _Final:
    best: Best
    sweep: tuple[float, ...]


Map = Callable[[Callable[[Program], "_Final | str"], Iterable[Program]], Iterable["_Final | str"]]


def verify(
    evaluator: Evaluator,
    contestants: Mapping[str, Program],
    rng: np.random.Generator,
    run_all: Map = map,
) -> Verdict:
    """Compare programs on the held-out split; the first contestant is the one judged.

    The task's first baseline is the reference. `run_all` may be a thread pool's `map`, to use
    several workers.
    """
    reference = evaluator.task.baselines[0]
    results = run_all(lambda p: _final(evaluator, p), list(contestants.values()))
    finals: dict[str, _Final] = {}
    failures: dict[str, str] = {}
    for name, result in zip(contestants, results, strict=True):
        if isinstance(result, str):
            failures[name] = result
        else:
            finals[name] = result
    standings = tuple(_standing(n, f, finals.get(reference), rng) for n, f in finals.items())
    judged = next(iter(contestants))
    example = next(iter(finals.values()), None)
    return Verdict(
        standings=tuple(sorted(standings, key=lambda s: -s.score)),
        sentence=_sentence(judged, reference, standings, failures, evaluator.task.name),
        seeds=FINAL_SEEDS,
        examples=0 if example is None else example.best.examples.shape[1],
        failures=failures,
        reference=reference,
    )


def _final(evaluator: Evaluator, program: Program) -> _Final | str:
    """Tune on validation, then judge on the held-out split; a string is the reason for failing."""
    rung = evaluator.task.rungs[0]
    seeds = range(TUNING_SEED, TUNING_SEED + rung.seeds)
    tuning = replace(evaluator.trial(), seeds=tuple(seeds))
    tuned = evaluator.judge(program, tuning, rung.limits)
    if tuned.best is None:
        return tuned.message
    final = replace(
        tuning,
        learning_rates=(tuned.best.learning_rate,),
        seeds=tuple(range(FINAL_SEED, FINAL_SEED + FINAL_SEEDS)),
        split="test",
    )
    judged = evaluator.judge(program, final, rung.limits)
    if judged.best is None:
        return f"{judged.message} (with fresh seeds at its tuned learning rate)"
    return _Final(judged.best, tuning.learning_rates)


def _standing(
    name: str, final: _Final, reference: _Final | None, rng: np.random.Generator
) -> Standing:
    examples = final.best.examples
    versus = None
    if reference is not None and reference is not final:
        difference = examples - reference.best.examples
        versus = (float(difference.mean()), *bootstrap(difference, rng))
    return Standing(
        name=name,
        learning_rate=final.best.learning_rate,
        at_edge=final.best.learning_rate in (final.sweep[0], final.sweep[-1]),
        trials=len(final.sweep),
        score=float(examples.mean()),
        interval=bootstrap(examples, rng),
        metrics=final.best.metrics,
        versus=versus,
    )


def bootstrap(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return the interval of the mean of `values [seeds, examples]`, both resampled."""
    seeds, examples = values.shape
    means = np.empty(RESAMPLES)
    for place in range(RESAMPLES):
        rows = rng.integers(seeds, size=seeds)
        weights = np.bincount(rng.integers(examples, size=examples), minlength=examples)
        means[place] = (values[rows].mean(0) @ weights) / examples
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _sentence(
    judged: str,
    reference: str,
    standings: Sequence[Standing],
    failures: Mapping[str, str],
    task: str,
) -> str:
    if judged in failures:
        return f"{judged} could not be judged on held-out data: {failures[judged]}."
    if reference in failures:
        return f"No verdict: the baseline {reference} could not be judged: {failures[reference]}."
    versus = next(s.versus for s in standings if s.name == judged)
    if versus is None:
        return f"{judged} is the baseline itself: search found nothing better than it started from."
    gain, low, high = versus
    figures = (
        f"held-out score {gain:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, "
        f"{FINAL_SEEDS} fresh seeds on {task}"
    )
    if low > 0:
        return f"{judged} is better than tuned {reference}: {figures}."
    if high < 0:
        return f"{judged} is worse than tuned {reference}: {figures}."
    return f"{judged} is not shown to differ from tuned {reference}: {figures}."
