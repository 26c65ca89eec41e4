"""Yogi (Zaheer et al. 2018): Adam whose second moment moves by bounded steps.

Adaptive Methods for Nonconvex Optimization. NeurIPS 2018, algorithm 2, with its ε of 1e-3, its
initial second moment of 1e-6 and no bias correction.
"""


def update(w, g, m, v, lr, step):
    g2 = square(g)
    m = lerp(m, g, 0.1)
    v = where(step <= 1, 1e-6, v)
    v = v - 0.001 * sign(v - g2) * g2
    return lr * m / (sqrt(v) + 0.001), m, v
