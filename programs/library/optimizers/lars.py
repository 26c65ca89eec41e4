"""LARS (You et al. 2017): momentum with each tensor's step in proportion to its weight's norm.

Large Batch Training of Convolutional Networks, arXiv 1708.03888; in the form of You et al. 2020
(LAMB), arXiv 1904.00962, algorithm 1, with φ the identity. A ratio with a zero norm is 1.
"""


def update(w, g, m, lr):
    m = lerp(m, g + 0.0001 * w, 0.1)
    size = norm(w)
    length = norm(m)
    return lr * where(size * length > 0, size / length, 1) * m, m
