"""A task that costs nothing: a program's score is drawn from the hash of what it does.

A quick judgement, of a single step, also depends on the program's mood. It is a task plug-in
(`TASK`) and its own harness, so that runs can be tested without training.
"""

from __future__ import annotations

import hashlib
import time

import numpy as np

from evaluators.task import Measurement, Rung, Trial
from programs.load import kind_named, read_program
from programs.program import Program
from sandbox.base import Limits, Payload


class Toy:
    name = "toy"
    kind = "optimizer"
    goal = "Have a lucky hash."
    score_name = "luck"
    harness = "tests.toy:judge"
    rungs = (Rung("search", 2, (0.1, 1.0), 2, Limits(seconds=20.0)),)
    baselines = ("adamw", "lion")
    checksum = "toy"
    pause = 0.0

    def payload(self, program: Program, trial: Trial) -> Payload:
        data = {"source": program.source, "pause": self.pause}
        return Payload(data | {"seeds": list(trial.seeds), "steps": trial.steps})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        luck = float(result.data["luck"])
        mood = float(result.data.get("mood", luck))
        luck = (luck + mood) / 2 if trial.steps < 2 else luck
        rates = np.linspace(0.0, 1.0, len(trial.learning_rates))[:, None]
        seeds = np.array([s % 7 for s in trial.seeds]) / 100
        score = luck + rates + seeds
        examples = np.repeat(score[..., None], 5, axis=-1)
        return Measurement(score, examples, {"accuracy": score})


def judge(payload: Payload) -> Payload:
    """Score a program by the hash of its source."""
    time.sleep(float(payload.data["pause"]))
    source = str(payload.data["source"])
    assert not isinstance(read_program(source, kind_named("optimizer")), Exception)
    digest = hashlib.blake2b(source.encode(), digest_size=8).digest()
    luck, mood = (int.from_bytes(part, "big") / 2**32 for part in (digest[:4], digest[4:]))
    return Payload({"luck": luck, "mood": mood})


TASK = Toy()
