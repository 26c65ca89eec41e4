"""Kolmogorov–Arnold network (Liu et al. 2024): learned functions on the edges."""


def network(x):
    return kan(kan(x, times=2), times=0.5)
