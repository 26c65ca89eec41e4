"""AddSign (Bello et al. 2017): no step where gradient and momentum disagree, else a double one.

Neural Optimizer Search with Reinforcement Learning. arXiv 1709.07417, without decay.
"""


def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    return lr * (1 + sign(g) * sign(m)) * g, m
