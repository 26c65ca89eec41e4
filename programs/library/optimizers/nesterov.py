"""SGD with Nesterov momentum (Sutskever et al. 2013).

On the importance of initialization and momentum in deep learning. ICML 2013. As
torch.optim.SGD(momentum=0.9, nesterov=True).
"""


def update(w, g, m, lr):
    m = 0.9 * m + g
    return lr * (g + 0.9 * m), m
