"""SGD with momentum and Norm Loss (Georgiou et al. 2021): rows are pulled to unit length.

Norm Loss: An efficient yet effective regularization method for deep neural networks.
arXiv 2103.06583, in the form and with the λ = 1e-4 of Ranger21. A vector counts as one row; a
tensor of more than two dimensions is its matrix view, one row per output.
"""


def update(w, g, m, lr):
    m = 0.9 * m + g
    size = where(column_count(w) > 1, row_norm(w), norm(w))
    return lr * (m + 0.0002 * (1 - 1 / size) * w), m
