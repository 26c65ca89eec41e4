"""Llama (Touvron et al. 2023): RMS norm, rotary positions, SwiGLU, no biases."""


def block(x):
    x = x + attention(rms_norm(x), rotary=1)
    h = rms_norm(x)
    h = silu(linear(h, times=3, bias=0)) * linear(h, times=3, bias=0)
    return x + linear(h, times=0.3333333333333333, bias=0)


def network(x):
    return rms_norm(repeat(block, 2, x))
