"""LeNet-5 (LeCun et al. 1998): convolutions and pooling, then dense layers."""


def network(x):
    x = avg_pool(tanh(conv(x, 6, kernel=5)))
    x = avg_pool(tanh(conv(x, 16, kernel=5)))
    x = tanh(linear(flatten(x), 120))
    return tanh(linear(x, 84))
