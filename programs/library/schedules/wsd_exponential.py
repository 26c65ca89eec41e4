"""Warm-up, stable, decay: halved every 2 % of the last 10 % (Hu et al. 2024, MiniCPM)."""


def schedule(step, total):
    late = maximum(step / total - 0.9, 0)
    return minimum((step + 1) / (0.01 * total), 1) * 0.5 ** (late / 0.02)
