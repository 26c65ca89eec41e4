"""ResMLP (Touvron et al. 2021): a linear map over positions, then an MLP over features."""


def block(x):
    x = x + scale(token_linear(bias(scale(x))), start=0.1)
    h = gelu(linear(bias(scale(x)), times=4))
    return x + scale(linear(h, times=0.25), start=0.1)


def network(x):
    return bias(scale(repeat(block, 2, x)))
