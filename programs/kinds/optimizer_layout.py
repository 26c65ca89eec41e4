"""How a model's parameter tensors lie in memory while a program is probed: all in one row.

An element-wise statement then takes one call for the whole model. Only a statement that looks at
rows and columns is given the tensors one by one, as views; what comes out stays a list, one array
per tensor, until a statement joins it with something that lies in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from programs.interpret import Step
from programs.kind import Scope

Value = Any
"""An array whose last axis is the row, or has one element; or a list with an array per tensor."""


class Layout:
    """The places of tensors of `shapes`, (rows, columns) each, in a row of `count` elements."""

    def __init__(self, shapes: Sequence[tuple[int, int]]) -> None:
        self.shapes = tuple(shapes)
        ends = np.cumsum([rows * columns for rows, columns in shapes]).tolist()
        self.slices = [slice(a, b) for a, b in zip([0, *ends], ends, strict=False)]
        self.count: int = ends[-1]

    def split(self, row: np.ndarray) -> list[np.ndarray]:
        """Return views `[…, rows, columns]` of an array `[…, 1, count]`."""
        lead = row.shape[:-2]
        return [
            row[..., 0, place].reshape(*lead, *shape)
            for place, shape in zip(self.slices, self.shapes, strict=True)
        ]

    def join(self, tensors: Sequence[np.ndarray]) -> np.ndarray:
        """Return one array `[…, 1, count]` of arrays that broadcast to the tensors' shapes."""
        row = np.empty((*tensors[0].shape[:-2], 1, self.count), dtype=tensors[0].dtype)
        for part, tensor in zip(self.split(row), tensors, strict=True):
            part[...] = tensor
        return row

    def in_row(self, value: Value) -> bool:
        """Tell whether a value lies in the row, rather than being shared by all its elements."""
        return type(value) is not list and value.ndim > 0 and value.shape[-1] == self.count

    def runner(self, step: Step) -> Callable[..., Value]:
        """Return a statement as a function of values."""
        if step.scope is Scope.MODEL:
            return lambda *args: self._whole(step, args)
        if step.scope is Scope.TENSOR:
            return lambda *args: self._each(step, args)
        return lambda *args: self._elements(step, args)

    def _elements(self, step: Step, args: Sequence[Value]) -> Value:
        if not any(type(a) is list for a in args):
            return step.run(*args)
        if any(self.in_row(a) for a in args):
            return step.run(*[self.join(a) if type(a) is list else a for a in args])
        return self._each(step, args)

    def _each(self, step: Step, args: Sequence[Value]) -> Value:
        if not any(type(a) is list or self.in_row(a) for a in args):
            return step.run(*args)
        return [step.run(*row) for row in zip(*map(self._spread, args), strict=True)]

    def _whole(self, step: Step, args: Sequence[Value]) -> Value:
        if any(type(a) is list for a in args):
            return step.run(*map(self._spread, args))
        found = step.run(*([a] for a in args))
        return found[0] if type(found) is list else found

    def _spread(self, value: Value) -> list[np.ndarray]:
        if type(value) is list:
            return value
        return self.split(value) if self.in_row(value) else [value] * len(self.shapes)
