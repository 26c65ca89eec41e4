"""Rules for attention in its kinds: one way there and back, but for how scores become shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from programs.kinds.networks.backwards.arrays import (
    Array,
    Back,
    Rule,
    dot,
    product,
    sigmoid,
    softmax,
    through_softmax,
    turned,
)

Shares = Callable[[Array, Array | None], tuple[Array, Callable[[Array], Array]]]
"""Scores and what is later to shares, and the gradient of shares to that of scores."""


def _attending(shares_of: Shares) -> Rule:
    def rule(
        x: Array,
        *,
        query: Array,
        key: Array,
        value: Array,
        out: Array,
        heads: int,
        rotary: int,
        alibi: int,
        causal: bool,
        kv_heads: int,
    ) -> tuple[Array, Back]:
        size, length = len(query) // heads, x.shape[1]
        each = heads // (kv_heads or heads)
        together = np.concatenate([query, key, value])
        parts = [len(query), len(query) + len(key)]
        q, k, v = (_heads(a, size) for a in np.split(dot(x, together.T), parts, -1))
        if rotary:
            q, k = _turned(q, 1), _turned(k, 1)
        k, v = _shared(k, each), _shared(v, each)
        scores = product(q, turned(k)) / math.sqrt(size)
        if alibi:
            scores += _penalty(heads, length)
        shares, back_to_scores = shares_of(scores, _later(length) if causal else None)
        given = (q, k, v, shares)

        def back(d: Array) -> tuple[Array]:
            q, k, v, shares = given
            d = _heads(dot(d, out), size)
            at_scores = back_to_scores(product(d, turned(v))) / math.sqrt(size)
            at = [product(at_scores, k), product(turned(at_scores), q), product(turned(shares), d)]
            at[1:] = [_gathered(a, each) for a in at[1:]]
            if rotary:
                at[:2] = [_turned(a, -1) for a in at[:2]]
            return (dot(np.concatenate([_joined(a) for a in at], -1), together),)

        return dot(_joined(product(shares, v)), out.T), back

    return rule


def _heads(y: Array, size: int) -> Array:
    return y.reshape(*y.shape[:2], -1, size).swapaxes(1, 2)


def _joined(y: Array) -> Array:
    return y.swapaxes(1, 2).reshape(len(y), y.shape[2], -1)


def _shared(y: Array, each: int) -> Array:
    return y.repeat(each, 1) if each > 1 else y


def _gathered(y: Array, each: int) -> Array:
    return y if each == 1 else y.reshape(len(y), -1, each, *y.shape[2:]).sum(2)


def _turned(y: Array, sense: int) -> Array:
    """Turn pairs of features by angles that grow with the position, forwards or back."""
    half = y.shape[-1] // 2
    cos, sin = _angles(y.shape[-2], half)
    a, b = y[..., :half], y[..., half:]
    sin = sense * sin
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


@cache
def _angles(length: int, half: int) -> tuple[Array, Array]:
    angle = np.arange(length, dtype=np.float64)[:, None] * 10000.0 ** -(np.arange(half) / half)
    return np.cos(angle), np.sin(angle)


@cache
def _penalty(heads: int, length: int) -> Array:
    place = np.arange(length, dtype=np.float64)
    slope = 2.0 ** (-8.0 * np.arange(1, heads + 1) / heads)
    return -slope[:, None, None] * np.abs(place[:, None] - place)


@cache
def _later(length: int) -> Array:
    return np.triu(np.ones((length, length), bool), 1)


def _softly(scores: Array, later: Array | None) -> tuple[Array, Callable[[Array], Array]]:
    shares = softmax(scores if later is None else np.where(later, -np.inf, scores), -1)
    return shares, lambda d: through_softmax(d, shares, -1)


def _by_sigmoid(scores: Array, later: Array | None) -> tuple[Array, Callable[[Array], Array]]:
    shares = sigmoid(scores - math.log(scores.shape[-1]))
    if later is not None:
        shares = np.where(later, 0.0, shares)
    return shares, lambda d: d * shares * (1 - shares)


def _by_relu(scores: Array, later: Array | None) -> tuple[Array, Callable[[Array], Array]]:
    length = scores.shape[-1]
    shares = np.maximum(scores, 0.0) / length
    if later is not None:
        shares = np.where(later, 0.0, shares)
    return shares, lambda d: d * (shares > 0) / length


def _linear_attention(
    x: Array,
    *,
    query: Array,
    key: Array,
    value: Array,
    out: Array,
    heads: int,
    causal: bool,
    **_: object,
) -> tuple[Array, Back]:
    """Attend with the feature map elu + 1; so few positions are quicker with their scores."""
    size = len(query) // heads
    each = heads * size // len(key)
    together = np.concatenate([query, key, value])
    parts = [len(query), len(query) + len(key)]
    raw = np.split(dot(x, together.T), parts, -1)
    (q, to_q), (k, to_k) = (_above_zero(_heads(a, size)) for a in raw[:2])
    k, v = _shared(k, each), _shared(_heads(raw[2], size), each)
    scores = product(q, turned(k))
    if causal:
        scores = np.where(_later(x.shape[1]), 0.0, scores)
    total = scores.sum(-1, keepdims=True) + 1e-6
    shares = scores / total

    def back(d: Array) -> tuple[Array]:
        d = _heads(dot(d, out), size)
        at_shares = product(d, turned(v))
        at_scores = (at_shares - (at_shares * shares).sum(-1, keepdims=True)) / total
        if causal:
            at_scores = np.where(_later(x.shape[1]), 0.0, at_scores)
        at_k = _gathered(product(turned(at_scores), q), each)
        at_v = _gathered(product(turned(shares), d), each)
        at = [product(at_scores, k) * to_q, at_k * to_k, at_v]
        return (dot(np.concatenate([_joined(a) for a in at], -1), together),)

    return dot(_joined(product(shares, v)), out.T), back


def _above_zero(x: Array) -> tuple[Array, Array]:
    """Return elu(x) + 1 and its derivative."""
    low = np.exp(np.minimum(x, 0.0))
    return np.where(x > 0, x + 1, low), low


_TAKES = "(x, query, key, value, out, heads, rotary, alibi, causal)"

ATTENDING: Mapping[str, Rule] = {
    f"attention{_TAKES}": _attending(_softly),
    f"sigmoid_attention{_TAKES}": _attending(_by_sigmoid),
    f"relu_attention{_TAKES}": _attending(_by_relu),
    "linear_attention(x, query, key, value, out, heads, causal)": _linear_attention,
}
