"""What a task says to an architecture: what comes in, and what its answer is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Input = Literal["sequence", "image", "vector"]

_DIMENSIONS = {"sequence": 2, "image": 3, "vector": 1}


@dataclass(frozen=True, slots=True)
class Spec:
    """The place of a network between a task's input stem and its read-out.

    `shape` is the stem's output without the batch: `[length, width]`, `[channels, height, width]`
    or `[width]`. `outputs` counts what the read-out predicts. With `causal`, position t may see
    only the positions up to t, and the network keeps the sequence's length.
    """

    input: Input
    shape: tuple[int, ...]
    outputs: int
    causal: bool = False

    def __post_init__(self) -> None:
        if len(self.shape) != _DIMENSIONS.get(self.input):
            raise ValueError(f"a {self.input} has no shape {list(self.shape)}")
        if self.causal and self.input != "sequence":
            raise ValueError(f"only a sequence can be causal, not a {self.input}")
