"""Warm-up, stable, decay: linear to 0 in the last 20 % (Hägele et al. 2024)."""


def schedule(step, total):
    return minimum(minimum((step + 1) / (0.05 * total), 1), (total - step) / (0.2 * total))
