"""Lion (Chen et al. 2023): sign of an interpolated momentum.

Symbolic Discovery of Optimization Algorithms. arXiv 2302.06675, program 1.
"""


def update(w, g, m, lr):
    direction = sign(lerp(m, g, 0.1))
    m = lerp(m, g, 0.01)
    return lr * (direction + 0.1 * w), m
