"""Optimisers: what happens to each parameter tensor at each step.

    def update(w, g, m, lr, step, total):     # w weight, g gradient, m a state, the rest scalars
        m = lerp(m, g, 0.1)
        return lr * m, m                      # what is subtracted from w, then the new states

Numerical conventions, the same in the probes, in training and in an exported file:

    x / 0 is 0                                    exact division everywhere else
    sqrt and the logarithms act on |x|            log of |x| < 1e-30 is log 1e-30
    arcsin, arccos, arctanh, arccosh              clip their argument into their domain
    exp, exp2, exp10, expm1, sinh, cosh           clip their argument so that float32 stays finite
    pow is the machine's                          a negative number to a broken power is NaN
    x mod 0 is 0                                  else the remainder has the divisor's sign
    comparisons give 1 or 0, `where` tests != 0   a comparison with NaN is 0
    clip(a, b) holds a within ±|b|                clip(a, -2) is clip(a, 2)
    a tensor is its matrix view                   first dimension × the rest; a vector: r × 1
    a state is zero before the first step         where(step <= 1, w, s) starts it elsewhere
    noise(a, key) is a table of normal numbers    row: the whole part of `key`; column: the place of
                                                  the element among all parameters, counted in order

Functions and their names follow Chen et al. 2023 (Lion), appendix H, and its published code;
the rest is what today's optimisers need (row and column statistics, Newton–Schulz, masks).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from programs.kind import Entry, Kind, Op, Param, Scope, Type, vocabulary
from programs.kinds import shapes
from programs.kinds.optimizer_helpers import HELPERS
from programs.kinds.optimizer_probe import fresh, probe
from programs.kinds.shapes import SCALAR, TENSOR, broadcast

_BOTH = "axis=(-2, -1), keepdims=True"


def _unary(name: str, expression: str, doc: str, *aliases: str) -> Op:
    return Op(name, (Param("a"),), broadcast, expression, doc, aliases=aliases)


def _binary(
    name: str,
    expression: str,
    doc: str,
    *aliases: str,
    infix: str | None = None,
    commutative: bool = False,
) -> Op:
    params = (Param("a"), Param("b"))
    return Op(name, params, broadcast, expression, doc, infix, commutative, aliases=aliases)


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


ARITHMETIC = (
    _binary("add", "a + b", "sum", infix="+", commutative=True),
    _binary("sub", "a - b", "difference", "subtract", infix="-"),
    _binary("mul", "a * b", "product", "multiply", infix="*", commutative=True),
    _binary("div", "divide(a, b)", "quotient; x / 0 is 0", "divide", infix="/"),
    _binary("pow", "a ** b", "power", "power", infix="**"),
    _unary("neg", "-a", "negative", "negative"),
    _binary("maximum", "xp.maximum(a, b)", "larger of two", "max", commutative=True),
    _binary("minimum", "xp.minimum(a, b)", "smaller of two", "min", commutative=True),
    _binary("mod", "xp.where(b == 0, 0.0, xp.remainder(a, b))", "remainder; x mod 0 is 0"),
)

COMPARISONS = (
    _binary("gt", "(a > b) * 1.0", "1 where a > b, else 0", infix=">"),
    _binary("lt", "(a < b) * 1.0", "1 where a < b, else 0", infix="<"),
    _binary("ge", "(a >= b) * 1.0", "1 where a ≥ b, else 0", infix=">="),
    _binary("le", "(a <= b) * 1.0", "1 where a ≤ b, else 0", infix="<="),
    Op(
        "where",
        (Param("c"), Param("a"), Param("b")),
        broadcast,
        "xp.where(c != 0, a, b)",
        "a where c is not 0, else b",
    ),
)

ELEMENTWISE = (
    _unary("abs", "xp.abs(a)", "absolute value"),
    _unary("sign", "xp.sign(a)", "-1, 0 or 1"),
    _unary("square", "a * a", "a²"),
    _unary("cube", "a * a * a", "a³"),
    _unary("sqrt", "xp.sqrt(xp.abs(a))", "square root of |a|"),
    _unary("cbrt", "xp.sign(a) * xp.abs(a) ** (1.0 / 3.0)", "cube root"),
    _unary("reciprocal", "divide(1.0, a)", "1 / a; 1 / 0 is 0", "inverse"),
    _unary("exp", "xp.exp(xp.clip(a, -80.0, 80.0))", "eᵃ"),
    _unary("exp2", "xp.exp2(xp.clip(a, -115.0, 115.0))", "2ᵃ"),
    _unary("exp10", "10.0 ** xp.clip(a, -34.0, 34.0)", "10ᵃ"),
    _unary("expm1", "xp.expm1(xp.clip(a, -80.0, 80.0))", "eᵃ - 1"),
    _unary("log", "xp.log(xp.clip(xp.abs(a), 1e-30, 1e30))", "natural logarithm of |a|"),
    _unary("log2", "xp.log2(xp.clip(xp.abs(a), 1e-30, 1e30))", "logarithm of |a| to base 2"),
    _unary("log10", "xp.log10(xp.clip(xp.abs(a), 1e-30, 1e30))", "logarithm of |a| to base 10"),
    _unary("log1p", "xp.log(xp.clip(xp.abs(1.0 + a), 1e-30, 1e30))", "logarithm of |1 + a|"),
    _unary("sin", "xp.sin(a)", "sine"),
    _unary("cos", "xp.cos(a)", "cosine"),
    _unary("tan", "xp.tan(a)", "tangent"),
    _unary("arcsin", "xp.arcsin(xp.clip(a, -1.0, 1.0))", "inverse sine", "asin"),
    _unary("arccos", "xp.arccos(xp.clip(a, -1.0, 1.0))", "inverse cosine", "acos"),
    _unary("arctan", "xp.arctan(a)", "inverse tangent", "atan"),
    _unary("sinh", "xp.sinh(xp.clip(a, -80.0, 80.0))", "hyperbolic sine"),
    _unary("cosh", "xp.cosh(xp.clip(a, -80.0, 80.0))", "hyperbolic cosine"),
    _unary("tanh", "xp.tanh(a)", "hyperbolic tangent"),
    _unary("arcsinh", "xp.arcsinh(a)", "inverse hyperbolic sine", "asinh"),
    _unary("arccosh", "xp.arccosh(xp.clip(a, 1.0, 1e30))", "inverse hyperbolic cosine", "acosh"),
    _unary("arctanh", "xp.arctanh(xp.clip(a, -0.999999, 0.999999))", "its inverse", "atanh"),
    Op(
        "lerp",
        (Param("a"), Param("b"), Param("t")),
        broadcast,
        "a + (b - a) * t",
        "a + (b - a)·t: the moving average of optimisers",
        aliases=("interp", "interpolate"),
    ),
    _binary(
        "clip", "xp.minimum(xp.maximum(a, -xp.abs(b)), xp.abs(b))", "a held within ±|b|", "clamp"
    ),
)

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
    constants={"pi": math.pi, "e": math.e, "eps": 1e-8},
    helpers=HELPERS,
    fresh=fresh,
)
