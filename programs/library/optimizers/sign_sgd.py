"""signSGD (Bernstein et al. 2018): only the sign of each gradient element.

signSGD: Compressed Optimisation for Non-Convex Problems. arXiv 1802.04434, algorithm 1.
"""


def update(w, g, lr):
    return lr * sign(g)
