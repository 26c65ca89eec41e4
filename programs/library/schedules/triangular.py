"""Cyclical learning rate: triangles between 0.1 and 1, four cycles (Smith 2017)."""


def schedule(step, total):
    place = mod(8 * step / total, 2)
    return 0.1 + 0.9 * (1 - abs(place - 1))
