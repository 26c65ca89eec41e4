"""NAdam (Dozat 2016): Adam with Nesterov momentum and a momentum schedule.

Incorporating Nesterov Momentum into Adam. ICLR 2016 workshop. As torch.optim.NAdam; the state `p`
is the product of all momentum coefficients so far, the same number in every element.
"""


def update(w, g, m, v, p, lr, step):
    mu = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * step))
    mu_next = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * (step + 1)))
    p = mu * where(step <= 1, 1, p)
    m = lerp(m, g, 0.1)
    v = lerp(v, square(g), 0.001)
    ahead = (1 - mu) * g / (1 - p) + mu_next * m / (1 - p * mu_next)
    return lr * ahead / (sqrt(v / (1 - 0.999**step)) + 1e-8), m, v, p
