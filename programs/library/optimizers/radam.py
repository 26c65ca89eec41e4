"""RAdam (Liu et al. 2020): Adam that waits with its denominator until it can be trusted.

On the Variance of the Adaptive Learning Rate and Beyond. arXiv 1908.03265, algorithm 2. As
torch.optim.RAdam; 1999 is 2 / (1 - 0.999) - 1.
"""


def update(w, g, m, v, lr, step):
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    m_hat = m / (1 - 0.9**step)
    decay = 0.999**step
    rho = 1999 - 2 * step * decay / (1 - decay)
    rectifier = sqrt((rho - 4) * (rho - 2) * 1999 / (1995 * 1997 * rho))
    adaptive = rectifier * sqrt(1 - decay) / (sqrt(v) + 1e-8)
    return lr * m_hat * where(rho > 5, adaptive, 1), m, v
