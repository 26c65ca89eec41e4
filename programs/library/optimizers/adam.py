"""Adam (Kingma & Ba 2015): momentum divided by the root of the mean squared gradient.

Adam: A Method for Stochastic Optimization. arXiv 1412.6980, algorithm 1. As torch.optim.Adam.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    m_hat = m / (1 - 0.9**step)
    v_hat = v / (1 - 0.999**step)
    return lr * m_hat / (sqrt(v_hat) + 1e-8), m, v
