"""Cosine annealing from 1 to 0 without restarts (Loshchilov & Hutter 2017, SGDR)."""


def schedule(step, total):
    return 0.5 * (1 + cos(pi * step / total))
