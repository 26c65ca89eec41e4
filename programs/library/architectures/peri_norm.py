"""Peri-norm transformer (Kim et al. 2025): norms before and after each part."""


def block(x):
    x = x + rms_norm(attention(rms_norm(x), rotary=1))
    return x + rms_norm(linear(gelu(linear(rms_norm(x), times=4)), times=0.25))


def network(x):
    return rms_norm(repeat(block, 2, x))
