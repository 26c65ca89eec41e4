"""Mixing of positions without attention, and changes between sequences, images and vectors."""

from __future__ import annotations

import math

from programs.kind import Attribute, Param, Type, TypeMismatch
from programs.kinds.networks.features import Feature, acausal, combined, feature, sequence
from programs.kinds.networks.layer import WIDTH, Weight, Weights, layer, matrix, whole

_X = Param("x")
_SEES_ALL = "every position would see later ones"
_SIZE = Param("size", 2.0, Attribute(2, 16, (2, 4)))


def _sequence(x: Type, *_: object) -> Feature:
    return sequence(x)


def _mixed_by_fft(x: Type) -> Feature:
    return acausal(sequence(x), _SEES_ALL)


def _local(x: Type, *_: object) -> Feature:
    return feature(x, "sequence", "image")


def _transposed(x: Type) -> Feature:
    found = acausal(sequence(x), _SEES_ALL)
    length, width = found.shape
    return found.shaped((width, length)).wide(length)


def _concat(x: Type, y: Type) -> Feature:
    left, right = feature(x), feature(y)
    combined(left.wide(1), right.wide(1))
    if left.sort != right.sort:
        raise TypeMismatch(f"cannot concatenate {left} with {right}")
    return left.wide(left.width + right.width)


def _pooled(x: Type, size: int) -> Feature:
    found = acausal(feature(x, "sequence", "image"), "pooling changes the length")
    sizes = found.shape[1:] if found.sort == "image" else found.shape[:1]
    if min(sizes) < size:
        raise TypeMismatch(f"{found} is smaller than a pool of {size}")
    if found.sort == "image":
        return found.shaped((found.width, *(n // size for n in sizes)))
    return found.shaped((sizes[0] // size, found.width))


def _enlarged(x: Type, size: int) -> Feature:
    found = acausal(feature(x, "sequence", "image"), "it changes the length")
    if found.sort == "image":
        return found.shaped((found.width, *(n * size for n in found.shape[1:])))
    return found.shaped((found.length * size, found.width))


def _to_vector(x: Type) -> Feature:
    found = acausal(feature(x, "sequence", "image"), _SEES_ALL)
    return Feature("vector", (found.width,))


def _flattened(x: Type) -> Feature:
    found = acausal(feature(x, "sequence", "image"), _SEES_ALL)
    return Feature("vector", (1,)).wide(math.prod(found.shape))


def _to_sequence(x: Type) -> Feature:
    found = feature(x, "image")
    return Feature("sequence", (found.positions, found.width))


def _to_image(x: Type) -> Feature:
    found = acausal(sequence(x), "an image has no order")
    side = math.isqrt(found.length)
    if side * side != found.length:
        raise TypeMismatch(f"a sequence of length {found.length} is no square image")
    return Feature("image", (found.width, side, side))


def _patched(x: Type, size: int, width: int) -> Feature:
    found = feature(x, "image")
    _, height, breadth = found.shape
    if height % size or breadth % size:
        raise TypeMismatch(f"patches of {size} do not divide {found}")
    positions = (height // size) * (breadth // size)
    return Feature("sequence", (positions, 1)).wide(width or found.width)


def _patching(x: Feature, size: int, width: int) -> Weights:
    out = width or x.width
    std = 1 / math.sqrt(x.width * size * size)
    return {"weight": Weight((out, x.width, size, size), std), "bias": Weight((out,))}


MIXING = (
    layer(
        "token_linear",
        "x",
        _sequence,
        "token_linear(x, weight, bias, causal)",
        "a learned linear map over positions; over earlier ones if causal",
        weights=lambda x: {"weight": matrix(x.length, x.length), "bias": Weight((x.length,))},
        names="weight bias",
        flops=lambda x: 2 * x.length**2 * x.width,
        context="causal",
    ),
    layer(
        "long_conv",
        "x",
        _sequence,
        "long_conv(x, weight, causal)",
        "convolution of each feature as long as the sequence, by FFT (Poli et al. 2023, Hyena)",
        weights=lambda x: {"weight": Weight((x.width, x.length), 1 / math.sqrt(x.length))},
        names="weight",
        context="causal",
    ),
    layer(
        "fourier",
        "x",
        _mixed_by_fft,
        "fourier(x)",
        "real part of the Fourier transform over positions and features (FNet)",
    ),
    layer(
        "pooling",
        (_X, whole("kernel", 3, 31, 3, 5, 7, least=2)),
        _local,
        "pooling(x, kernel, causal)",
        "mean over a window around each position; before it if causal (Yu et al. 2022)",
        context="causal",
    ),
    layer(
        "shift",
        (_X, whole("steps", 1, 64, 1, 2, 4)),
        _sequence,
        "shift(x, steps)",
        "each position gets the features of an earlier one (Peng et al. 2023, RWKV)",
    ),
    layer("transpose", "x", _transposed, "x.transpose(1, 2)", "positions become features"),
)

SHAPES = (
    layer("concat", "x y", _concat, "torch.cat([x, y], features(x))", "features side by side"),
    layer("max_pool", (_X, _SIZE), _pooled, "max_pool(x, size)", "largest of each window"),
    layer("avg_pool", (_X, _SIZE), _pooled, "avg_pool(x, size)", "mean of each window"),
    layer("upsample", (_X, _SIZE), _enlarged, "upsample(x, size)", "each position many times"),
    layer("mean_pool", "x", _to_vector, "x.mean(positions(x))", "mean over all positions"),
    layer("max_over", "x", _to_vector, "x.amax(positions(x))", "largest over all positions"),
    layer(
        "last",
        "x",
        lambda x: Feature("vector", (acausal(sequence(x), _SEES_ALL).width,)),
        "x[:, -1]",
        "the last position",
    ),
    layer("flatten", "x", _flattened, "x.flatten(1)", "all positions' features in a row"),
    layer(
        "to_sequence",
        "x",
        _to_sequence,
        "x.flatten(2).transpose(1, 2)",
        "an image's places in a row",
    ),
    layer("to_image", "x", _to_image, "to_image(x)", "a sequence as a square image"),
    layer(
        "patchify",
        (_X, Param("size", 4.0, Attribute(1, 64, (2, 4, 8))), WIDTH),
        _patched,
        "F.conv2d(x, weight, bias, size).flatten(2).transpose(1, 2)",
        "linear maps of an image's patches, as a sequence (Dosovitskiy et al. 2021)",
        weights=_patching,
        names="weight bias",
        flops=lambda x, size, width: 2 * (width or x.width) * math.prod(x.shape),
    ),
)
