"""Optimisers: what happens to each parameter tensor at each step.

    def update(w, g, m, lr, step, total):     # w weight, g gradient, m a state, the rest scalars
        m = lerp(m, g, 0.1)
        return lr * m, m                      # what is subtracted from w, then the new states

Element-wise functions and their conventions are in `arithmetic.py`. Besides, everywhere alike:

    a tensor is its matrix view                   first dimension × the rest; a vector: r × 1
    shapes broadcast                              r × 1, 1 × c and scalars meet r × c
    a bias is a vector                            column_count(w) <= 1 tells it
    a state has the shape of w                    new ones too: no r × 1, 1 × c, c × c or scalar
    a state is zero before the first step         where(step <= 1, w, s) starts it elsewhere
    step is 1, 2, …, total                        lr is that step's rate, its schedule applied
    orthogonalize is approximate                  singular values about 0.7 … 1.2; of a vector:
                                                  about 0.7 · a / norm(a)
    noise(a, key) is a table of normal numbers    row: the whole part of `key`; column: the place of
                                                  the element among all parameters, counted in order
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from programs.genome import Genome
from programs.kind import Entry, Kind, Op, Param, Scope, Type, vocabulary
from programs.kinds import arithmetic, shapes
from programs.kinds.arithmetic import ARITHMETIC, COMPARISONS, ELEMENTWISE
from programs.kinds.optimizer_helpers import HELPERS
from programs.kinds.shapes import SCALAR, TENSOR

if TYPE_CHECKING:
    import numpy as np

_BOTH = "axis=(-2, -1), keepdims=True"


def _tensorwise(
    name: str,
    params: str,
    infer: Callable[..., Type],
    expression: str,
    doc: str,
    *,
    infix: str | None = None,
    commutative: bool = False,
    scope: Scope = Scope.TENSOR,
) -> Op:
    arguments = tuple(Param(p) for p in params.split())
    return Op(name, arguments, infer, expression, doc, infix, commutative, scope)


def _count(number: str) -> str:
    """Write a fact about the shape of `a` as a scalar array, as every other reduction gives."""
    return f"xp.full_like(a[..., :1, :1], {number})"


PER_TENSOR = (
    _tensorwise("norm", "a", shapes.total, f"xp.sqrt(xp.sum(a * a, {_BOTH}))", "Euclidean norm"),
    _tensorwise("mean", "a", shapes.total, f"xp.mean(a, {_BOTH})", "mean of all elements"),
    _tensorwise("sum", "a", shapes.total, f"xp.sum(a, {_BOTH})", "sum of all elements"),
    _tensorwise("rms", "a", shapes.total, f"xp.sqrt(xp.mean(a * a, {_BOTH}))", "root mean square"),
    _tensorwise(
        "dot", "a b", shapes.total, f"xp.sum(a * b, {_BOTH})", "inner product", commutative=True
    ),
    _tensorwise(
        "cosine_sim",
        "a b",
        shapes.total,
        f"divide(xp.sum(a * b, {_BOTH}), xp.sqrt(xp.sum(a * a, {_BOTH}) * xp.sum(b * b, {_BOTH})))",
        "cosine of the angle between two tensors",
        commutative=True,
    ),
    _tensorwise(
        "row_mean", "a", shapes.per_row, "xp.mean(a, axis=-1, keepdims=True)", "mean of each row"
    ),
    _tensorwise(
        "column_mean",
        "a",
        shapes.per_column,
        "xp.mean(a, axis=-2, keepdims=True)",
        "mean of each column",
    ),
    _tensorwise(
        "row_norm",
        "a",
        shapes.per_row,
        "xp.sqrt(xp.sum(a * a, axis=-1, keepdims=True))",
        "norm of each row",
    ),
    _tensorwise(
        "column_norm",
        "a",
        shapes.per_column,
        "xp.sqrt(xp.sum(a * a, axis=-2, keepdims=True))",
        "norm of each column",
    ),
    _tensorwise("row_count", "a", shapes.total, _count("a.shape[-2]"), "number of rows"),
    _tensorwise("column_count", "a", shapes.total, _count("a.shape[-1]"), "number of columns"),
    _tensorwise(
        "numel", "a", shapes.total, _count("a.shape[-2] * a.shape[-1]"), "number of elements"
    ),
    _tensorwise(
        "transpose", "a", shapes.transposed, "xp.swapaxes(a, -1, -2)", "rows become columns"
    ),
    _tensorwise("matmul", "a b", shapes.product, "xp.matmul(a, b)", "matrix product", infix="@"),
    _tensorwise(
        "orthogonalize",
        "a",
        shapes.same,
        "newton_schulz(a)",
        "nearest orthogonal matrix, by five Newton–Schulz steps (Muon)",
    ),
)

OF_THE_MODEL = (
    _tensorwise(
        "global_norm",
        "a",
        shapes.total,
        "global_norm(a)",
        "norm over all parameter tensors as one vector",
        scope=Scope.MODEL,
    ),
    _tensorwise(
        "clip_by_global_norm",
        "a c",
        shapes.scaled,
        "[x * xp.clip(divide(xp.abs(k), global_norm(a)), 0.0, 1.0) for x, k in zip(a, c)]",
        "a scaled so that its norm over all parameter tensors is at most c",
        scope=Scope.MODEL,
    ),
    _tensorwise(
        "noise",
        "a key",
        shapes.scaled,
        "normal_numbers(a, key)",
        "standard normal numbers of a's shape, the same for the same key: noise(g, step)",
        scope=Scope.MODEL,
    ),
)


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked optimiser on the fixed problem and return all its updates."""
    from programs.kinds.optimizer_probe import probe as run  # numpy is imported late

    return run(genome, kind)


def fresh(genome: Genome, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Run a checked optimiser on a random problem, as `probe` does on the fixed one."""
    from programs.kinds.optimizer_fresh import fresh as run

    return run(genome, kind, rng)


def agreement(genome: Genome, kind: Kind, rng: np.random.Generator) -> Callable[[Genome], float]:
    """Return a score for others: how near they bring small models to where this one does."""
    from programs.kinds.optimizer_agreement import agreement as with_this

    return with_this(genome, kind, rng)


KIND = Kind(
    name="optimizer",
    entry=Entry(
        name="update",
        inputs={"w": TENSOR, "g": TENSOR, "lr": SCALAR, "step": SCALAR, "total": SCALAR},
        required=("w", "g"),
        output=TENSOR,
        state=TENSOR,
        vital={"g": "the gradient"},
    ),
    ops=vocabulary(ARITHMETIC, COMPARISONS, ELEMENTWISE, PER_TENSOR, OF_THE_MODEL),
    number=SCALAR,
    probe=probe,
    constants=arithmetic.CONSTANTS,
    helpers=HELPERS,
    fresh=fresh,
    agreement=agreement,
)
