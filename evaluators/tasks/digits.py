"""Handwritten digits: 1,797 real 8×8 images, a 64-32-32-10 MLP, 200 steps.

The data is scikit-learn's bundled copy of the UCI optical digits (Alpaydin & Kaynak 1998), so it
works offline. A fixed seed makes three stratified splits: 60 % for training, 15 % validation for
the search, 25 % held out for verdicts. The score is minus the cross-entropy in nats per image.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluators.task import Measurement, Rung, Split, Trial, log_sweep
from programs.program import Program
from sandbox.base import MIB, Limits, Payload

WIDTHS = (64, 32, 32, 10)
BATCH = 32
_SPLIT_SEED = 0


@dataclass(frozen=True, slots=True)
class Splits:
    """Images as `[n, 64]` in 0…1 and their labels, by split."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    def held_out(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Return the split that programs are judged on."""
        return self.test if split == "test" else self.validation


class Digits:
    """Train a small classifier well within 200 steps, whatever the learning rate's scale."""

    name = "digits"
    kind = "optimizer"
    goal = (
        "Find an update rule that trains a small ReLU classifier of 8x8 handwritten digits to the "
        "lowest validation cross-entropy in 200 steps of batch 32 under cosine annealing, at its "
        "best learning rate of a log-spaced sweep from 3e-4 to 10."
    )
    score_name = "-cross-entropy"
    harness = "evaluators.harness.optimizer:train"
    rungs = (
        Rung(
            name="search",
            steps=200,
            learning_rates=log_sweep(10**-3.5, 10.0, 10),
            seeds=5,
            limits=Limits(seconds=30.0, memory=1024 * MIB),
        ),
    )
    baselines = ("adamw", "lion", "nesterov")

    @cached_property
    def splits(self) -> Splits:
        """Load and split the data; the same arrays every time."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        images = (images / 16.0).astype(np.float32)
        x, test_x, y, test_y = train_test_split(
            images, labels, test_size=0.25, random_state=_SPLIT_SEED, stratify=labels
        )
        train_x, val_x, train_y, val_y = train_test_split(
            x, y, test_size=0.2, random_state=_SPLIT_SEED, stratify=y
        )
        pairs = ((train_x, train_y), (val_x, val_y), (test_x, test_y))
        return Splits(*((np.asarray(x), np.asarray(y)) for x, y in pairs))

    @property
    def checksum(self) -> str:
        """Hash every split's images and labels."""
        digest = hashlib.blake2b(digest_size=8)
        for images, labels in (self.splits.train, self.splits.validation, self.splits.test):
            digest.update(np.ascontiguousarray(images).tobytes())
            digest.update(labels.astype("<i8").tobytes())
        return digest.hexdigest()

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Give the child training images with labels, and the judged images without."""
        train_x, train_y = self.splits.train
        data = {
            "source": program.source,
            "widths": list(WIDTHS),
            "batch": BATCH,
            "steps": trial.steps,
            "learning_rates": list(trial.learning_rates),
            "seeds": list(trial.seeds),
            "device": trial.device,
        }
        judged = self.splits.held_out(trial.split)[0]
        return Payload(data, {"train_x": train_x, "train_y": train_y, "eval_x": judged})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Score predictions by minus the cross-entropy, and count the right ones."""
        labels = self.splits.held_out(trial.split)[1]
        logits = np.asarray(result.arrays["predictions"], dtype=np.float64)
        owed = (len(trial.learning_rates), len(trial.seeds), len(labels), WIDTHS[-1])
        if logits.shape != owed:
            raise ValueError(f"expected predictions of shape {owed}, found {logits.shape}")
        with np.errstate(all="ignore"):
            logits = logits - logits.max(-1, keepdims=True)
            log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
            examples = log_p[..., np.arange(len(labels)), labels]
            right = (logits.argmax(-1) == labels).mean(-1)
        return Measurement(examples.mean(-1), examples, {"accuracy": right})


TASK = Digits()
