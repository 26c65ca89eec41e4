from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from evaluators.contest import (
    FINAL_SEED,
    STUDIES,
    STUDY_SEED,
    TARGET_SEED,
    TARGET_SEEDS,
    TUNING_SEED,
    neighbours,
)
from evaluators.evaluator import Evaluator, best_of
from evaluators.standing import BETTER, UNDECIDED, WORSE, Verdict
from evaluators.task import Measurement, Trial
from evaluators.tasks import digits
from evaluators.verify import QUICK_SEEDS, Plan, verify
from programs.load import kind_named, library, read_program
from programs.program import Program
from sandbox.base import Outcome, Payload
from sandbox.memory import MemorySandbox
from tests.toy import Toy

QUALITY = {"adamw": 0.0, "lion": 0.0, "good": 0.5, "bad": -0.5, "same": 0.0}


class Known(Toy):
    """Scores are a program's known quality plus noise that seeds and examples bring."""

    def __init__(self, broken: str = "", name: str = "toy", luck: float = 0.0) -> None:
        self.trials: list[tuple[str, Trial]] = []
        self.broken = broken
        self.name = name
        self.luck = luck

    def payload(self, program: Program, trial: Trial) -> Payload:
        name = program.source
        self.trials.append((name, trial))
        return Payload({"source": library("optimizer")["sgd"].source, "pause": 0, "name": name})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        name, _ = self.trials[-1]
        rng = np.random.default_rng([len(name), *trial.seeds])
        shape = (len(trial.learning_rates), len(trial.seeds), 40)
        bonus = self.luck if name == "good" else 0.0
        examples = QUALITY[name] + bonus + rng.normal(size=shape)
        if name == self.broken:
            examples = examples * np.nan
        return Measurement(examples.mean(-1), examples, {"accuracy": examples.mean(-1)})


def programs(*names: str) -> dict[str, Program]:
    genome = library("optimizer")["sgd"].genome
    return {name: Program("optimizer", name, name, genome) for name in names}


def judged(*names: str, broken: str = "") -> Verdict:
    evaluator = Evaluator(Known(broken), MemorySandbox())
    return verify([evaluator], programs(*names), np.random.default_rng(0))


def sentence(*names: str, broken: str = "") -> str:
    return judged(*names, broken=broken).sentence


def test_verdicts_are_plain_sentences() -> None:
    assert sentence("good", "adamw", "lion").startswith("good is better than tuned adamw on toy: ")
    assert sentence("bad", "adamw", "lion").startswith("bad is worse than tuned adamw")
    assert sentence("same", "adamw").startswith("same is not shown to differ from tuned adamw")
    assert "is the baseline itself" in sentence("adamw", "lion")


def test_the_other_baselines_that_do_as_well_are_named() -> None:
    said = sentence("same", "bad", "adamw", "lion", "good")
    others = (
        "Of the other baselines there it is not shown to differ from lion, and worse than good."
    )
    assert others in said
    assert "Of the other baselines" not in sentence("good", "adamw", "lion")


def test_failures_are_said() -> None:
    assert "could not be judged" in sentence("good", "adamw", broken="good")
    assert "No verdict" in sentence("good", "adamw", broken="adamw")
    assert sentence("good", "adamw", "lion", broken="lion").startswith("good is better")


def test_nobody_beats_every_baseline_where_one_could_not_be_judged() -> None:
    assert "better than every one of them on toy" in sentence("good", "adamw", "lion")
    assert "every one of them" not in sentence("good", "adamw", "lion", "same", broken="lion")


def test_the_sentence_keeps_apart_where_it_was_found_and_where_search_never_was() -> None:
    tasks = [Known(), Known(name="far", luck=-0.5), Known(name="stage")]
    evaluators = [Evaluator(task, MemorySandbox()) for task in tasks]
    heard: list[str] = []
    plan = Plan(seen=("stage",))
    rng = np.random.default_rng(0)
    contestants = programs("good", "adamw", "lion")
    verdict = verify(evaluators, contestants, rng, plan, begin=heard.append)
    assert heard == ["toy", "far", "stage"]
    found, unseen, seen, counts = verdict.sentence.split(". ", 3)
    assert found.startswith("good is better than tuned adamw on toy")
    unseen_said = "On tasks that search never saw it is not shown to differ from tuned adamw on far"
    assert unseen.startswith(unseen_said)
    assert seen.startswith("On tasks by which a funnel selected it it is better")
    assert "In 6 comparisons with tuned baselines on 3 tasks it is better in 4" in counts
    assert "better than every one of them on toy, stage" in counts


def test_p_values_are_corrected_over_all_tasks_together() -> None:
    evaluators = [Evaluator(Known(name=name), MemorySandbox()) for name in ("a", "b")]
    both = verify(evaluators, programs("good", "adamw", "lion"), np.random.default_rng(0))
    gains = [gain for table in both.tasks for gain in table.gains()]
    least = min(gains, key=lambda gain: gain.p)
    assert least.corrected == pytest.approx(4 * least.p)
    assert all(gain.corrected >= gain.p for gain in gains)
    assert all((gain.outcome == UNDECIDED) == (gain.corrected >= 0.05) for gain in gains)
    assert {BETTER, WORSE, UNDECIDED} >= {gain.outcome for gain in gains}


def test_everyone_gets_the_same_trials_and_fresh_seeds() -> None:
    task = Known()
    verify([Evaluator(task, MemorySandbox())], programs("good", "adamw"), np.random.default_rng(0))
    by_name = {name: [t for n, t in task.trials if n == name] for name in ("good", "adamw")}
    tuning, final = by_name["good"]
    other_tuning, other_final = by_name["adamw"]
    assert tuning == other_tuning
    assert tuning.split == "validation"
    assert tuning.seeds[0] == TUNING_SEED
    assert final.split == other_final.split == "test"
    assert final.seeds == other_final.seeds == tuple(range(FINAL_SEED, FINAL_SEED + QUICK_SEEDS))
    assert len(final.learning_rates) == 1
    searched = set(Evaluator(task, MemorySandbox()).trial().seeds)
    assert not searched & set(tuning.seeds)
    assert not searched & set(final.seeds)


def test_a_learning_rate_at_which_a_seed_diverged_does_not_count() -> None:
    score = np.array([[1.0, np.nan], [0.2, 0.4]])
    best = best_of(Measurement(score, score[..., None]), Trial(1, (0.1, 0.2), (0, 1)))
    assert best is not None
    assert best.learning_rate == 0.2
    nothing = np.full((2, 2), np.nan)
    assert best_of(Measurement(nothing, nothing[..., None]), Trial(1, (0.1, 0.2), (0, 1))) is None


@pytest.mark.parametrize("name", ["good", "bad"])
def test_difference_is_paired_with_the_baseline(name: str) -> None:
    (table,) = judged(name, "adamw").tasks
    own, reference = table.standing(name), table.standing("adamw")
    assert own is not None
    assert reference is not None
    assert reference.gain is not None
    assert reference.gain.mean == pytest.approx(own.score - reference.score)
    assert own.gain is None


def test_a_rate_is_timed_with_its_neighbours() -> None:
    sweep = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    assert neighbours(4.0, sweep) == (2.0, 3.0, 4.0, 5.0, 6.0)
    assert neighbours(1.0, sweep) == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert neighbours(7.0, sweep) == (3.0, 4.0, 5.0, 6.0, 7.0)
    assert neighbours(2.0, (1.0, 2.0)) == (1.0, 2.0)


SMALL = replace(digits.TASK, steps=40, learning_rates=(0.003, 0.03), seeds=2)


def raced() -> tuple[Verdict, MemorySandbox]:
    sandbox = MemorySandbox()
    known = library("optimizer")
    wild = read_program("def update(w, g, lr):\n    return 1e30 * g\n", kind_named("optimizer"))
    assert isinstance(wild, Program)
    contestants = {name: known[name] for name in ("lion", "adamw", "sgd")} | {"wild": wild}
    plan = Plan(seeds=4, timed=True)
    rng = np.random.default_rng(0)
    heard: list[tuple[str, str, int, int]] = []
    found = verify(
        [Evaluator(SMALL, sandbox)],
        *(contestants, rng, plan),
        tell=lambda *through: heard.append(through),
    )
    judged = [("digits", "judged", done, 4) for done in range(1, 5)]
    assert heard == judged + [("digits", "timed", done, 3) for done in range(1, 4)]
    return found, sandbox


def test_a_real_race_and_the_same_seed_gives_the_same_digits() -> None:
    (first, sandbox), (again, _) = raced(), raced()
    race = first.tasks[0].race
    assert race is not None
    assert race.setter == "adamw"
    assert "diverged" in first.tasks[0].failures["wild"]
    assert race.steps["sgd"] == np.inf  # slow, but not given up
    assert first.scores["sgd"]["steps"] == 0.0
    assert set(race.steps) == {"lion", "adamw", "sgd"}
    assert race.steps["adamw"] in range(2, 41, 2)
    assert race.seconds["adamw"] > 0
    assert max(row["steps"] for row in first.scores.values()) == pytest.approx(1.0)
    payloads = [job.payload.data for job in sandbox.jobs]
    seeds = {tuple(data["seeds"]) for data in payloads}
    assert tuple(range(STUDY_SEED, STUDY_SEED + STUDIES)) in seeds
    assert tuple(range(TARGET_SEED, TARGET_SEED + TARGET_SEEDS)) in seeds
    assert [data["steps"] for data in payloads if data["seeds"][0] == TARGET_SEED] == [30]
    assert without_clock(first) == without_clock(again)


def without_clock(verdict: Verdict) -> dict:
    found = asdict(verdict)
    for table in found["tasks"]:
        del table["race"]["seconds"]
    for row in found["scores"].values():
        del row["seconds"]
    return found


def test_watching_a_training_changes_nothing_in_it() -> None:
    evaluator = Evaluator(SMALL, MemorySandbox())
    trial = evaluator.trial()
    program, limits = library("optimizer")["adamw"], SMALL.rungs[0].limits
    outcomes = (
        evaluator.run(program, trial, limits, amend)
        for amend in (None, lambda payload: SMALL.watched(payload, trial, [1, 20, 40]))
    )
    alone, watched = (o.result for o in outcomes if isinstance(o, Outcome))
    assert alone is not None
    assert watched is not None
    assert alone.arrays["predictions"].tobytes() == watched.arrays["predictions"].tobytes()
    curve = SMALL.curve(watched, trial, [1, 20, 40])
    assert curve.shape == (3, 2, 2)
    np.testing.assert_allclose(curve[-1], SMALL.measure(watched, trial).score)
    assert (curve[-1] > curve[0]).all()


def test_only_as_much_is_watched_as_an_answer_may_hold() -> None:
    trial = Trial(60, (0.1,) * 5, (0, 1, 2))
    assert SMALL.watch_size(trial, 20) == 270
    assert 0 < SMALL.watch_size(Trial(60, (0.1,) * 500, tuple(range(100))), 20) < 270
