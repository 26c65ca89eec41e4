"""RWKV's parts, simplified (Peng et al. 2023): token shift, decaying averages, gates."""


def block(x):
    h = layer_norm(x)
    h = 0.5 * (h + shift(h))
    x = x + linear(sigmoid(linear(h)) * linear_recurrence(linear(h)))
    h = layer_norm(x)
    h = 0.5 * (h + shift(h))
    return x + sigmoid(linear(h)) * linear(squared_relu(linear(h, times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
