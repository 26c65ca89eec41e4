"""What a tolerance lets go on the seeds of the search, and what fresh seeds make of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluators.evaluator import Evaluator
from evaluators.task import Measurement, Trial
from programs.load import kind_named, library
from programs.program import Program
from programs.simplify import Simplified, simplify
from runs.scoring import Scoring
from sandbox.base import Ending, Job, Outcome, Payload
from sandbox.memory import MemorySandbox
from tests.toy import Toy

KIND = kind_named("optimizer")
NESTEROV = library("optimizer")["nesterov"]


class Flattering(Toy):
    """Mind hardly what is cut, but on fresh seeds each statement that is missing of `needed`."""

    def __init__(self, needed: int) -> None:
        self.needed = needed

    def payload(self, program: Program, trial: Trial) -> Payload:
        sent = super().payload(program, trial)
        return Payload({**sent.data, "size": program.size})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        size = int(result.data["size"])
        score = np.full((len(trial.learning_rates), len(trial.seeds)), size / 1000)
        if 0 not in trial.seeds:
            score -= max(self.needed - size, 0)
        return Measurement(score, np.repeat(score[..., None], 5, axis=-1), {"accuracy": score})


def echo(job: Job) -> Outcome:
    return Outcome(Ending.FINISHED, job.payload)


def simplified(needed: int) -> tuple[Simplified, dict[str, Any], list[str]]:
    assert NESTEROV.genome is not None
    said: list[str] = []
    judge = Evaluator(Flattering(needed), MemorySandbox(echo), "cpu")
    scoring = Scoring(judge, NESTEROV.genome, 0.5, said.append)
    rng = np.random.default_rng(0)
    how = {"score": scoring, "tolerance": 0.5, "holds": scoring.holds}
    found = simplify(NESTEROV.genome, KIND, rng, **how)
    return found, scoring.summary(found.genome, found.undone), said


def test_cuts_that_fresh_seeds_refute_are_undone() -> None:
    free, told, _ = simplified(0)
    assert (free.genome.size, free.undone, told["undone"]) == (0, 0, 0)
    assert "undone" not in told["measured"]
    found, told, said = simplified(3)
    assert (found.genome.size, found.undone, found.steps) == (3, 3, free.steps[:2])
    assert not found.same_behaviour
    assert (told["undone"], told["holds"]) == (3, True)
    assert "The last 3 cuts held on the search's seeds but not on fresh ones" in told["measured"]
    assert "NOT within" not in told["measured"]
    assert [line.partition(": ")[2] for line in said if line.endswith("on fresh seeds")] == [
        "0 statements, -3.005 against the original on fresh seeds",
        "1 statements, -2.004 against the original on fresh seeds",
        "2 statements, -1.003 against the original on fresh seeds",
        "3 statements, -0.002 against the original on fresh seeds",
    ]
    assert all(" against the original" in line for line in said)


def test_where_no_cut_holds_what_is_left_behaves_the_same() -> None:
    found, told, _ = simplified(NESTEROV.size)
    assert found.same_behaviour
    assert (found.genome.size, found.undone) == (NESTEROV.size, 5)
    assert told["holds"]
