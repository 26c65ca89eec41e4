"""Grams (Cao et al. 2024): the direction of the gradient with the magnitude of Adam's step.

Grams: Gradient Descent with Adaptive Momentum Scaling. arXiv 2412.17107, official code, ε 1e-6.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    u = m / (1 - 0.9**step) / (sqrt(v / (1 - 0.999**step)) + 1e-6)
    return lr * (sign(g) * abs(u) + 0.01 * w), m, v
