"""FAdam (Hwang 2024): Adam as a natural gradient, the weight decay preconditioned as well.

FAdam: Adam is a natural gradient optimizer using diagonal empirical Fisher information.
arXiv 2405.12807. Published codes adapt ε in different ways; here it is fixed at 1e-8.
"""


def update(w, g, m, f, lr, step):
    decay = 0.999 * (1 - 0.999 ** (step - 1)) / (1 - 0.999**step)
    f = lerp(square(g), f, decay)
    root = sqrt(f) + 1e-8
    natural = g / root
    natural = natural / maximum(1, rms(natural))
    m = lerp(m, natural, 0.1)
    shrink = w / root
    shrink = shrink / maximum(1, rms(shrink))
    return lr * (m + 0.001 * shrink), m, f
