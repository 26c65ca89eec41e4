"""Training, validation and held-out examples, fixed by a seed and recorded by a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluators.harness.labels import UNASKED
from evaluators.task import Split
from programs.errors import InputError

Pair = tuple[np.ndarray, np.ndarray]

_DRAWS = 50


@dataclass(frozen=True, slots=True)
class Data:
    """Inputs `[n, …]` and labels `[n, …]` by split.

    A program trains on `train`; a search is scored on `validation`; verdicts are on `test`.
    """

    train: Pair
    validation: Pair
    test: Pair

    def held_out(self, split: Split) -> Pair:
        """Return the split that programs are judged on."""
        return self.test if split == "test" else self.validation

    @property
    def checksum(self) -> str:
        """Hash every split's inputs and labels."""
        digest = hashlib.blake2b(digest_size=8)
        for inputs, labels in (self.train, self.validation, self.test):
            digest.update(np.ascontiguousarray(inputs).tobytes())
            digest.update(_plain(labels).tobytes())
        return digest.hexdigest()


def _plain(labels: np.ndarray) -> np.ndarray:
    """Return labels in one form, so that int32 and int64 have the same checksum."""
    return np.ascontiguousarray(labels, "<f8" if labels.dtype.kind == "f" else "<i8")


def split(
    x: np.ndarray,
    y: np.ndarray,
    validation: float = 0.15,
    test: float = 0.25,
    seed: int = 0,
    stratify: bool = False,
) -> Data:
    """Shuffle examples and cut them into three; `stratify` keeps the labels' shares in each."""
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise InputError(f"Expected as many labels as examples, found {len(y)} for {len(x)}.")
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise InputError("The validation and test shares must be above 0 and below 1 in sum.")
    groups = y if stratify else np.zeros(len(y), np.int64)
    rng = np.random.default_rng(seed)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for value in np.unique(groups):
        places = rng.permutation(np.flatnonzero(groups == value))
        first, second = round(len(places) * test), round(len(places) * (test + validation))
        for part, piece in zip(parts, np.split(places, [first, second]), strict=True):
            part.append(piece)
    held, judged, trained = (rng.permutation(np.concatenate(p)) for p in parts)
    if not len(held) or not len(judged) or not len(trained):
        raise InputError(f"{len(x)} examples are too few for three splits.")
    return Data((x[trained], y[trained]), (x[judged], y[judged]), (x[held], y[held]))


def only_last(data: Data) -> Data:
    """Return data whose judged labels, one an example, belong to the last position `[n, length]`.

    Training labels are those of every position already.
    """
    return Data(data.train, *(_at_last(*pair) for pair in (data.validation, data.test)))


def _at_last(x: np.ndarray, y: np.ndarray) -> Pair:
    labels = np.full(x.shape, UNASKED, np.int64)
    labels[:, -1] = y
    return x, labels


def distinct(draw: Callable[[int], Pair], counts: tuple[int, int, int]) -> Data:
    """Draw examples until there are enough different inputs for all three splits."""
    total = sum(counts)
    x, y = draw(total)
    for _ in range(_DRAWS):
        _, first = np.unique(x, axis=0, return_index=True)
        kept = np.sort(first)
        x, y = x[kept], y[kept]
        if len(x) >= total:
            parts = np.split(np.arange(total), np.cumsum(counts)[:2])
            return Data(*((x[p], y[p]) for p in parts))
        more_x, more_y = draw(total)
        x, y = np.concatenate([x, more_x]), np.concatenate([y, more_y])
    raise InputError(f"There are not {total} different examples to be drawn, only about {len(x)}.")
