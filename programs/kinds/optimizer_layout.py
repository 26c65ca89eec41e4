"""How a model's parameter tensors lie in memory while a program is probed: all in one row.

An element-wise statement then takes one call for the whole model. Only a statement that looks at
rows and columns is given the tensors one by one, as views. One number per tensor comes out as an
array of so many *parts*; anything else stays a list, one array per tensor, until a statement joins
it with something that lies in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from programs.kind import Scope

Value = Any
"""An array whose last axis is the row, the parts, or one element; or a list, one per tensor."""


class Layout:
    """The places of tensors of `shapes`, (rows, columns) each, in a row of `count` elements."""

    def __init__(self, shapes: Sequence[tuple[int, int]]) -> None:
        self.shapes = tuple(shapes)
        ends = np.cumsum([rows * columns for rows, columns in shapes]).tolist()
        self.slices = [slice(a, b) for a, b in zip([0, *ends], ends, strict=False)]
        self.count: int = ends[-1]
        # Of a single tensor, one number is as good as one for each.
        self.parts = len(shapes) if len(shapes) > 1 else -1
        self.owners = np.repeat(np.arange(len(shapes)), [r * c for r, c in shapes])

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

    def apply(self, run: Callable[..., Value], scope: Scope, *args: Value) -> Value:
        """Run an op that looks so far on values."""
        lists = row = parts = False
        for arg in args:
            if type(arg) is list:
                lists = True
            elif shape := arg.shape:
                if shape[-1] == self.count:
                    row = True
                elif shape[-1] == self.parts:
                    parts = True
        if scope is Scope.ELEMENT and not (lists and not row):
            if row and (lists or parts):
                args = tuple([self.widened(a) for a in args])
            return run(*args)
        if scope is Scope.MODEL:
            return self._whole(run, args, lists or parts)
        if not (lists or row or parts):
            return run(*args)
        return self._gathered([run(*each) for each in zip(*map(self._spread, args), strict=True)])

    def widened(self, value: Value) -> Value:
        """Return what is one per tensor or in a list as one array for the row."""
        if type(value) is list:
            return self.join(value)
        return value[..., self.owners] if self._in_parts(value) else value

    def _in_row(self, value: np.ndarray) -> bool:
        return value.ndim > 0 and value.shape[-1] == self.count

    def _in_parts(self, value: np.ndarray) -> bool:
        return value.ndim > 0 and value.shape[-1] == self.parts

    def _gathered(self, tensors: list[np.ndarray]) -> Value:
        """Return numbers, one for each tensor, as parts."""
        if all(t.shape[-2:] == (1, 1) for t in tensors):
            return np.concatenate(tensors, axis=-1)
        return tensors

    def _whole(self, run: Callable[..., Value], args: Sequence[Value], apart: bool) -> Value:
        """Run a statement that looks at all tensors: one by one, or the row as a single one."""
        if apart:
            return run(*map(self._spread, args))
        found = run(*([a] for a in args))
        return found[0] if type(found) is list else found

    def _spread(self, value: Value) -> list[np.ndarray]:
        """Return a value as one array per tensor."""
        if type(value) is list:
            return value
        if self._in_row(value):
            return self.split(value)
        if self._in_parts(value):
            return [value[..., i : i + 1] for i in range(len(self.shapes))]
        return [value] * len(self.shapes)
