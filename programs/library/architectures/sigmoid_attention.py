"""Transformer with sigmoid attention (Ramapuram et al. 2024)."""


def block(x):
    x = x + scale(sigmoid_attention(layer_norm(x), rotary=1))
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
