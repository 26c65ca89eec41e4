"""Polynomial decay of power 0.9 (Chen et al. 2017, DeepLab)."""


def schedule(step, total):
    return (1 - step / total) ** 0.9
