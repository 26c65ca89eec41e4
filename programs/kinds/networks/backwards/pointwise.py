"""Rules for arithmetic, activations, norms and dense maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch

from programs.kinds.networks.backwards.arrays import (
    Array,
    Back,
    Rule,
    Value,
    aligned,
    dot,
    features,
    gathered,
    mean,
    per_feature,
    product,
    sigmoid,
    softmax,
    through_softmax,
)

_SQRT_HALF, _DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


def _add(a: Value, b: Value) -> tuple[Array, Back]:
    return aligned(a, b) + aligned(b, a), lambda d: (gathered(d, a, b), gathered(d, b, a))


def _sub(a: Value, b: Value) -> tuple[Array, Back]:
    return aligned(a, b) - aligned(b, a), lambda d: (gathered(d, a, b), gathered(-d, b, a))


def _mul(a: Value, b: Value) -> tuple[Array, Back]:
    left, right = aligned(a, b), aligned(b, a)
    return left * right, lambda d: (gathered(d * right, a, b), gathered(d * left, b, a))


def _extreme(choose: Callable[..., Array], first: Callable[..., Array]) -> Rule:
    """Return the rule of the larger or smaller of two; equals share the gradient."""

    def rule(a: Value, b: Value) -> tuple[Array, Back]:
        left, right = aligned(a, b), aligned(b, a)

        def back(d: Array) -> tuple[Array | None, Array | None]:
            share = first(left, right) + 0.5 * (left == right)
            return gathered(d * share, a, b), gathered(d * (1 - share), b, a)

        return choose(left, right), back

    return rule


def _scale(x: Array, *, weight: Array, **_: object) -> tuple[Array, Back]:
    factor = per_feature(weight, x)
    return x * factor, lambda d: (d * factor,)


def _shifted(x: Array, *, weight: Array) -> tuple[Array, Back]:
    return x + per_feature(weight, x), lambda d: (d,)


def _relu(x: Array) -> tuple[Array, Back]:
    y = np.maximum(x, 0.0)
    return y, lambda d: (d * (x > 0),)


def _squared_relu(x: Array) -> tuple[Array, Back]:
    y = np.maximum(x, 0.0)
    return y * y, lambda d: (d * (y + y),)


def _silu(x: Array) -> tuple[Array, Back]:
    s = sigmoid(x)
    return x * s, lambda d: (d * (s + x * s * (1 - s)),)


def _gelu(x: Array) -> tuple[Array, Back]:
    below = 0.5 + 0.5 * torch.erf(torch.from_numpy(x * _SQRT_HALF)).numpy()
    return x * below, lambda d: (d * (below + x * _DENSITY * np.exp(-0.5 * x * x)),)


def _tanh(x: Array) -> tuple[Array, Back]:
    y = np.tanh(x)
    return y, lambda d: (d * (1 - y * y),)


def _sigmoid(x: Array) -> tuple[Array, Back]:
    y = sigmoid(x)
    return y, lambda d: (d * y * (1 - y),)


def _elu(x: Array) -> tuple[Array, Back]:
    y = np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))
    return y, lambda d: (np.where(x > 0, d, d * (y + 1)),)


def _leaky_relu(x: Array) -> tuple[Array, Back]:
    slope = np.where(x > 0, 1.0, 0.01)
    return x * slope, lambda d: (d * slope,)


def _softplus(x: Array) -> tuple[Array, Back]:
    """Return log(1 + eˣ), or x above 20, as torch does."""
    far = x > 20
    y = np.where(far, x, np.log1p(np.exp(np.minimum(x, 20.0))))
    return y, lambda d: (np.where(far, d, d * sigmoid(x)),)


def _exp(x: Array) -> tuple[Array, Back]:
    y = np.exp(np.minimum(x, 10.0))
    return y, lambda d: (d * y * (x <= 10),)


def _spline(x: Array, *, weight: Array, **_: object) -> tuple[Array, Back]:
    """Go from knot to knot, evenly spaced over [-3, 3], beside a silu."""
    width, knots = weight.shape
    y, back_to_silu = _silu(x)
    place = (np.clip(x, -3.0, 3.0) + 3.0) * ((knots - 1) / 6.0)
    left = np.minimum(place, knots - 2).astype(np.int64)
    share = place - left
    at = left + per_feature(knots * np.arange(width), x)
    # Not-a-number has no place; whatever it takes comes to nothing beside its silu.
    here, there = (weight.ravel().take(i, mode="clip") for i in (at, at + 1))
    # At a knot and beyond the ends nothing is felt, as torch has it.
    slope = (there - here) * ((knots - 1) / 6.0) * ((share > 0) & (share < 1))
    return y + here + share * (there - here), lambda d: (back_to_silu(d)[0] + d * slope,)


def _softmax(x: Array) -> tuple[Array, Back]:
    dim = features(x)
    y = softmax(x, dim)
    return y, lambda d: (through_softmax(d, y, dim),)


def _glu(x: Array) -> tuple[Array, Back]:
    dim = features(x)
    a, b = np.split(x, 2, dim)
    s = sigmoid(b)
    return a * s, lambda d: (np.concatenate([d * s, d * a * s * (1 - s)], dim),)


def _layer_norm(x: Array, *, weight: Array, bias: Array) -> tuple[Array, Back]:
    dim = features(x)
    inner = x - mean(x, dim)
    size = 1 / np.sqrt(mean(inner * inner, dim) + 1e-5)
    inner *= size
    factor = per_feature(weight, x)

    def back(d: Array) -> tuple[Array]:
        d = d * factor
        along = mean(d * inner, dim)
        return ((d - mean(d, dim) - inner * along) * size,)

    return inner * factor + per_feature(bias, x), back


def _group_norm(
    x: Array, *, weight: Array, bias: Array, groups: int, **_: object
) -> tuple[Array, Back]:
    """Normalise groups of features: of an image over all places, else of each position."""
    rows = x if x.ndim == 4 else x.reshape(-1, x.shape[-1])
    shape = (len(rows), groups, -1)
    inner = rows.reshape(shape)
    inner = inner - mean(inner, -1)
    size = 1 / np.sqrt(mean(inner * inner, -1) + 1e-5)
    inner *= size
    factor = per_feature(weight, x)

    def back(d: Array) -> tuple[Array]:
        d = (d * factor).reshape(shape)
        along = mean(d * inner, -1)
        return (((d - mean(d, -1) - inner * along) * size).reshape(x.shape),)

    return inner.reshape(x.shape) * factor + per_feature(bias, x), back


def _rms_norm(x: Array, *, weight: Array) -> tuple[Array, Back]:
    dim = features(x)
    size = 1 / np.sqrt(mean(x * x, dim) + 1e-6)
    inner, factor = x * size, per_feature(weight, x)

    def back(d: Array) -> tuple[Array]:
        d = d * factor
        return ((d - inner * mean(d * inner, dim)) * size,)

    return inner * factor, back


def _batch_norm(
    x: Array, *, weight: Array, bias: Array, mean: Array, var: Array, training: bool
) -> tuple[Array, Back]:
    assert not training
    factor = per_feature(weight / np.sqrt(var + 1e-5), x)
    return (x - per_feature(mean, x)) * factor + per_feature(bias, x), lambda d: (d * factor,)


def _linear(
    x: Array, *, weight: Array, bias: Array | None = None, **_: object
) -> tuple[Array, Back]:
    if x.ndim == 4:
        return _by_channels(x, weight, bias)
    y = dot(x, weight.T)
    if bias is not None:
        y += bias
    return y, lambda d: (dot(d, weight),)


def _low_rank(
    x: Array, *, down: Array, up: Array, bias: Array, **_: object
) -> tuple[Array, Back] | None:
    if x.ndim == 4:
        return None
    return dot(dot(x, down.T), up.T) + bias, lambda d: (dot(dot(d, up), down),)


def _by_channels(x: Array, weight: Array, bias: Array | None) -> tuple[Array, Back]:
    places = x.shape[2:]
    y = product(weight, x.reshape(*x.shape[:2], -1))
    if bias is not None:
        y += bias[:, None]
    return (
        y.reshape(len(x), -1, *places),
        lambda d: (product(weight.T, d.reshape(*d.shape[:2], -1)).reshape(x.shape),),
    )


POINTWISE: Mapping[str, Rule] = {
    "align(a, b) + align(b, a)": _add,
    "align(a, b) - align(b, a)": _sub,
    "align(a, b) * align(b, a)": _mul,
    "-x": lambda x: (-x, lambda d: (-d,)),
    "torch.maximum(*both(a, b))": _extreme(np.maximum, np.greater),
    "torch.minimum(*both(a, b))": _extreme(np.minimum, np.less),
    "x * per_feature(weight, x)": _scale,
    "x + per_feature(weight, x)": _shifted,
    "F.relu(x)": _relu,
    "F.relu(x) ** 2": _squared_relu,
    "F.gelu(x)": _gelu,
    "F.silu(x)": _silu,
    "torch.tanh(x)": _tanh,
    "torch.sigmoid(x)": _sigmoid,
    "F.elu(x)": _elu,
    "F.leaky_relu(x, 0.01)": _leaky_relu,
    "F.softplus(x)": _softplus,
    "torch.exp(torch.clamp(x, max=10.0))": _exp,
    "spline(x, weight)": _spline,
    "F.softmax(x, features(x))": _softmax,
    "torch.abs(x)": lambda x: (np.abs(x), lambda d: (d * np.sign(x),)),
    "x * x": lambda x: (x * x, lambda d: (2 * d * x,)),
    "torch.sin(x)": lambda x: (np.sin(x), lambda d: (d * np.cos(x),)),
    "F.glu(x, features(x))": _glu,
    "layer_norm(x, weight, bias)": _layer_norm,
    "rms_norm(x, weight)": _rms_norm,
    "group_norm(x, weight, bias, groups)": _group_norm,
    "batch_norm(x, weight, bias, mean, var, training)": _batch_norm,
    "linear(x, weight, bias)": _linear,
    "linear(linear(x, down, None), up, bias)": _low_rank,
}
