"""Plain stochastic gradient descent (Robbins & Monro 1951)."""


def update(w, g, lr):
    return lr * g
