"""Signum (Bernstein et al. 2018): the sign of the momentum.

signSGD: Compressed Optimisation for Non-Convex Problems. arXiv 1802.04434, algorithm 2.
"""


def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    return lr * sign(m), m
