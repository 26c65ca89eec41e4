"""A user's data are made to fit a task, or refused in a sentence before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.data import Data, split
from evaluators.networks import gru, mlp, transformer
from evaluators.supervised import Supervised
from evaluators.task import given_task
from programs.errors import InputError

GOAL = "Tell on which side of a plane a point lies."
X = np.random.default_rng(0).normal(size=(120, 3))
Y = (X[:, 0] > 0).astype(np.int64)


def task(load: Callable[[], Any], **more: Any) -> Supervised:
    return Supervised("plane", GOAL, load, **{"model": mlp(3, 4, 2), "steps": 40, **more})


def refusal(load: Callable[[], Any], **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        _ = task(load, **more).splits
    return str(caught.value)


@pytest.mark.parametrize("x", [X, X.astype(np.float16), X.tolist(), (X * 9).astype(np.int64)])
def test_numbers_of_any_precision_become_float32(x: Any) -> None:
    found = task(lambda: split(x, Y)).splits
    assert {pair[0].dtype.name for pair in parts(found)} == {"float32"}


@pytest.mark.parametrize("y", [Y.astype(bool), Y.astype(float), Y.tolist(), Y.astype(np.int8)])
def test_classes_become_whole_numbers(y: Any) -> None:
    for _, labels in parts(task(lambda: split(X, y)).splits):
        assert labels.dtype.kind == "i"
        assert set(labels) <= {0, 1}


def test_one_quantity_an_example_becomes_a_column() -> None:
    found = task(lambda: split(X, X[:, 0]), model=mlp(3, 4, 1), score="-squared error").splits
    assert {(pair[1].shape[1:], pair[1].dtype.name) for pair in parts(found)} == {((1,), "float32")}


def test_what_fits_already_is_left_as_it_is() -> None:
    data = split(X.astype(np.float32), Y)
    assert task(lambda: data).splits.checksum == data.checksum
    assert task(lambda: data).splits.train[0] is data.train[0]


def parts(data: Data) -> tuple[Any, ...]:
    return data.train, data.validation, data.test


def holed() -> Data:
    x = X.copy()
    x[0, 0] = np.nan
    return Data((x, Y), (X, Y), (X, Y))


def unreadable() -> Data:
    raise FileNotFoundError("no mine.npz")


@pytest.mark.parametrize(
    ("load", "more", "said"),
    [
        (holed, {}, "The training data of plane do not fit: the training inputs hold a number"),
        (lambda: split(X, Y + 1), {}, "go from 1 to 2, and the network's outputs are 0 to 1"),
        (lambda: split(X, Y * 3), {}, "go from 0 to 3, and the network's outputs are 0 to 1"),
        (
            lambda: split(X[:, :2], Y),
            {},
            "one training input has the shape (2,), and the network takes (3,)",
        ),
        (lambda: split(X, X[:, 0]), {}, "the labels are not whole numbers"),
        (lambda: split(X, np.array(["cat", "dog"])[Y]), {}, "number the classes, `np.unique("),
        (lambda: split(X, Y), {"model": gru(5, 1, 4, 2)}, "the network takes (5, 1)"),
        (
            lambda: split(np.full((90, 4), 7), np.zeros(90, int)),
            {"model": transformer(6, 4, 8, 1, 1)},
            "the tokens go from 7 to 7, and the network knows 0 to 5",
        ),
        (
            lambda: split(X, X),
            {"model": mlp(3, 4, 2), "score": "-squared error"},
            "one label has the shape (3,), the network gives (2,)",
        ),
        (lambda: (X, Y), {}, "must return what `split(x, y)` returns, found tuple"),
        (lambda: None, {}, "found NoneType"),
        (unreadable, {}, "cannot be read: FileNotFoundError: no mine.npz (test_fitting.py, line "),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    load: Callable[[], Any], more: dict[str, Any], said: str
) -> None:
    assert said in refusal(load, **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"score": "accuracy"}, "plane has the score `accuracy`; expected one of"),
        ({"kinds": ("optimiser",)}, "Did you mean `optimizer`?"),
        ({"kinds": "schedule"}, "`kinds` of the task plane must list some of optimizer"),
        ({"steps": "100"}, "needs whole `steps` above 0, not '100'"),
        ({"steps": -5}, "needs whole `steps` above 0, not -5"),
        ({"learning_rates": ()}, "needs `learning_rates` above 0"),
    ],
)
def test_a_task_that_is_misdescribed_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match="plane") as caught:
        task(lambda: split(X, Y), **more)
    assert said in str(caught.value)


def test_a_constant_that_is_no_task_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "three.py"
    file.write_text("TASK = 3\n")
    with pytest.raises(InputError, match="is no task: int has no `name`"):
        given_task(str(file))


def test_a_file_that_fails_says_on_which_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text('"""Mine."""\n\nraise ValueError("no data here")\nTASK = None\n')
    with pytest.raises(InputError, match=r"ValueError: no data here \(mine.py, line 3\)"):
        given_task(str(file))
