"""Pre-norm transformer (Vaswani et al. 2017; Xiong et al. 2020)."""


def block(x):
    x = x + attention(layer_norm(x))
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, sinusoidal_positions(x)))
