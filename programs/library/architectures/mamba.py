"""Mamba (Gu & Dao 2023): a short convolution and a selective scan beside a gate."""


def block(x):
    h = rms_norm(x)
    y = silu(depthwise_conv(linear(h, times=2), kernel=4))
    y = selective_ssm(y) * silu(linear(h, times=2))
    return x + linear(y, times=0.5)


def network(x):
    return rms_norm(repeat(block, 2, x))
