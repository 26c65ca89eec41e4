"""The conformance suite for tasks: what a task must keep to be searched on, as named checks.

    for check in conformance(task, sandbox):
        print(check.name, check.fault or "ok")

Each check is a function that returns a sentence about what is wrong, or nothing. A check that
raises is wrong with that error. They go from cheap to dear: those that look at payloads are left
out where the description or the examples are wrong, and those that train where anything is. All
baselines are trained only where one fits into the limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from evaluators.candidate import Evaluation, Status
from evaluators.decimals import fixed
from evaluators.evaluator import Evaluator, Judgement
from evaluators.soundness import unsound
from evaluators.task import Split, Task, Trial
from programs.conformance import Answer, Check, conduct
from programs.load import builtin_kinds, library
from programs.program import Program
from sandbox import wire
from sandbox.base import Payload, Sandbox

SHORT = 40
"""Steps of the training runs that only ask whether one runs like another."""

SPLITS: tuple[Split, ...] = ("validation", "test")


@dataclass(frozen=True)
class _Case:
    """A task under examination, with what its checks share."""

    task: Task
    sandbox: Sandbox

    @property
    def trial(self) -> Trial:
        """Return a short trial: the whole sweep, since few rates suit few steps; two seeds."""
        rung = self.task.rungs[0]
        return Trial(min(SHORT, rung.steps), rung.learning_rates, (0, 1))

    @property
    def program(self) -> Program:
        """Return the first baseline: used where any program does."""
        return library(self.task.kind)[self.task.baselines[0]]

    def judge(self, split: Split = "validation") -> Judgement:
        """Run the short trial of the first baseline."""
        evaluator = Evaluator(self.task, self.sandbox)
        limits = self.task.rungs[0].limits
        return evaluator.judge(self.program, replace(self.trial, split=split), limits)

    def payload(self, split: Split = "validation") -> Payload:
        """Make the short trial's payload."""
        return self.task.payload(self.program, replace(self.trial, split=split))


def conformance(task: Task, sandbox: Sandbox) -> Iterator[Check]:
    """Examine a task, one check at a time; a group only where all those before it passed."""
    case = _Case(task, sandbox)
    for group in (FIRST, CHEAP, DEAR, LAST):
        found = []
        for check in conduct(group, case):
            found.append(check)
            yield check
        if any(check.fault for check in found):
            return


def _described(case: _Case) -> Answer:
    task = case.task
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", task.name):
        named = re.sub(r"[^a-z0-9]+", "-", task.name.lower()).strip("-") or "my-task"
        return (
            f"the name `{task.name}` is not lower-case letters, digits and hyphens, as `{named}` is"
        )
    if task.kind not in builtin_kinds():
        return f"there is no kind `{task.kind}`: the kinds are {', '.join(builtin_kinds())}"
    if len(task.goal.split()) < 5:
        return "the goal is too short: say in a sentence what a good program does"
    absent = set(task.baselines) - set(library(task.kind))
    if absent or not task.baselines:
        return f"the library has no baseline {', '.join(sorted(absent)) or '(none is named)'}"
    return "", task.name


def _rungs(case: _Case) -> Answer:
    if not case.task.rungs:
        return "there is no rung"
    for rung in case.task.rungs:
        rates = rung.learning_rates
        if rung.steps < 1 or rung.seeds < 2:
            return f"rung {rung.name} needs at least one step and two seeds"
        if not rates or min(rates) <= 0 or list(rates) != sorted(set(rates)):
            return f"rung {rung.name} needs positive, growing learning rates"
        if rung.limits.seconds <= 0 or rung.limits.memory <= 0:
            return f"rung {rung.name} needs limits above zero"
    costs = [r.steps * r.seeds * len(r.learning_rates) for r in case.task.rungs]
    if costs != sorted(costs):
        return "rungs must go from cheap to dear"
    first = case.task.rungs[0]
    size = f"{first.steps} steps, {len(first.learning_rates)} x {first.seeds} replicas"
    return "", f"{len(case.task.rungs)}: {size}"


def _sound(case: _Case) -> Answer:
    if said := unsound(case.task):
        return said
    splits = getattr(case.task, "splits", None)
    if splits is None:
        return ""
    counts = ((name, len(getattr(splits, name)[0])) for name in ("train", *SPLITS))
    return "", ", ".join(f"{name} {count}" for name, count in counts)


def _data_fixed(case: _Case) -> Answer:
    if not case.task.checksum:
        return "the checksum is empty"
    first, again = (case.payload() for _ in range(2))
    for name, array in first.arrays.items():
        if array.tobytes() != again.arrays[name].tobytes():
            return f"`{name}` differs between two payloads for the same trial"
    return "", case.task.checksum


def _wire(case: _Case) -> Answer:
    sent = case.payload()
    got = wire.decode(b"".join(wire.encode(sent)))
    bytes_ = sum(a.nbytes for a in sent.arrays.values())
    if got.data != dict(sent.data):
        return "the payload's data change on their way: use what JSON holds (lists, not tuples)"
    return "", f"{bytes_ / 2**20:.1f} MiB"


def _labels_kept(case: _Case) -> Answer:
    splits = getattr(getattr(case.task, "problem", case.task), "splits", None)
    if splits is None:
        return "", "not checked: the task has no `splits`"
    for split in SPLITS:
        inputs, labels = splits.held_out(split)
        for name, array in case.payload(split).arrays.items():
            if _holds(array, labels) and not _holds(inputs, labels):
                return f"`{name}` holds the labels of the {split} split"
    shared = _shared(splits.train[0], splits.held_out("test")[0])
    return "", f"{shared} held-out inputs are also training inputs" if shared else ""


def _holds(array: np.ndarray, labels: np.ndarray) -> bool:
    """Say whether the labels are the array, or one of its columns."""
    if len(array) != len(labels) or not labels.size:
        return False
    columns, owed = array.reshape(len(array), -1), labels.reshape(len(labels), -1)
    if columns.shape == owed.shape:
        return bool(np.array_equal(columns, owed))
    return owed.shape[1] == 1 and bool((columns == owed).all(0).any())


def _shared(train: np.ndarray, held: np.ndarray) -> int:
    seen = {row.tobytes() for row in np.ascontiguousarray(train)}
    return sum(row.tobytes() in seen for row in np.ascontiguousarray(held))


def _refuses(case: _Case) -> Answer:
    for wrong in (Payload(), Payload({}, {"predictions": np.zeros((1, 1, 1), np.float32)})):
        try:
            case.task.measure(wrong, case.trial)
        except (KeyError, ValueError, TypeError):
            continue
        return "`measure` accepts a malformed result: raise ValueError"
    return ""


def _repeats(case: _Case) -> Answer:
    first, again = case.judge(), case.judge()
    if first.best is None or again.best is None:
        return f"a short run of a baseline cannot be scored: {first.message or again.message}"
    if first.best.examples.tobytes() != again.best.examples.tobytes():
        return "the same seeds gave other scores the second time"
    return ""


def _both_splits(case: _Case) -> Answer:
    counts = []
    for split in SPLITS:
        judged = case.judge(split)
        if judged.best is None:
            return f"the {split} split cannot be scored: {judged.message}"
        if judged.best.examples.ndim != 2:
            return "`examples` must be [learning rates, seeds, examples]"
        counts.append(f"{split} {judged.best.examples.shape[1]}")
    return "", ", ".join(counts)


def _baselines(case: _Case) -> Answer:
    found: dict[str, Evaluation] = {}
    evaluator = Evaluator(case.task, case.sandbox)
    for name in case.task.baselines:
        found[name] = evaluator.evaluate(library(case.task.kind)[name])
    reasons: dict[str, list[str]] = {}
    for name, each in found.items():
        if not _scored(each):
            reasons.setdefault(each.message or str(each.status), []).append(name)
    failed = [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
    scores = ", ".join(f"{n} {fixed(e.score, 3)}" for n, e in found.items() if e.score is not None)
    return "; ".join(failed), scores


def _scored(evaluation: Evaluation) -> bool:
    return evaluation.status is Status.SCORED and evaluation.score is not None


_CHEAPER = (
    "what is trained at once are `learning_rates` times `seeds` networks, on a `batch` each: use "
    "fewer, a smaller network, or allow more (`memory` and `seconds` of `Supervised`)"
)


def _limits(case: _Case) -> Answer:
    found = Evaluator(case.task, case.sandbox).evaluate(case.program)
    most = case.task.rungs[0].limits.seconds
    if not _scored(found):
        return f"{case.task.baselines[0]} {found.message or found.status}: {_CHEAPER}"
    if found.seconds > most / 2:
        return (
            f"one evaluation takes {found.seconds:.1f} s of the {most:g} s allowed: train less, or "
            "allow more (`seconds` of `Supervised`)"
        )
    return "", f"{found.seconds:.1f} s of {most:g} s"


FIRST: dict[str, Callable[[_Case], Answer]] = {
    "is described": _described,
    "rungs are sane": _rungs,
    "examples are sound": _sound,
}

CHEAP: dict[str, Callable[[_Case], Answer]] = {
    "data are fixed": _data_fixed,
    "payload crosses": _wire,
    "labels stay here": _labels_kept,
    "refuses malformed": _refuses,
}

DEAR: dict[str, Callable[[_Case], Answer]] = {
    "same seed, same score": _repeats,
    "both splits judged": _both_splits,
    "within its limits": _limits,
}

LAST: dict[str, Callable[[_Case], Answer]] = {"baselines train": _baselines}
