"""RMSprop (Tieleman & Hinton 2012): the gradient divided by its running root mean square.

Lecture 6.5, COURSERA: Neural Networks for Machine Learning. As torch.optim.RMSprop.
"""


def update(w, g, v, lr):
    v = lerp(v, square(g), 0.01)
    return lr * g / (sqrt(v) + 1e-8), v
