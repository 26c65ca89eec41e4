"""What is wrong with a task's examples, in a sentence: found before a network trips over it.

Everything here looks at arrays and at a network's description; nothing is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from evaluators.bodies import Bodies
from evaluators.data.splits import UNASKED, Data
from evaluators.networks import Network
from evaluators.supervised import Supervised

Shape = tuple[int, ...]


def unsound(task: object) -> str:
    """Say what is wrong with the examples of a task as far as it says what they are, or nothing."""
    problem = getattr(task, "problem", task)
    if not isinstance(problem, Supervised | Bodies):
        return ""
    data = problem.splits
    if problem.data().checksum != data.checksum:
        return "loading the data twice gave two data sets: draw with a generator of a fixed seed"
    for said in _arrays(data):
        return said
    return _body(problem, data) if isinstance(problem, Bodies) else _network(problem, data)


def _arrays(data: Data) -> Iterator[str]:
    """Say where a split has no examples, not as many labels, or numbers that are none."""
    for name, (x, y) in _splits(data):
        if not len(x) or len(x) != len(y):
            yield f"the {name} split has {len(x)} inputs and {len(y)} labels"
        for what, array in (("inputs", x), ("labels", y)):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                place = int(np.argwhere(~np.isfinite(array))[0][0])
                yield f"the {name} {what} hold a number that is not finite, in example {place}"


def _splits(data: Data) -> list[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    named = {"training": data.train, "validation": data.validation, "test": data.test}
    return list(named.items())


def _network(task: Supervised, data: Data) -> str:
    """Compare inputs and labels with the network that is to map one to the other."""
    wanted, outputs, tokens = _TAKEN[task.model["family"]](task.model)
    if said := _inputs(data, wanted, tokens):
        return said
    if task.score == "-squared error":
        found = data.train[1].shape[1:]
        if found != (outputs,):
            return f"one label has the shape {found}, and the network gives {(outputs,)}"
        return ""
    return _classes(data, outputs)


def _body(task: Bodies, data: Data) -> str:
    """Compare inputs with the stem, and labels with the read-out."""
    stem, shape = task.stem, task.spec.shape
    if stem["sort"] == "embedding":
        said = _inputs(data, shape[:1], stem["num_embeddings"])
    else:
        places = shape[1:] if stem["image"] else shape[:1]
        said = _inputs(data, (stem["channels"], *(n * stem["size"] for n in places)), 0)
    return said or _classes(data, task.spec.outputs)


def _inputs(data: Data, wanted: Shape, tokens: int) -> str:
    """Say where one input has another shape than is taken, or is a token that there is not."""
    for name, (x, _) in _splits(data):
        if x.shape[1:] != wanted:
            return f"one {name} input has the shape {x.shape[1:]}, and the network takes {wanted}"
        if tokens and not (x.min() >= 0 and x.max() < tokens):
            found = f"from {x.min()} to {x.max()}"
            return f"the {name} tokens go {found}, and the network knows 0 to {tokens - 1}"
    return ""


def _classes(data: Data, outputs: int) -> str:
    """Say where labels are no classes, are not among the outputs, or are all the same."""
    for name, (_, y) in _splits(data):
        if y.dtype.kind not in "iu":
            return f"the {name} labels are {y.dtype} numbers: expected whole numbers, the classes"
        asked = y[y != UNASKED]
        if not len(asked) or asked.min() < 0 or asked.max() >= outputs:
            found = f"from {asked.min()} to {asked.max()}" if len(asked) else "nowhere"
            return f"the {name} labels go {found}, and the network's outputs are 0 to {outputs - 1}"
    only = np.unique(data.train[1][data.train[1] != UNASKED])
    if len(only) == 1:
        return f"all training labels are {only[0]}: there is nothing to learn"
    return ""


_TAKEN: dict[str, Callable[[Network], tuple[Shape, int, int]]] = {
    "mlp": lambda network: ((network["widths"][0],), network["widths"][-1], 0),
    "conv": lambda network: (tuple(network["shape"]), network["outputs"], 0),
    "gru": lambda network: ((network["length"], network["inputs"]), network["outputs"], 0),
    "transformer": lambda network: (
        (network["context"],),
        network["vocabulary"],
        network["vocabulary"],
    ),
}
"""The shape of one input, the number of outputs, and of tokens (0: inputs are numbers)."""
