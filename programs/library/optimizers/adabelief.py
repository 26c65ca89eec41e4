"""AdaBelief (Zhuang et al. 2020): Adam that trusts gradients near their own prediction.

AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients. arXiv 2010.07468,
algorithm 2.
"""


def update(w, g, m, s, lr, step):
    m = lerp(m, g, 0.1)
    s = lerp(s, square(g - m), 0.001) + 1e-8
    m_hat = m / (1 - 0.9**step)
    s_hat = s / (1 - 0.999**step)
    return lr * m_hat / (sqrt(s_hat) + 1e-8), m, s
