"""The rule for mixtures of experts: all of them answer every position, and few are heard."""

from __future__ import annotations

from collections.abc import Mapping

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


def _moe(
    x: Array, *, router: Array, up: Array, down: Array, top: int, **_: object
) -> tuple[Array, Back]:
    rows = x.reshape(-1, x.shape[-1])
    scores = dot(rows, router.T)
    unheard = np.argsort(-scores, -1, "stable")[:, top:]
    np.put_along_axis(scores, unheard, -np.inf, -1)
    gates = softmax(scores, -1)
    # One matrix for each expert: [experts, positions, features].
    raw = product(rows, up)
    s = sigmoid(raw)
    answers = product(raw * s, down)
    y = (answers * gates.T[:, :, None]).sum(0)

    def back(d: Array) -> tuple[Array]:
        d = d.reshape(y.shape)
        at_scores = through_softmax((answers * d).sum(-1).T, gates, -1)
        at_raw = product(d * gates.T[:, :, None], turned(down)) * (s + raw * s * (1 - s))
        return ((product(at_raw, turned(up)).sum(0) + dot(at_scores, router)).reshape(x.shape),)

    return y.reshape(x.shape), back


EXPERTS: Mapping[str, Rule] = {"moe(x, router, up, down, top)": _moe}
