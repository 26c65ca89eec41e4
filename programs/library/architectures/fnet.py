"""FNet (Lee-Thorp et al. 2022): the attention replaced by a Fourier transform."""


def block(x):
    x = layer_norm(x + fourier(x))
    return layer_norm(x + linear(gelu(linear(x, times=4)), times=0.25))


def network(x):
    return repeat(block, 2, x)
