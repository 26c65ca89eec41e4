"""The data card of a task: what its training split and its model look like, in sentences.

    Card        sentences on the data, on the model, and on how baselines did
    measured    have a task's card measured in the sandbox, or say why that failed

The child gets the training split and no other array of the task, so that a prompt can hold nothing
of what programs are judged on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.evaluator import Evaluator
from evaluators.task import Task
from programs.load import library
from sandbox.base import MIB, Job, Limits, Payload

_MARKS = re.compile(r"^body\.weights\.|_[0-9a-f]{12}(?=_)")
"""What a built body's names hold beside what people would call its parts."""

HARNESS = "evaluators.harness.card:measure"
LIMITS = Limits(seconds=180.0, memory=2048 * MIB)
SENT = ("train_x", "train_y")
"""The only arrays that the child gets."""

TENSORS = 12
"""Tensors that are told one by one; of more, those with the largest gradients."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a task before anything is tried, a sentence a fact."""

    data: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """Return all sentences."""
        return (*self.data, *self.model, *self.baselines)


def measured(evaluator: Evaluator) -> Card | str:
    """Measure a task's card, an empty one if it shows no examples; a sentence says what failed."""
    task = evaluator.task
    sent = _payload(task, evaluator)
    if sent is None:
        return Card()
    job = Job(HARNESS, sent, LIMITS, evaluator.device, trusted=True)
    outcome = evaluator.sandbox.run(job)
    if outcome.result is None:
        return outcome.message or str(outcome.ending)
    found = outcome.result.data
    model = found.get("model")
    of = f" ({task.baselines[0]} in its place)" if task.kind == "architecture" else ""
    return Card(tuple(_data(found["data"])), tuple(_model(model, of)) if model else ())


def _payload(task: Task, evaluator: Evaluator) -> Payload | None:
    """Return what the child needs of what the reference would be trained with."""
    reference = library(task.kind).get(task.baselines[0])
    if reference is None:
        return None
    whole = task.payload(reference, evaluator.trial())
    arrays = {name: whole.arrays[name] for name in SENT if name in whole.arrays}
    return Payload(whole.data, arrays) if len(arrays) == len(SENT) else None


# -- in words --------------------------------------------------------------------------------------


def _data(found: Mapping[str, Any]) -> Iterator[str]:
    shape = " × ".join(map(str, found["shape"]))
    count = f"{found['examples']:,} training examples"
    if tokens := found.get("tokens"):
        yield (
            f"data: {count}, each {shape} whole numbers of {tokens['kinds']} kinds; the commonest "
            f"is {tokens['commonest']:.1%} of all, their entropy is {tokens['bits']:.2f} bits"
        )
    if features := found.get("features"):
        yield from _features(features, f"data: {count} of {shape} real numbers")
    yield _labels(found["labels"])


def _features(found: Mapping[str, Any], begin: str) -> Iterator[str]:
    low, high = found["range"]
    constant = f"; {found['constant']} never vary" if found["constant"] else ""
    yield f"{begin} from {low:.3g} to {high:.3g}{constant}"
    yield (
        f"features: means {_range(found['mean'])}, standard deviations {_range(found['spread'])}, "
        f"skewness {_range(found['skewness'])}, excess kurtosis {_range(found['kurtosis'])}"
    )
    if "pairs" not in found:
        return
    strong = f"{found['strong_pairs']:,} of {found['pairs']:,} pairs of features"
    alone = ""
    if "strongest" in found:
        alone = (
            f", and {found['strong_features']} of {found['count']} features with a target (the "
            f"strongest {found['strongest']:.2f})"
        )
    yield (
        f"correlations: {strong} have |r| > 0.5{alone}; {found['components']} principal "
        "components hold 90 % of the variance"
    )


def _range(values: Sequence[float]) -> str:
    """Write the least, the middle and the largest of the features."""
    low, middle, high = values
    return f"{low:.2g} … {middle:.2g} … {high:.2g}"


def _labels(found: Mapping[str, Any]) -> str:
    if "inputs" in found:
        return "targets: the inputs themselves"
    if "targets" in found:
        count = f"{found['targets']} real numbers" if found["targets"] > 1 else "one real number"
        return f"targets: {count}, mean {found['mean']:.3g}, deviation {found['spread']:.3g}"
    places = "" if found["places"] == 1 else f" at each of {found['places']} positions"
    return (
        f"labels: {found['classes']} classes{places}, from {found['least']:.1%} to "
        f"{found['most']:.1%} of all; always predicting their shares costs {found['nats']:.3f} nats"
    )


def _model(found: Mapping[str, Any], of: str) -> Iterator[str]:
    tensors = found["tensors"]
    yield (
        f"model{of}: {found['parameters']:,} parameters in {len(tensors)} tensors; before the "
        f"first step its loss is {found['loss']:.3f} and its gradient's norm "
        f"{found['gradient']:.3g}"
    )
    shown = tensors
    if len(tensors) > TENSORS:
        largest = sorted(tensors, key=lambda t: -t["gradient"])[:TENSORS]
        shown = [t for t in tensors if t in largest]
    each = ", ".join(f"{_plain(t['name'])} {t['weight']:.2g} / {t['gradient']:.2g}" for t in shown)
    of = "" if shown == tensors else f"{len(shown)} largest gradients, "
    yield f"tensors ({of}root mean square of the weights / norm of the gradient): {each}"
    yield (
        f"gradient noise: a batch's gradient is off the mean by {found['noise']:.2g} times the "
        "mean's norm"
    )
    curvatures = ", ".join(f"{c:.2g}" for c in found["curvatures"])
    yield (
        f"curvature (Hessian on {found['sample']} examples): largest eigenvalues {curvatures}; "
        f"the least is {found['least_curvature']:.2g}"
    )


def _plain(name: str) -> str:
    """Return a tensor's name without the marks that tell equal layers apart."""
    return _MARKS.sub("", name)
