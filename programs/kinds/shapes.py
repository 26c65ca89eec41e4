"""Symbolic shapes of what an optimiser computes with: the matrix view of a parameter tensor.

A tensor of shape `[d0, d1, …]` is seen as `r × c` with `r = d0` and `c = d1·d2·…` (a vector is
`r × 1`). A program must fit every tensor, so dimensions stay symbols: `r`, `c` and `1`.
"""

from __future__ import annotations

from typing import NamedTuple

from programs.kind import TypeMismatch

ONE = "1"


class Dims(NamedTuple):
    """A shape of two symbolic dimensions; a tuple, because types are looked up all the time."""

    rows: str
    columns: str

    def __str__(self) -> str:
        return _WORDS.get((self.rows, self.columns), f"an {self.rows}×{self.columns} matrix")


SCALAR = Dims(ONE, ONE)
TENSOR = Dims("r", "c")

_WORDS = {
    (ONE, ONE): "a scalar",
    ("r", "c"): "a tensor of w's shape",
    ("r", ONE): "a column (one value per row)",
    (ONE, "c"): "a row (one value per column)",
    ("c", "r"): "a transposed tensor",
}


def broadcast(*shapes: Dims) -> Dims:
    """Return the shape that element-wise arithmetic gives, as numpy broadcasting does."""
    rows = _common({s.rows for s in shapes}, shapes)
    return Dims(rows, _common({s.columns for s in shapes}, shapes))


def _common(sizes: set[str], shapes: tuple[Dims, ...]) -> str:
    sizes = sizes - {ONE}
    if len(sizes) > 1:
        # A scalar combines with everything, and what is there twice need be named once.
        unlike = dict.fromkeys(str(s) for s in shapes if s != SCALAR)
        raise TypeMismatch(f"cannot combine {' with '.join(unlike)}")
    return sizes.pop() if sizes else ONE


def total(*shapes: Dims) -> Dims:
    """Return a scalar for tensors that broadcast with each other."""
    for shape in shapes:
        _demand_tensor(shape)
    broadcast(*shapes)
    return SCALAR


def same(shape: Dims) -> Dims:
    """Return the shape of the one tensor given."""
    _demand_tensor(shape)
    return shape


def scaled(shape: Dims, factor: Dims) -> Dims:
    """Return the tensor's shape where the second argument must be a scalar."""
    if factor != SCALAR:
        raise TypeMismatch(f"expected a scalar as second argument, found {factor}")
    return same(shape)


def per_row(shape: Dims) -> Dims:
    """Return one value for each row."""
    _demand_tensor(shape)
    return Dims(shape.rows, ONE)


def per_column(shape: Dims) -> Dims:
    """Return one value for each column."""
    _demand_tensor(shape)
    return Dims(ONE, shape.columns)


def transposed(shape: Dims) -> Dims:
    """Swap rows and columns."""
    _demand_tensor(shape)
    return Dims(shape.columns, shape.rows)


def product(left: Dims, right: Dims) -> Dims:
    """Return the shape of a matrix product."""
    _demand_tensor(left)
    _demand_tensor(right)
    if left.columns != right.rows:
        raise TypeMismatch(
            f"cannot multiply {left} by {right}: {left.columns} columns meet {right.rows} rows"
        )
    return Dims(left.rows, right.columns)


def _demand_tensor(shape: Dims) -> None:
    if shape == SCALAR:
        raise TypeMismatch("expected a tensor, found a scalar")
