"""Noam: linear warm-up, then the inverse square root of the step (Vaswani et al. 2017)."""


def schedule(step, total):
    warm = 0.1 * total
    return minimum((step + 1) / warm, sqrt(warm / (step + 1)))
