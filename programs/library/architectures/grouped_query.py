"""Multi-query attention (Shazeer 2019; Ainslie et al. 2023): heads share keys and values."""


def block(x):
    x = x + attention(rms_norm(x), kv_heads=1, rotary=1)
    return x + linear(squared_relu(linear(rms_norm(x), times=4)), times=0.25)


def network(x):
    return rms_norm(repeat(block, 2, x))
