"""Cautious AdamW (Liang et al. 2024): only elements whose step agrees with the gradient's sign.

Cautious Optimizers: Improving Training with One Line of Code. arXiv 2411.16085,
github.com/kyleliang919/C-Optim. The mask is rescaled by its mean, at least 1e-3.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    u = m / (1 - 0.9**step) / (sqrt(v / (1 - 0.999**step)) + 1e-6)
    mask = u * g > 0
    return lr * (u * mask / maximum(mean(mask), 0.001) + 0.01 * w), m, v
