"""Post-norm transformer, as published (Vaswani et al. 2017)."""


def block(x):
    x = layer_norm(x + attention(x))
    return layer_norm(x + linear(relu(linear(x, times=4)), times=0.25))


def network(x):
    return repeat(block, 2, sinusoidal_positions(x))
