"""Mixture-of-experts transformer (Fedus et al. 2022; Shazeer et al. 2017)."""


def block(x):
    x = x + attention(rms_norm(x), rotary=1)
    return x + moe(rms_norm(x), times=2)


def network(x):
    return rms_norm(repeat(block, 2, x))
