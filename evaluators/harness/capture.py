"""Replay a training step instead of asking for it anew: record it once, as a CUDA graph.

    Recorder    what records work and replays it: CUDA graphs on a card, a tape in tests
    Replayed    the steps of a training, the first few taken and all others replayed
    Taken       the same steps, one by one
    hindrance   why a training is taken so

A step of a small network is hundreds of short operations, and a card does each faster than it can
be asked to. A recording is asked for once a step. It repeats what was done at the same places in
memory, so everything that a step reads or changes stays where it is, on the card: weights, states,
data, the order of the batches, the factors on the rate, and the count of steps, which the step
itself moves on. Whoever takes a step without a recording does the same to the same numbers.

**No graph has been captured on a card yet**: `make test-gpu` proves it where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from evaluators.harness.replicas import Replicas
from evaluators.harness.rules import Rule
from sandbox.text import one_line

Work = Callable[[], None]

WARM_UP = 3
"""Steps taken before one is recorded, in which libraries choose and allocate what they need."""

FEWEST = 50
"""Steps below which a recording, which costs about as much as ten, is not worth it."""


class RecordingError(Exception):
    """Raise where work cannot be recorded; the text says why. Nothing was done."""


class Recorder(Protocol):
    """Records work. Both methods run it where its tensors are; neither returns anything of it."""

    def aside(self, work: Work) -> None:
        """Do the work, in the surroundings in which it will be recorded."""
        ...

    def record(self, work: Work) -> Work:
        """Return what repeats the work, without doing it now; or raise `RecordingError`."""
        ...


class Graphs:
    """CUDA graphs, recorded on a stream of their own as PyTorch asks for."""

    def __init__(self) -> None:
        self.stream = torch.cuda.Stream()

    def aside(self, work: Work) -> None:
        """Do the work on the stream, after all before it and before all after it."""
        usual = torch.cuda.current_stream()
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream):
            work()
        usual.wait_stream(self.stream)

    def record(self, work: Work) -> Work:
        """Capture the work in a graph."""
        graph, usual = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        try:
            with torch.cuda.graph(graph, stream=self.stream):
                work()
        except RuntimeError as error:
            # `torch.cuda.graph` does not leave its stream where the capture cannot be ended.
            torch.cuda.set_stream(usual)
            raise RecordingError(_cause(error)) from error
        return graph.replay


def _cause(error: BaseException) -> str:
    """Return what went wrong first: ending a failed capture fails as well."""
    while error.__context__ is not None:
        error = error.__context__
    return one_line(str(error).partition("\n")[0])


def hindrance(rule: Rule, steps: int, wanted: bool = True) -> str:
    """Say why the steps of a training cannot or should not be replayed, or nothing."""
    if not wanted:
        return "no recording was wanted"
    if rule.outside:
        return rule.outside
    if steps < FEWEST:
        return f"{steps} steps are too few to be worth a recording"
    return ""


@dataclass(frozen=True, slots=True)
class Course:
    """What the steps of a training go through: data, its order `[steps, seeds, batch]`, factors."""

    x: Tensor
    y: Tensor
    order: Tensor
    factors: Sequence[float]


class Taken:
    """The steps of a training, one by one; `hindrance` says why not otherwise, if it might be."""

    def __init__(self, replicas: Replicas, course: Course, hindrance: str = "") -> None:
        self.replicas, self.course, self.hindrance = replicas, course, hindrance

    def take(self, step: int) -> Tensor:
        """Take step 1, 2, …; return each living replica's loss."""
        course = self.course
        picked = course.order[step - 1]
        x, y = course.x[picked], course.y[picked]
        return self.replicas.step(x, y, step, course.factors[step - 1])


class Replayed:
    """The steps of a training, replayed after the first few.

    Where replicas leave, the buffers of the others are new ones: they are recorded again. Where
    nothing can be recorded, `hindrance` says why, and every step is taken.
    """

    def __init__(self, replicas: Replicas, course: Course, recorder: Recorder) -> None:
        self.replicas, self.course, self.recorder = replicas, course, recorder
        device = course.x.device
        self.behind = torch.zeros(1, dtype=torch.int64, device=device)
        self.factors = torch.tensor(course.factors, dtype=torch.float64, device=device)
        self.replay: Work | None = None
        self.recorded = 0
        self.hindrance = ""
        self._begin()

    def _begin(self) -> None:
        """Forget the recording, which is of buffers that are no more."""
        self.replay, self.warmed, self.count = None, 0, len(self.replicas.alive)

    def take(self, step: int) -> Tensor:
        """Take the next step; return each living replica's loss."""
        if len(self.replicas.alive) != self.count:
            self._begin()
        if self.warmed < WARM_UP or not self._ready():
            self.warmed += 1
            work = self._step if self.hindrance else self._step_aside
            work()
            return self.losses
        assert self.replay is not None
        self.replay()
        return self.losses.clone()

    def _ready(self) -> bool:
        """Tell whether there is a recording, made now if need be."""
        if self.replay is None and not self.hindrance:
            try:
                self.replay = self.recorder.record(self._step)
                self.recorded += 1
            except RecordingError as error:
                self.hindrance = str(error)
        return self.replay is not None

    def _step_aside(self) -> None:
        self.recorder.aside(self._step)

    def _step(self) -> None:
        """Take a step that finds on the device all that it needs."""
        course = self.course
        picked = course.order.index_select(0, self.behind)[0]
        factor = self.factors.index_select(0, self.behind)[0]
        self.behind.add_(1)
        step = self.behind.to(torch.float64)[0]
        self.losses = self.replicas.step(course.x[picked], course.y[picked], step, factor)
