"""Attention in its kinds, and additive positional encodings."""

from __future__ import annotations

from programs.kind import Param, Type, TypeMismatch
from programs.kinds.networks.features import Feature, sequence
from programs.kinds.networks.layer import Layer, Weight, Weights, flag, layer, matrix, whole

_ATTRIBUTES = (
    Param("x"),
    whole("heads", 4, 64, 1, 2, 4, 8),
    whole("kv_heads", 0, 64, 0, 1, 2, least=0),
    flag("rotary"),
    flag("alibi"),
)


_IDLE = (("kv_heads", lambda given: given["kv_heads"] == given["heads"]),)


def _attention(x: Type, heads: int, kv_heads: int, rotary: int, alibi: int) -> Feature:
    found = sequence(x)
    if found.width % heads:
        raise TypeMismatch(f"{heads} heads do not divide a width of {found.width}")
    if kv_heads and heads % kv_heads:
        raise TypeMismatch(f"{kv_heads} key–value heads do not divide {heads} heads")
    if rotary and found.width // heads % 2:
        raise TypeMismatch(f"rotary needs an even width per head, found {found.width // heads}")
    return found


def _key_width(x: Feature, heads: int, kv_heads: int) -> int:
    return x.width // heads * (kv_heads or heads)


def _projections(x: Feature, heads: int, kv_heads: int, *_: int) -> Weights:
    keys = matrix(x.width, _key_width(x, heads, kv_heads))
    return {
        "query": matrix(x.width, x.width),
        "key": keys,
        "value": keys,
        "out": matrix(x.width, x.width),
    }


def _projecting(x: Feature, heads: int, kv_heads: int) -> int:
    return 4 * x.length * x.width * (x.width + _key_width(x, heads, kv_heads))


def _quadratic(x: Feature, heads: int, kv_heads: int, *_: int) -> int:
    return _projecting(x, heads, kv_heads) + 4 * x.length**2 * x.width


def _linear(x: Type, heads: int, kv_heads: int) -> Feature:
    return _attention(x, heads, kv_heads, 0, 0)


def _linear_flops(x: Feature, heads: int, kv_heads: int) -> int:
    if x.causal:
        return _quadratic(x, heads, kv_heads)
    head = x.width // heads
    return _projecting(x, heads, kv_heads) + 4 * x.length * x.width * head + 2 * x.length * x.width


def _attending(name: str, doc: str) -> Layer:
    return layer(
        name,
        _ATTRIBUTES,
        _attention,
        f"{name}(x, query, key, value, out, heads, rotary, alibi, causal)",
        doc,
        weights=_projections,
        names="query key value out",
        flops=_quadratic,
        context="causal",
        idle=_IDLE,
    )


ATTENTION = (
    _attending("attention", "softmax attention over the sequence (Vaswani et al. 2017)"),
    _attending("sigmoid_attention", "attention with σ(score - log n) (Ramapuram et al. 2024)"),
    _attending("relu_attention", "attention with relu(score) / n (Wortsman et al. 2023)"),
    layer(
        "linear_attention",
        _ATTRIBUTES[:3],
        _linear,
        "linear_attention(x, query, key, value, out, heads, causal)",
        "attention with feature map elu + 1 (Katharopoulos et al. 2020)",
        weights=_projections,
        names="query key value out",
        flops=_linear_flops,
        context="causal",
        idle=_IDLE,
    ),
)

POSITIONS = (
    layer(
        "learned_positions",
        "x",
        lambda x: sequence(x),
        "x + weight",
        "x plus a learned vector for each position",
        weights=lambda x: {"weight": Weight(x.shape, std=0.02)},
        names="weight",
    ),
    layer(
        "sinusoidal_positions",
        "x",
        lambda x: sequence(x),
        "x + sinusoids(x)",
        "x plus sines and cosines of the position (Vaswani et al. 2017)",
    ),
)
