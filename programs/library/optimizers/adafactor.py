"""Adafactor (Shazeer & Stern 2018): second moments from row and column means, relative steps.

Adafactor: Adaptive Learning Rates with Sublinear Memory Cost. arXiv 1804.04235, algorithms 4 and
5, without momentum. As torch.optim.Adafactor(eps=(1e-30, 1e-3)) for vectors and matrices; a tensor
of more dimensions is flattened to its matrix view, where torch factors the last two. States have
w's shape here, so every column of `r` and every row of `c` is the same: the arithmetic is
Adafactor's, the memory is not. A vector is its own row mean, so it is not factored, as in the paper.
"""


def update(w, g, r, c, lr, step):
    g2 = square(g) + 1e-30
    fresh = step**-0.8
    r = lerp(r, row_mean(g2), fresh)
    c = lerp(c, column_mean(g2), fresh)
    u = g / sqrt(r * c / mean(r))
    u = u / maximum(1, rms(u))
    return minimum(lr, 1 / sqrt(step)) * maximum(0.001, rms(w)) * u, r, c
