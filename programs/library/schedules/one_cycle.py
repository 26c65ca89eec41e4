"""One cycle: cosine from 1/25 up to 1 in the first 30 %, then down (Smith & Topin 2018)."""


def schedule(step, total):
    peak = 0.3 * total - 1
    rise = 0.5 * (1 - cos(pi * step / peak))
    fall = 0.5 * (1 + cos(pi * (step - peak) / (total - 1 - peak)))
    return where(step <= peak, lerp(0.04, 1, rise), lerp(4e-6, 1, fall))
