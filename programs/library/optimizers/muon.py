"""Muon (Jordan et al. 2024): the momentum of each matrix, orthogonalised by Newton–Schulz.

https://kellerjordan.github.io/posts/muon, github.com/KellerJordan/Muon. As torch.optim.Muon without
weight decay, which runs Newton–Schulz in bfloat16. Every tensor is treated as its matrix view, a
vector too; `muon_with_adamw` leaves vectors to AdamW.
"""


def update(w, g, m, lr):
    m = lerp(m, g, 0.05)
    scale = sqrt(maximum(1, row_count(w) / column_count(w)))
    return lr * scale * orthogonalize(lerp(g, m, 0.95)), m
