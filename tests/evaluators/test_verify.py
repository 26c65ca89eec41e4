from __future__ import annotations

import numpy as np
import pytest

from evaluators.evaluator import Evaluator, best_of
from evaluators.task import Measurement, Trial
from evaluators.verify import FINAL_SEED, FINAL_SEEDS, TUNING_SEED, bootstrap, verify
from programs.load import library
from programs.program import Program
from sandbox.base import Payload
from sandbox.memory import MemorySandbox
from tests.toy import Toy

QUALITY = {"adamw": 0.0, "lion": 0.0, "good": 0.5, "bad": -0.5, "same": 0.0}


class Known(Toy):
    """Scores are a program's known quality plus noise that seeds and examples bring."""

    def __init__(self, broken: str = "") -> None:
        self.trials: list[tuple[str, Trial]] = []
        self.broken = broken

    def payload(self, program: Program, trial: Trial) -> Payload:
        name = program.source
        self.trials.append((name, trial))
        return Payload({"source": library("optimizer")["sgd"].source, "pause": 0, "name": name})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        name, _ = self.trials[-1]
        rng = np.random.default_rng([len(name), *trial.seeds])
        shape = (len(trial.learning_rates), len(trial.seeds), 40)
        examples = QUALITY[name] + rng.normal(size=shape)
        if name == self.broken:
            examples = examples * np.nan
        return Measurement(examples.mean(-1), examples, {"accuracy": examples.mean(-1)})


def programs(*names: str) -> dict[str, Program]:
    return {name: Program("optimizer", name, name) for name in names}


def sentence(*names: str, broken: str = "") -> str:
    evaluator = Evaluator(Known(broken), MemorySandbox())
    return verify(evaluator, programs(*names), np.random.default_rng(0)).sentence


def test_verdicts_are_plain_sentences() -> None:
    assert sentence("good", "adamw", "lion").startswith("good is better than tuned adamw")
    assert sentence("bad", "adamw", "lion").startswith("bad is worse than tuned adamw")
    assert sentence("same", "adamw").startswith("same is not shown to differ from tuned adamw")
    assert "is the baseline itself" in sentence("adamw", "lion")


def test_failures_are_said() -> None:
    assert "could not be judged" in sentence("good", "adamw", broken="good")
    assert "No verdict" in sentence("good", "adamw", broken="adamw")
    assert sentence("good", "adamw", "lion", broken="lion").startswith("good is better")


def test_everyone_gets_the_same_trials_and_fresh_seeds() -> None:
    task = Known()
    verify(Evaluator(task, MemorySandbox()), programs("good", "adamw"), np.random.default_rng(0))
    by_name = {name: [t for n, t in task.trials if n == name] for name in ("good", "adamw")}
    tuning, final = by_name["good"]
    other_tuning, other_final = by_name["adamw"]
    assert tuning == other_tuning
    assert tuning.split == "validation"
    assert tuning.seeds[0] == TUNING_SEED
    assert final.split == other_final.split == "test"
    assert final.seeds == other_final.seeds == tuple(range(FINAL_SEED, FINAL_SEED + FINAL_SEEDS))
    assert len(final.learning_rates) == 1
    searched = set(Evaluator(task, MemorySandbox()).trial().seeds)
    assert not searched & set(tuning.seeds)
    assert not searched & set(final.seeds)


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        seeds, examples = rng.normal(size=(10, 1)), rng.normal(size=(1, 60))
        low, high = bootstrap(seeds * 0.3 + examples + rng.normal(size=(10, 60)), rng)
        covered += low <= 0 <= high
    assert 85 <= covered <= 100


def test_a_learning_rate_at_which_a_seed_diverged_does_not_count() -> None:
    score = np.array([[1.0, np.nan], [0.2, 0.4]])
    best = best_of(Measurement(score, score[..., None]), Trial(1, (0.1, 0.2), (0, 1)))
    assert best is not None
    assert best.learning_rate == 0.2
    nothing = np.full((2, 2), np.nan)
    assert best_of(Measurement(nothing, nothing[..., None]), Trial(1, (0.1, 0.2), (0, 1))) is None


@pytest.mark.parametrize("judged", ["good", "bad"])
def test_difference_is_paired_with_the_reference(judged: str) -> None:
    evaluator = Evaluator(Known(), MemorySandbox())
    verdict = verify(evaluator, programs(judged, "adamw"), np.random.default_rng(0))
    standing = next(s for s in verdict.standings if s.name == judged)
    reference = next(s for s in verdict.standings if s.name == "adamw")
    assert standing.versus is not None
    assert standing.versus[0] == pytest.approx(standing.score - reference.score)
    assert reference.versus is None
