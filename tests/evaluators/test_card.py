"""A card says what the training split and the model are like, and is made of nothing held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluators.card import Card, measured
from evaluators.data.splits import Data, split
from evaluators.evaluator import Evaluator
from evaluators.harness.card import examined
from evaluators.harness.landscape import Problem, eigenvalues, landscape
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import Task
from sandbox.base import Ending, Outcome
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import RECALL
from tests.toy import Toy


def load() -> Data:
    """Draw twelve features, of which one is a copy and one constant."""
    x = np.random.default_rng(0).normal(size=(80, 12)).astype(np.float32)
    x[:, 1], x[:, 2] = x[:, 0], 3.0
    return split(x, (x[:, 0] > 0).astype(np.int64))


SIGNS = Supervised("signs", "Tell the sign.", load, mlp(12, 4, 2), 20)


def card(task: Task) -> Card:
    found = measured(Evaluator(task, MemorySandbox()))
    assert isinstance(found, Card), found
    return found


def test_only_the_training_split_is_sent() -> None:
    for task in (SIGNS, RECALL):
        sandbox = MemorySandbox(lambda _: Outcome(Ending.TIMED_OUT, message="too slow"))
        assert measured(Evaluator(task, sandbox)) == "too slow"
        (job,) = sandbox.jobs
        assert job.trusted
        assert set(job.payload.arrays) == {"train_x", "train_y"}
        for name, part in zip(("train_x", "train_y"), task.splits.train, strict=True):
            assert np.array_equal(job.payload.arrays[name], part)


def test_a_card_tells_of_data_and_model() -> None:
    found = card(SIGNS)
    data, features, correlations, labels = found.data
    assert data.startswith("data: 48 training examples of 12 real numbers from ")
    assert data.endswith("; 1 never vary")
    assert "means " in features
    assert "skewness" in features
    assert "have |r| > 0.5, and 2 of 12 features with a target" in correlations
    assert labels.startswith("labels: 2 classes, from ")
    model, tensors, noise, curvature = found.model
    assert model.startswith("model: 62 parameters in 4 tensors; before the first step")
    assert "4×12 0." in tensors
    assert "batch" in noise
    assert "largest eigenvalues" in curvature


def test_a_card_of_an_architectures_place_has_its_references_model() -> None:
    found = card(RECALL)
    assert "whole numbers of" in found.data[0]
    assert f"({RECALL.baselines[0]} in its place)" in found.model[0]
    assert "body.weights" not in found.model[1]


def test_a_task_that_shows_no_examples_has_an_empty_card() -> None:
    sandbox = MemorySandbox()
    assert measured(Evaluator(Toy(), sandbox)) == Card()
    assert not sandbox.jobs


def test_features_are_counted() -> None:
    x = np.stack([np.arange(6.0), -np.arange(6.0), np.ones(6)], 1)
    found = examined(x, np.array([0, 0, 0, 1, 1, 1]))
    features = found["features"]
    assert (features["count"], features["constant"], features["strong_pairs"]) == (3, 1, 1)
    assert (features["strong_features"], features["components"]) == (2, 1)
    assert found["labels"]["nats"] == pytest.approx(np.log(2))
    assert examined(x, x)["labels"] == {"inputs": True}
    assert examined(x, x[:, :1] * 2)["labels"]["targets"] == 1
    tokens = examined(np.array([[0, 1], [0, 2]]), np.array([[1, -1], [2, -1]]))
    assert tokens["tokens"] == {"kinds": 3, "commonest": 0.5, "bits": 1.5}
    assert tokens["labels"]["classes"] == 2, "what is not asked is no class"


def test_curvatures_are_the_hessians() -> None:
    curved = torch.tensor([4.0, 1.0, 0.5, -2.0, *[0.01] * 20])
    found = eigenvalues(lambda v: curved * v, len(curved))
    assert found[-1] == pytest.approx(4.0, abs=1e-3)
    assert found[0] == pytest.approx(-2.0, abs=1e-3)
    bowl = Problem(
        ("w",),
        (torch.ones(24),),
        lambda w, x, y: 0.5 * (curved * w[0] ** 2).sum() + 0 * x.sum(),
        torch.zeros(40, 1),
        torch.zeros(40),
        batch=4,
    )
    told = landscape(replace(bowl, sample=10))
    assert told["curvatures"][0] == pytest.approx(4.0, abs=1e-3)
    assert told["gradient"] == pytest.approx(float(curved.norm()), rel=1e-5)
    assert told["noise"] == pytest.approx(0, abs=1e-6)
