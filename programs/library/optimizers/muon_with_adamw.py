"""Muon for matrices, AdamW for vectors (Jordan et al. 2024): the recipe of the reference code.

github.com/KellerJordan/Muon, MuonWithAuxAdam: learning rates 0.02 and 3e-4, hence the 0.015;
vectors have one column.
"""


def update(w, g, m, v, lr, step):
    matrix = column_count(w) > 1
    m = lerp(m, g, where(matrix, 0.05, 0.1))
    v = lerp(v, square(g), 0.05)
    scale = sqrt(maximum(1, row_count(w) / column_count(w)))
    turned = scale * orthogonalize(lerp(g, m, 0.95))
    m_hat = m / (1 - 0.9**step)
    v_hat = v / (1 - 0.95**step)
    return lr * where(matrix, turned, 0.015 * m_hat / (sqrt(v_hat) + 1e-10)), m, v
