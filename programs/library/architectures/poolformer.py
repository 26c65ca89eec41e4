"""PoolFormer (Yu et al. 2022): the attention of a transformer replaced by pooling."""


def block(x):
    h = layer_norm(x)
    x = x + (pooling(h) - h)
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
