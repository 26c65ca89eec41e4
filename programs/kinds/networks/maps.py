"""Learned maps from features to features: dense, low-rank, spline, mixtures, convolutions."""

from __future__ import annotations

import math

from programs.kind import Param, Type, TypeMismatch
from programs.kinds.networks.features import Feature, acausal, feature
from programs.kinds.networks.layer import (
    TIMES,
    WIDTH,
    Weight,
    Weights,
    flag,
    layer,
    matrix,
    out_width,
    whole,
)

_X, _Y = Param("x"), Param("y")
_KERNEL = whole("kernel", 3, 63, 1, 3, 5, 7)
_DILATION = whole("dilation", 1, 64, 1, 2, 4, 8)
_STRIDE = whole("stride", 1, 16, 1, 2)
_IDLE = (("dilation", lambda given: given["kernel"] == 1),)


def _dense(x: Type, width: int, times: float, bias: int = 1) -> Feature:
    found = feature(x)
    return found.wide(out_width(found, width, times))


def _dense_weights(x: Feature, width: int, times: float, bias: int = 1) -> Weights:
    out = out_width(x, width, times)
    return {"weight": matrix(x.width, out), "bias": Weight((out,)) if bias else None}


def _dense_flops(x: Feature, width: int, times: float, bias: int = 1) -> int:
    return 2 * x.positions * x.width * out_width(x, width, times)


def _low_rank(x: Type, rank: int, width: int, times: float) -> Feature:
    return _dense(x, width, times)


def _low_rank_weights(x: Feature, rank: int, width: int, times: float) -> Weights:
    out = out_width(x, width, times)
    return {"down": matrix(x.width, rank), "up": matrix(rank, out), "bias": Weight((out,))}


def _low_rank_flops(x: Feature, rank: int, width: int, times: float) -> int:
    return 2 * x.positions * rank * (x.width + out_width(x, width, times))


def _bilinear(x: Type, y: Type, width: int, times: float) -> Feature:
    left, right = feature(x), feature(y)
    if left.wide(1) != right.wide(1):
        raise TypeMismatch(f"cannot combine {left} with {right}")
    return _dense(x, width, times)


def _bilinear_weights(x: Feature, y: Feature, width: int, times: float) -> Weights:
    out = out_width(x, width, times)
    return {"left": matrix(x.width, out), "right": matrix(y.width, out)}


def _bilinear_flops(x: Feature, y: Feature, width: int, times: float) -> int:
    return 2 * x.positions * (x.width + y.width) * out_width(x, width, times)


def _kan(x: Type, width: int, times: float, knots: int) -> Feature:
    feature(x, "sequence", "vector")
    return _dense(x, width, times)


def _kan_weights(x: Feature, width: int, times: float, knots: int) -> Weights:
    out = out_width(x, width, times)
    return {
        "base": matrix(x.width, out),
        "bumps": Weight((out, x.width * knots), 0.1 / math.sqrt(x.width)),
    }


def _kan_flops(x: Feature, width: int, times: float, knots: int) -> int:
    return 2 * x.positions * x.width * (1 + knots) * out_width(x, width, times)


def _moe(x: Type, experts: int, top: int, times: float) -> Feature:
    found = feature(x, "sequence", "vector")
    if top > experts:
        raise TypeMismatch(f"cannot take the top {top} of {experts} experts")
    found.wide(_hidden(found, times))
    return found


def _hidden(x: Feature, times: float) -> int:
    return max(1, round(x.width * times))


def _moe_weights(x: Feature, experts: int, top: int, times: float) -> Weights:
    hidden, width = _hidden(x, times), x.width
    return {
        "router": matrix(width, experts),
        "up": Weight((experts, width, hidden), 1 / math.sqrt(width)),
        "down": Weight((experts, hidden, width), 1 / math.sqrt(hidden)),
    }


def _moe_flops(x: Feature, experts: int, top: int, times: float) -> int:
    return 2 * x.positions * x.width * experts * (1 + 2 * _hidden(x, times))


def _conv(
    x: Type, width: int, kernel: int, stride: int, dilation: int, groups: int, times: float
) -> Feature:
    found = feature(x, "sequence", "image")
    out = out_width(found, width, times)
    if found.width % groups or out % groups:
        raise TypeMismatch(f"{groups} groups do not divide widths of {found.width} and {out}")
    if stride > 1:
        acausal(found, "a stride changes the length")
    return found.wide(out).strided(stride)


def _conv_weights(
    x: Feature, width: int, kernel: int, stride: int, dilation: int, groups: int, times: float
) -> Weights:
    out, inputs = out_width(x, width, times), x.width // groups
    sizes = (kernel,) if x.sort == "sequence" else (kernel, kernel)
    std = 1 / math.sqrt(inputs * math.prod(sizes))
    return {"weight": Weight((out, inputs, *sizes), std), "bias": Weight((out,))}


def _conv_flops(
    x: Feature, width: int, kernel: int, stride: int, dilation: int, groups: int, times: float
) -> int:
    args = (width, kernel, stride, dilation, groups, times)
    weight = _conv_weights(x, *args)["weight"]
    assert weight is not None
    return 2 * weight.count * _conv(x, *args).positions


def _depthwise(x: Type, kernel: int, stride: int, dilation: int) -> Feature:
    return _conv(x, 0, kernel, stride, dilation, 1, 1)


def _depthwise_weights(x: Feature, kernel: int, stride: int, dilation: int) -> Weights:
    return _conv_weights(x, 0, kernel, stride, dilation, x.width, 1)


def _depthwise_flops(x: Feature, kernel: int, stride: int, dilation: int) -> int:
    return _conv_flops(x, 0, kernel, stride, dilation, x.width, 1)


def _halved(x: Type) -> Feature:
    found = feature(x)
    if found.width % 2:
        raise TypeMismatch(f"a width of {found.width} has no halves")
    return found.wide(found.width // 2)


MAPS = (
    layer(
        "linear",
        (_X, WIDTH, TIMES, flag("bias", 1)),
        _dense,
        "linear(x, weight, bias)",
        "a learned linear map of the features at each position",
        weights=_dense_weights,
        names="weight bias",
        flops=_dense_flops,
    ),
    layer(
        "low_rank_linear",
        (_X, Param("rank", None, whole("rank", 8, 1024, 2, 4, 8, 16).attribute), WIDTH, TIMES),
        _low_rank,
        "linear(linear(x, down, None), up, bias)",
        "a linear map through `rank` features",
        weights=_low_rank_weights,
        names="down up bias",
        flops=_low_rank_flops,
    ),
    layer(
        "bilinear",
        (_X, _Y, WIDTH, TIMES),
        _bilinear,
        "linear(x, left, None) * linear(y, right, None)",
        "the product of a linear map of x and one of y (Dauphin et al. 2017)",
        weights=_bilinear_weights,
        names="left right",
        flops=_bilinear_flops,
    ),
    layer(
        "kan",
        (_X, WIDTH, TIMES, whole("knots", 8, 64, 4, 8, 16, least=2)),
        _kan,
        "kan(x, base, bumps)",
        "sums of learned functions of each feature (Liu et al. 2024; piecewise linear)",
        weights=_kan_weights,
        names="base bumps",
        flops=_kan_flops,
    ),
    layer(
        "moe",
        (_X, whole("experts", 4, 64, 2, 4, 8), whole("top", 2, 64, 1, 2), TIMES),
        _moe,
        "moe(x, router, up, down, top)",
        "a mixture of two-layer experts, the `top` best of each position (Shazeer et al. 2017)",
        weights=_moe_weights,
        names="router up down",
        flops=_moe_flops,
    ),
    layer("glu", "x", _halved, "F.glu(x, features(x))", "first half times σ(second half)"),
    layer(
        "first_half", "x", _halved, "x.chunk(2, features(x))[0]", "the first half of the features"
    ),
    layer("second_half", "x", _halved, "x.chunk(2, features(x))[1]", "the other half"),
)

CONVOLUTIONS = (
    layer(
        "conv",
        (_X, WIDTH, _KERNEL, _STRIDE, _DILATION, whole("groups", 1, 1024, 1, 2, 4, 8), TIMES),
        _conv,
        "conv(x, weight, bias, stride, dilation, groups, causal)",
        "convolution along a sequence or over an image, padded to the same size",
        weights=_conv_weights,
        names="weight bias",
        flops=_conv_flops,
        context="causal",
        idle=_IDLE,
        aliases=("conv1d", "conv2d"),
        alike=4,  # PyTorch goes on with a padding
    ),
    layer(
        "depthwise_conv",
        (_X, _KERNEL, _STRIDE, _DILATION),
        _depthwise,
        "conv(x, weight, bias, stride, dilation, weight.shape[0], causal)",
        "convolution of each feature by itself",
        weights=_depthwise_weights,
        names="weight bias",
        flops=_depthwise_flops,
        context="causal",
        idle=_IDLE,
    ),
)
