"""LAMB (You et al. 2020): AdamW with each tensor's step in proportion to its weight's norm.

Large Batch Optimization for Deep Learning: Training BERT in 76 minutes. arXiv 1904.00962,
algorithm 2, with φ(x) = min(x, 10) as in the published code. A ratio with a zero norm is 1.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    m_hat = m / (1 - 0.9**step)
    v_hat = v / (1 - 0.999**step)
    u = m_hat / (sqrt(v_hat) + 1e-6) + 0.01 * w
    size = minimum(norm(w), 10)
    length = norm(u)
    return lr * where(size * length > 0, size / length, 1) * u, m, v
