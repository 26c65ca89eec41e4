"""Cosine annealing with four warm restarts (Loshchilov & Hutter 2017, SGDR)."""


def schedule(step, total):
    return 0.5 * (1 + cos(pi * mod(4 * step / total, 1)))
