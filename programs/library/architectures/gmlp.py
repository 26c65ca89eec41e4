"""gMLP (Liu et al. 2021): one half of the features gated by a map over positions of the other."""


def block(x):
    h = gelu(linear(layer_norm(x), times=2))
    gate = token_linear(layer_norm(second_half(h)))
    return x + linear(first_half(h) * (gate + 1))


def network(x):
    return layer_norm(repeat(block, 2, x))
