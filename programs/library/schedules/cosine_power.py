"""Cosine power annealing with p = 10 (Hundt et al. 2019, sharpDARTS)."""


def schedule(step, total):
    p = 10
    c = 0.5 * (1 + cos(pi * step / total))
    return (p ** (c + 1) - p) / (p**2 - p)
