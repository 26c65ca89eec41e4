"""Hyena (Poli et al. 2023): gates around a convolution as long as the sequence."""


def block(x):
    h = layer_norm(x)
    v = depthwise_conv(linear(h)) * depthwise_conv(linear(h))
    x = x + linear(depthwise_conv(linear(h)) * long_conv(v))
    return x + linear(gelu(linear(layer_norm(x), times=4)), times=0.25)


def network(x):
    return layer_norm(repeat(block, 2, x))
