"""Where two programs part on the probes of their kind: first, and furthest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import isfinite, prod
from typing import Any

import numpy as np

from programs.fingerprint import MANTISSA_BITS, rounded
from programs.kinds import optimizer_probe, schedule


@dataclass(frozen=True, slots=True)
class Place:
    """An output, where it stands in words, and what each program gives there."""

    output: tuple[int, ...]
    where: str
    a: float
    b: float

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts; what is not finite goes as text."""
        a, b = (v if isfinite(v) else str(v) for v in (self.a, self.b))
        return {"output": list(self.output), "where": self.where, "a": a, "b": b}


@dataclass(frozen=True, slots=True)
class Parting:
    """How far two arrays of outputs of one shape are apart.

    `different` outputs are not equal, as fingerprints round. `largest` is where the gap is largest
    as a part of the larger value, `gap`: 2 where signs differ, infinite where one is not finite.
    """

    shape: tuple[int, ...]
    different: int
    first: Place
    largest: Place
    gap: float

    @property
    def count(self) -> int:
        """Count the outputs."""
        return prod(self.shape)


def parting(a: np.ndarray, b: np.ndarray, kind: str) -> Parting | None:
    """Compare two programs' outputs of one shape; `None` where they are equal as rounded."""
    apart = np.argwhere(rounded(a, MANTISSA_BITS) != rounded(b, MANTISSA_BITS))
    if not len(apart):
        return None
    gaps = _gaps(a, b)
    furthest = np.unravel_index(np.argmax(gaps), gaps.shape)

    def place(index: tuple[int, ...]) -> Place:
        return Place(index, _where(kind, index), float(a[index]), float(b[index]))

    largest = tuple(int(i) for i in furthest)
    first = tuple(int(i) for i in apart[0])
    return Parting(a.shape, len(apart), place(first), place(largest), float(gaps[largest]))


def _gaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    size = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(all="ignore"):
        gaps = np.where(size > 0, np.abs(a - b) / size, 0.0)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(alike, 0.0, np.where(np.isfinite(a) & np.isfinite(b), gaps, np.inf))


def _where(kind: str, index: tuple[int, ...]) -> str:
    """Say where an output stands: the step, learning rate and tensor, or the length and step."""
    if kind == "optimizer":
        time, run, element = index
        rate = optimizer_probe.given().rates[time, run]
        ends = list(accumulate(prod(shape) for shape in optimizer_probe.SHAPES))
        tensor = next(i for i, end in enumerate(ends) if element < end)
        rows, columns = optimizer_probe.SHAPES[tensor]
        inside = element - (ends[tensor - 1] if tensor else 0)
        return (
            f"step {optimizer_probe.STEPS[time][run]}, learning rate {rate:.3g}, "
            f"element {inside} of the {rows} × {columns} tensor"
        )
    if kind == "schedule":
        (place,) = index
        for total, steps in schedule.COURSES:
            if place < len(steps):
                return f"step {steps[place]} of {total}"
            place -= len(steps)
    return f"output {', '.join(map(str, index))}"
