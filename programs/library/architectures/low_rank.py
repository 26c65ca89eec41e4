"""Residual MLP with factorised maps (Sainath et al. 2013)."""


def block(x):
    h = relu(low_rank_linear(layer_norm(x), 8, times=4))
    return x + low_rank_linear(h, 8, times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
