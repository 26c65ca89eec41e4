"""Linear warm-up over the first 10 %, then linear decay to 0 (Devlin et al. 2019, BERT)."""


def schedule(step, total):
    warm = 0.1 * total
    return minimum((step + 1) / warm, (total - step) / (total - warm))
