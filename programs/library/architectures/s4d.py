"""S4D (Gu et al. 2022): diagonal state-space layers with a gated output."""


def block(x):
    return x + glu(linear(gelu(ssm(layer_norm(x))), times=2))


def network(x):
    return layer_norm(repeat(block, 2, x))
