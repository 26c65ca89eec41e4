"""Lookahead (Zhang et al. 2019) around SGD with momentum: every fifth step goes half-way back.

Lookahead Optimizer: k steps forward, 1 step back. arXiv 1907.08610, algorithm 1, k = 5, α = 0.5.
`slow` holds the slow weights, which start as the weights.
"""


def update(w, g, m, slow, lr, step):
    m = 0.9 * m + g
    fast = w - lr * m
    slow = where(step <= 1, w, slow)
    slow = where(mod(step, 5) > 0, slow, lerp(slow, fast, 0.5))
    return w - where(mod(step, 5) > 0, fast, slow), m, slow
