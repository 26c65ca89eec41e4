"""Pre-activation ResNet (He et al. 2016): norm and ReLU before each convolution."""


def block(x):
    h = conv(relu(batch_norm(x)))
    return x + conv(relu(batch_norm(h)))


def network(x):
    return mean_pool(relu(batch_norm(repeat(block, 3, x))))
