"""Arithmetic, activations and normalisations: what keeps shapes."""

from __future__ import annotations

from programs.kind import Attribute, Param, Type, TypeMismatch
from programs.kinds.networks.features import Feature, acausal, combined, feature
from programs.kinds.networks.layer import Layer, Weight, Weights, layer, whole

_X = Param("x")


def same(x: Type, *_: object) -> Feature:
    """Return the type of the one feature given."""
    return feature(x)


def _affine(x: Feature, *_: object) -> Weights:
    return {"weight": Weight((x.width,), mean=1.0), "bias": Weight((x.width,))}


def _running(x: Feature) -> Weights:
    return {
        **_affine(x),
        "mean": Weight((x.width,), trained=False),
        "var": Weight((x.width,), mean=1.0, trained=False),
    }


def _not_causal(x: Type) -> Feature:
    return acausal(feature(x), "batch statistics cover later positions; use layer_norm or rms_norm")


def _grouped(x: Type, groups: int) -> Feature:
    found = feature(x)
    if found.width % groups:
        raise TypeMismatch(f"{groups} groups do not divide a width of {found.width}")
    return found


def _activation(name: str, expression: str, doc: str, *aliases: str) -> Layer:
    return layer(name, "x", same, expression, doc, aliases=aliases)


ARITHMETIC = (
    layer("add", "a b", combined, "align(a, b) + align(b, a)", "sum", infix="+", commutative=True),
    layer("sub", "a b", combined, "align(a, b) - align(b, a)", "difference", infix="-"),
    layer(
        "mul", "a b", combined, "align(a, b) * align(b, a)", "product", infix="*", commutative=True
    ),
    layer("neg", "x", same, "-x", "negative"),
    layer(
        "maximum",
        "a b",
        combined,
        "torch.maximum(*both(a, b))",
        "larger of two",
        commutative=True,
    ),
    layer(
        "minimum",
        "a b",
        combined,
        "torch.minimum(*both(a, b))",
        "smaller of two",
        commutative=True,
    ),
    layer(
        "scale",
        (_X, Param("start", 1.0, Attribute(0, 10, (0, 1e-4, 0.1, 1), False), keyword=True)),
        same,
        "x * per_feature(weight, x)",
        "each feature times a learned factor that begins at `start` (Touvron et al. 2021)",
        weights=lambda x, start: {"weight": Weight((x.width,), mean=start)},
        names="weight",
    ),
    layer(
        "bias",
        "x",
        same,
        "x + per_feature(weight, x)",
        "each feature plus a learned constant",
        weights=lambda x: {"weight": Weight((x.width,))},
        names="weight",
    ),
)

ACTIVATIONS = (
    _activation("relu", "F.relu(x)", "max(x, 0)"),
    _activation("squared_relu", "F.relu(x) ** 2", "max(x, 0)² (So et al. 2021, Primer)"),
    _activation("leaky_relu", "F.leaky_relu(x, 0.01)", "x, or 0.01 x below 0"),
    _activation("elu", "F.elu(x)", "x, or eˣ - 1 below 0"),
    _activation("gelu", "F.gelu(x)", "x·Φ(x)"),
    _activation("silu", "F.silu(x)", "x·σ(x)", "swish"),
    _activation("tanh", "torch.tanh(x)", "hyperbolic tangent"),
    _activation("sigmoid", "torch.sigmoid(x)", "1 / (1 + e⁻ˣ)"),
    _activation("softplus", "F.softplus(x)", "log(1 + eˣ)"),
    _activation("softmax", "F.softmax(x, features(x))", "positive features that sum to 1"),
    _activation("abs", "torch.abs(x)", "absolute value"),
    _activation("square", "x * x", "x²"),
    _activation("sin", "torch.sin(x)", "sine (Sitzmann et al. 2020, SIREN)"),
    _activation("exp", "torch.exp(torch.clamp(x, max=10.0))", "eˣ of x held below 10"),
    layer(
        "polynomial",
        (_X, whole("degree", 3, 8, 2, 3, 4)),
        same,
        "polynomial(x, weight)",
        "a learned polynomial of tanh(x) for each feature",
        weights=lambda x, degree: {"weight": Weight((x.width, degree + 1), std=0.5)},
        names="weight",
    ),
    layer(
        "spline",
        (_X, whole("knots", 8, 64, 4, 8, 16, least=2)),
        same,
        "spline(x, weight)",
        "silu plus a learned piecewise linear function for each feature (as in KAN)",
        weights=lambda x, knots: {"weight": Weight((x.width, knots), std=0.1)},
        names="weight",
    ),
)

NORMS = (
    layer(
        "layer_norm",
        "x",
        same,
        "layer_norm(x, weight, bias)",
        "features of a position to mean 0 and variance 1 (Ba et al. 2016)",
        weights=_affine,
        names="weight bias",
    ),
    layer(
        "rms_norm",
        "x",
        same,
        "rms_norm(x, weight)",
        "features of a position to mean square 1 (Zhang & Sennrich 2019)",
        weights=lambda x: {"weight": Weight((x.width,), mean=1.0)},
        names="weight",
    ),
    layer(
        "batch_norm",
        "x",
        _not_causal,
        "batch_norm(x, weight, bias, mean, var, training)",
        "each feature to mean 0 and variance 1 over the batch (Ioffe & Szegedy 2015)",
        weights=_running,
        names="weight bias mean var",
        context="training",
    ),
    layer(
        "group_norm",
        (_X, whole("groups", 4, 1024, 1, 2, 4, 8)),
        _grouped,
        "group_norm(x, weight, bias, groups)",
        "groups of features to mean 0 and variance 1; an image's together with all its places",
        weights=_affine,
        names="weight bias",
    ),
)

POINTWISE = (*ARITHMETIC, *ACTIVATIONS, *NORMS)
