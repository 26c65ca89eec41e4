"""Linear recurrence with gated output (Orvieto et al. 2023, LRU)."""


def block(x):
    h = linear_recurrence(linear(layer_norm(x), times=2))
    return x + glu(linear(gelu(h)))


def network(x):
    return repeat(block, 2, x)
