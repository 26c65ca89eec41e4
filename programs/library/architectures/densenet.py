"""DenseNet (Huang et al. 2017): every layer adds channels and sees all before it."""


def grow(x):
    return concat(x, conv(relu(batch_norm(x)), 12))


def network(x):
    x = repeat(grow, 3, x)
    x = avg_pool(linear(relu(batch_norm(x)), times=0.5))
    x = repeat(grow, 3, x)
    return mean_pool(relu(batch_norm(x)))
