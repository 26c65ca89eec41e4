"""ConvNeXt (Liu et al. 2022): 7×7 depthwise convolution, then an inverted bottleneck."""


def block(x):
    h = layer_norm(depthwise_conv(x, kernel=7))
    h = linear(gelu(linear(h, times=4)), times=0.25)
    return x + scale(h, start=0.1)


def network(x):
    return layer_norm(mean_pool(repeat(block, 2, x)))
