"""PowerSign (Bello et al. 2017): larger steps where gradient and momentum agree in sign.

Neural Optimizer Search with Reinforcement Learning. arXiv 1709.07417, base e, without decay.
"""


def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    return lr * exp(sign(g) * sign(m)) * g, m
