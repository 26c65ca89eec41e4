"""Muon (Jordan et al. 2024): the momentum of each matrix, orthogonalised by Newton–Schulz."""


def update(w, g, m, lr):
    m = lerp(m, g, 0.05)
    return lr * orthogonalize(lerp(g, m, 0.95)), m
