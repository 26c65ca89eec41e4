"""Warm-up, stable, decay: 1 minus a square root in the last 20 % (Hägele et al. 2024)."""


def schedule(step, total):
    late = maximum(step - 0.8 * total, 0) / (0.2 * total)
    return minimum((step + 1) / (0.05 * total), 1) * (1 - sqrt(late))
