"""SGD with heavy-ball momentum (Polyak 1964).

Some methods of speeding up the convergence of iteration methods. USSR Computational Mathematics
and Mathematical Physics 4(5). As torch.optim.SGD(momentum=0.9).
"""


def update(w, g, m, lr):
    m = 0.9 * m + g
    return lr * m, m
