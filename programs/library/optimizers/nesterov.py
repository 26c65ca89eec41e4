"""SGD with Nesterov momentum (Sutskever et al. 2013)."""


def update(w, g, m, lr):
    m = 0.9 * m + g
    return lr * (g + 0.9 * m), m
