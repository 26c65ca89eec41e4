"""Power scheduler: capped power law of exponent -0.51, exponential end (Shen et al. 2024)."""


def schedule(step, total):
    warm = minimum((step + 1) / (0.05 * total), 1)
    law = minimum(1, ((step + 1) / (0.1 * total)) ** -0.51)
    late = maximum(step / total - 0.9, 0)
    return warm * law * exp(-50 * late)
