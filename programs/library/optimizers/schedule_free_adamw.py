"""Schedule-Free AdamW (Defazio et al. 2024): averaging in place of a learning-rate schedule.

The Road Less Scheduled. arXiv 2405.15682, algorithm 1, β1 = 0.9, weight decay at y. The weight is
y, the point at which gradients are taken; `z` takes the steps, `s` is the sum of all lr². The
average that the method evaluates is x = (y - 0.1 z) / 0.9, which a program that sees one point
cannot show: it is judged at y.
"""


def update(w, g, z, v, s, lr, step):
    z = where(step <= 1, w, z)
    x = (w - 0.1 * z) / 0.9
    v = lerp(v, square(g), 0.001)
    z = z - lr * (g / (sqrt(v / (1 - 0.999**step)) + 1e-8) + 0.01 * w)
    s = s + lr * lr
    x = lerp(x, z, lr * lr / s)
    return w - lerp(x, z, 0.1), z, v, s
