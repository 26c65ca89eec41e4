"""Linear warm-up over the first 5 %, then cosine decay to a tenth (Touvron et al. 2023, Llama)."""


def schedule(step, total):
    warm = 0.05 * total
    progress = maximum(step - warm, 0) / (total - warm)
    return minimum((step + 1) / warm, 0.1 + 0.45 * (1 + cos(pi * progress)))
