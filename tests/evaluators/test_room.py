"""Data of any size fit a task's limit of memory, which is for what training takes beside them."""

from __future__ import annotations

import numpy as np

from evaluators.data import Data
from evaluators.evaluator import Evaluator
from evaluators.networks import mlp
from evaluators.room import with_room
from evaluators.supervised import Supervised
from programs.load import library
from sandbox import MIB, Job, Limits, Payload, ProcessSandbox


def load() -> Data:
    """Return 160 MiB of training inputs and a few to judge."""
    rng = np.random.default_rng(0)
    x = rng.random((80_000, 524), dtype=np.float32)
    y = (x[:, 0] > 0.5).astype(np.int64)
    return Data((x, y), (x[:100], y[:100]), (x[100:200], y[100:200]))


TASK = Supervised(
    name="wide",
    goal="Train a tiny classifier of many wide examples in 40 steps.",
    data=load,
    model=mlp(524, 2, 2),
    steps=40,
    learning_rates=(0.01, 0.03),
    seeds=2,
    memory=224 * MIB,
)


def test_data_larger_than_the_limit_are_trained_on() -> None:
    modules = ("torch", "evaluators.harness.optimizer")
    with ProcessSandbox(1, modules, tier="process") as sandbox:
        found = Evaluator(TASK, sandbox).evaluate(library("optimizer")["adamw"])
    assert found.score is not None, found.message


def test_room_is_for_the_copies_in_the_process_that_trains() -> None:
    arrays = {"x": np.zeros(1000, np.float32), "y": np.zeros(1000, np.uint8)}
    job = Job("tests.toy:train", Payload({}, arrays), Limits(memory=MIB))
    assert with_room(job).limits.memory == MIB + 2 * 4000 + 2 * 1000 + 8 * 1000
    assert with_room(Job("tests.toy:train", Payload(), Limits(memory=MIB))).limits.memory == MIB
