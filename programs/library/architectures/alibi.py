"""Transformer with ALiBi (Press et al. 2022): scores fall linearly with the distance."""


def block(x):
    x = x + attention(layer_norm(x), alibi=1)
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
