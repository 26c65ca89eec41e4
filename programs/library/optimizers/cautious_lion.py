"""Cautious Lion (Liang et al. 2024): Lion on elements whose step agrees with the gradient's sign.

Cautious Optimizers: Improving Training with One Line of Code. arXiv 2411.16085,
github.com/kyleliang919/C-Optim. The mask is rescaled by numel / (its sum + 1).
"""


def update(w, g, m, lr):
    u = sign(lerp(m, g, 0.1))
    m = lerp(m, g, 0.01)
    mask = u * g > 0
    return lr * (u * mask * numel(w) / (sum(mask) + 1) + 0.1 * w), m
