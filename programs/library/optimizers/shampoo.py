"""Shampoo (Gupta, Koren & Singer 2018): a preconditioner for every axis of a tensor.

Shampoo: Preconditioned Stochastic Tensor Optimization. arXiv 1802.09568, algorithm 2: for a tensor
of k axes, each axis's sum of outer products to the power -1/(2k), computed anew every 10 steps. An
axis longer than 1,200 has a diagonal one, as in the paper's experiments; its momentum of 0.9 is
here too, its epsilon is 1e-4.
"""

import torch

EPSILON, MOMENTUM = 1e-4, 0.9
REFRESH, LONGEST = 10, 1200


def update(w, g, m, factors, roots, lr, step):
    x = g.reshape(1) if g.dim() == 0 else g
    if step == 1:
        factors = [start(x, axis) for axis in range(x.dim())]
    factors = [f + outer(x, axis) for axis, f in enumerate(factors)]
    if step == 1 or step % REFRESH == 0:
        roots = [inverse_root(f, 2 * x.dim()) for f in factors]
    for root in roots:
        x = x.movedim(0, -1)
        x = x * root if root.dim() == 1 else x @ root
    m = MOMENTUM * m + x.reshape(g.shape)
    return lr * m, m, factors, roots


def start(x, axis):
    ones = torch.ones(x.shape[axis], dtype=x.dtype, device=x.device)
    return EPSILON * (ones if x.shape[axis] > LONGEST else torch.diag(ones))


def outer(x, axis):
    """Sum x's products with itself over all axes but one."""
    flat = x.movedim(axis, 0).reshape(x.shape[axis], -1)
    return flat.square().sum(1) if len(flat) > LONGEST else flat @ flat.T


def inverse_root(factor, order):
    if factor.dim() == 1:
        return factor ** (-1 / order)
    # Where a training diverges there is nothing to decompose; it must not end the others.
    finite = torch.nan_to_num(factor.double(), nan=0.0, posinf=0.0, neginf=0.0)
    values, vectors = torch.linalg.eigh(finite)
    return (vectors * values.clamp(min=EPSILON) ** (-1 / order) @ vectors.T).to(factor.dtype)
