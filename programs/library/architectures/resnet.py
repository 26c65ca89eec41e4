"""ResNet (He et al. 2015): blocks of two convolutions around an identity."""


def block(x):
    h = relu(batch_norm(conv(x)))
    return relu(x + batch_norm(conv(h)))


def down(x):
    h = relu(batch_norm(conv(x, stride=2, times=2)))
    return relu(conv(x, kernel=1, stride=2, times=2) + batch_norm(conv(h)))


def network(x):
    x = block(down(block(x)))
    return mean_pool(x)
