"""Which of the fixed parts of an exported optimiser a program calls for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from programs.export.scalars import Scalars
from programs.kinds.shapes import Dims


@dataclass(frozen=True, slots=True)
class Shape:
    """What the fixed parts depend on.

    `matrix`: tensors are seen as matrices. `rounds`: how often a step asks for a norm over the
    whole model. `starts`: names for the places where a tensor's noise starts, by the noise's shape.
    """

    name: str
    lr: float
    states: tuple[str, ...]
    scalars: Scalars
    matrix: bool
    rounds: int
    starts: Mapping[Dims, str]

    @property
    def counts(self) -> bool:
        """Tell whether steps must be counted."""
        return "step" in self.scalars.inputs

    @property
    def total(self) -> bool:
        """Tell whether the program asks for the number of steps in all."""
        return "total" in self.scalars.inputs

    @property
    def parameters(self) -> list[str]:
        """Return the parameters of a function that is the program."""
        return ["w", "g", *self.states, *self.starts.values(), *self.scalars.parameters]

    @property
    def helpers(self) -> set[str]:
        """Return the helper functions that the fixed parts call."""
        wanted = {
            "by_type": True,
            "by_step": self.counts,
            "answered": self.rounds,
            "beside": self.scalars.parameters,
            "matrix": self.matrix,
            "as_lists": self.matrix,
            "copy_back": self.matrix,
        }
        return {name for name, is_wanted in wanted.items() if is_wanted}
