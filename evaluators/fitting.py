"""Make a user's data fit the network and the score of a task, or say in a sentence what does not.

What only differs in type is converted: numbers of any precision to float32, whole numbers that came
as floats or truth values to integers, one quantity an example to a column. What would train
nonsense, or fail in every candidate alike, is refused before anything is trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.data.splits import Data, Pair
from evaluators.harness.labels import UNASKED
from programs.errors import InputError, blamed


@dataclass(frozen=True, slots=True)
class Place:
    """What a task feeds its data to.

    `shape` is one example's, or `None` where that is seen to later; `tokens` how many different
    whole numbers the inputs may be, or `None` where they are quantities. `outputs` are classes if
    `classes`, else quantities.
    """

    task: str
    shape: tuple[int, ...] | None
    tokens: int | None
    outputs: int
    classes: bool


def fitted(load: Callable[[], Data], place: Place) -> Data:
    """Call a task's `data` and return what fits `place`; `InputError` says what cannot."""
    data = _loaded(load, place)
    return Data(
        _pair(data.train, place, "training"),
        _pair(data.validation, place, "validation"),
        _pair(data.test, place, "test"),
    )


def _loaded(load: Callable[[], Data], place: Place) -> Data:
    try:
        data: Any = load()
    except InputError:
        raise
    except Exception as error:
        file = getattr(getattr(load, "__code__", None), "co_filename", "")
        raise InputError(
            f"The data of {place.task} cannot be read: {blamed(error, file)}."
        ) from error
    if not isinstance(data, Data):
        raise InputError(
            f"`data` of the task {place.task} must return what `split(x, y)` returns, found "
            f"{type(data).__name__}."
        )
    return data


def _pair(pair: Pair, place: Place, split: str) -> Pair:
    def wrong(what: str) -> InputError:
        return InputError(f"The {split} data of {place.task} do not fit: {what}.")

    x, y = (np.asarray(part) for part in pair)
    if not len(x) or len(x) != len(y):
        raise wrong(f"there are {len(x)} examples and {len(y)} labels")
    for values, name in ((x, "inputs"), (y, "labels")):
        if values.dtype.kind not in "biuf":
            hint = ": number the classes, `np.unique(y, return_inverse=True)[1]`"
            raise wrong(
                f"the {name} are of type {values.dtype}, not numbers"
                + (hint if name == "labels" and place.classes else "")
            )
        if not np.isfinite(values).all():
            first = int(np.argwhere(~np.isfinite(values))[0][0])
            raise wrong(f"the {split} {name} hold a number that is not finite, in example {first}")
    if place.shape is not None and x.shape[1:] != place.shape:
        raise wrong(
            f"one {split} input has the shape {x.shape[1:]}, and the network takes {place.shape}"
        )
    return _inputs(x, place, wrong), _labels(y, place, wrong)


Wrong = Callable[[str], InputError]


def _inputs(x: np.ndarray, place: Place, wrong: Wrong) -> np.ndarray:
    if place.tokens is None:
        return x.astype(np.float32, copy=False)
    x = _whole(x, "tokens", wrong)
    _within(x, place.tokens, "tokens", f"the network knows 0 to {place.tokens - 1}", wrong)
    return x


def _labels(y: np.ndarray, place: Place, wrong: Wrong) -> np.ndarray:
    if not place.classes:
        y = y[:, None] if y.ndim == 1 and place.outputs == 1 else y
        if y.shape[1:] != (place.outputs,):
            raise wrong(
                f"one label has the shape {y.shape[1:]}, the network gives {(place.outputs,)}"
            )
        return y.astype(np.float32, copy=False)
    y = _whole(y, "labels", wrong)
    asked = y[y != UNASKED]
    _within(
        asked, place.outputs, "labels", f"the network's outputs are 0 to {place.outputs - 1}", wrong
    )
    return y


def _whole(values: np.ndarray, name: str, wrong: Wrong) -> np.ndarray:
    """Return whole numbers as integers, in whatever type they came."""
    if values.dtype.kind in "iu":
        return values
    if (values != np.floor(values)).any():
        raise wrong(f"the {name} are not whole numbers: a score of quantities is `-squared error`")
    return values.astype(np.int64)


def _within(values: np.ndarray, count: int, name: str, have: str, wrong: Wrong) -> None:
    if not values.size:
        raise wrong(f"there are no {name}")
    if not 0 <= values.min() <= values.max() < count:
        raise wrong(f"the {name} go from {values.min()} to {values.max()}, and {have}")
