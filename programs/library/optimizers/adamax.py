"""Adamax (Kingma & Ba 2015): Adam with the infinity norm of past gradients.

Adam: A Method for Stochastic Optimization. arXiv 1412.6980, algorithm 2. As torch.optim.Adamax.
"""


def update(w, g, m, u, lr, step):
    m = lerp(m, g, 0.1)
    u = maximum(0.999 * u, abs(g) + 1e-8)
    return lr * m / ((1 - 0.9**step) * u), m, u
