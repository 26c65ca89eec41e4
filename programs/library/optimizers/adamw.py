"""AdamW (Loshchilov & Hutter 2019): Adam with decoupled weight decay.

Decoupled Weight Decay Regularization. arXiv 1711.05101, algorithm 2. As torch.optim.AdamW.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    m_hat = m / (1 - 0.9**step)
    v_hat = v / (1 - 0.999**step)
    return lr * (m_hat / (sqrt(v_hat) + 1e-8) + 0.01 * w), m, v
