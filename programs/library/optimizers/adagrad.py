"""Adagrad (Duchi et al. 2011): the gradient divided by the root of the sum of all its squares.

Adaptive Subgradient Methods for Online Learning and Stochastic Optimization. JMLR 12. As
torch.optim.Adagrad.
"""


def update(w, g, s, lr):
    s = s + square(g)
    return lr * g / (sqrt(s) + 1e-10), s
