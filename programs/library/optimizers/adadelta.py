"""Adadelta (Zeiler 2012): steps as large as recent steps were, in units of the weight.

ADADELTA: An Adaptive Learning Rate Method. arXiv 1212.5701, algorithm 1. As torch.optim.Adadelta.
"""


def update(w, g, v, d, lr):
    v = lerp(v, square(g), 0.1)
    delta = g * sqrt(d + 1e-6) / sqrt(v + 1e-6)
    d = lerp(d, square(delta), 0.1)
    return lr * delta, v, d
