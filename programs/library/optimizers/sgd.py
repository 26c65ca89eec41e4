"""Plain stochastic gradient descent (Robbins & Monro 1951).

A Stochastic Approximation Method. Annals of Mathematical Statistics 22(3). As torch.optim.SGD.
"""


def update(w, g, lr):
    return lr * g
