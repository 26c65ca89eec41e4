"""Vision Transformer (Dosovitskiy et al. 2021): patches as a sequence, pre-norm blocks."""


def block(x):
    x = x + attention(layer_norm(x))
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    x = learned_positions(patchify(x, 2))
    return mean_pool(layer_norm(repeat(block, 2, x)))
