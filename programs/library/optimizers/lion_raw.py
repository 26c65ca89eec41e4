"""Lion as evolution found it (Chen et al. 2023, program 8), before people simplified it.

Symbolic Discovery of Optimization Algorithms. arXiv 2302.06675, appendix. Statement for statement:
`clip` is clip_by_global_norm, `interp` is lerp. Most of it is dead or undone by another statement.
"""


def update(w, g, m, v, lr):
    g = clip_by_global_norm(g, lr)
    m = clip_by_global_norm(m, lr)
    v845 = sqrt(0.6270633339881897)
    v968 = sign(v)
    v968 = v - v
    g = arcsin(g)
    m = lerp(g, v, 0.8999999761581421)
    v1 = m * m
    v = lerp(g, m, 1.109133005142212)
    v845 = tanh(v845)
    lr = lr * 0.0002171761734643951
    update1 = m * lr
    v1 = sqrt(v1)
    update1 = update1 / v1
    wd = lr * 0.4601978361606598
    v1 = square(v1)
    wd = wd * w
    m = cosh(update1)
    lr = tan(1.4572199583053589)
    update1 = update1 + wd
    lr = cos(v845)
    return update1, m, v
