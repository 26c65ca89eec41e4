"""Lookahead (Zhang et al. 2019) around Adam: every fifth step goes half-way back.

Lookahead Optimizer: k steps forward, 1 step back. arXiv 1907.08610, algorithm 1, k = 5, α = 0.5.
`slow` holds the slow weights, which start as the weights.
"""


def update(w, g, m, v, slow, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    fast = w - lr * m / (1 - 0.9**step) / (sqrt(v / (1 - 0.999**step)) + 1e-8)
    slow = where(step <= 1, w, slow)
    slow = where(mod(step, 5) > 0, slow, lerp(slow, fast, 0.5))
    return w - where(mod(step, 5) > 0, fast, slow), m, v, slow
