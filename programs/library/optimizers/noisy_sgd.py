"""SGD with annealed Gaussian gradient noise (Neelakantan et al. 2015).

Adding Gradient Noise Improves Learning for Very Deep Networks. arXiv 1511.06807: variance
0.01 / (1 + t)^0.55 with t counted from 0.
"""


def update(w, g, lr, step):
    return lr * (g + sqrt(0.01 / step**0.55) * noise(g, step))
