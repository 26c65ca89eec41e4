"""SOAP (Vyas et al. 2024): Adam in the slowly turning eigenbasis of Shampoo's preconditioner.

SOAP: Improving and Stabilizing Shampoo using Adam. arXiv 2409.11321, with the settings of
github.com/nikhilvyas/SOAP: all averages at 0.95, the bases refreshed by a step of power iteration
every 10 steps, nothing done at the first step, vectors by plain Adam. Every axis of a tensor has a
basis, but for those longer than 10,000.
"""

import torch

BETA, EPSILON, DECAY = 0.95, 1e-8, 0.01
REFRESH, LONGEST = 10, 10_000


def update(w, g, m, v, factors, bases, lr, step):
    if step == 1:
        factors = [gram(g, axis) for axis in range(g.dim())]
        bases = [None if f is None else eigenvectors(f) for f in factors]
        factors = [None if f is None else (1 - BETA) * f for f in factors]
        return torch.zeros_like(w), m, v, factors, bases
    m = torch.lerp(m, g, 1 - BETA)
    v = torch.lerp(v, turned(g, bases).square(), 1 - BETA)
    correction = 1 - BETA ** (step - 1)
    direction = turned(m / correction, bases) / ((v / correction).sqrt() + EPSILON)
    delta = lr * (turned_back(direction, bases) + DECAY * w)
    for axis, factor in enumerate(factors):
        if factor is not None:
            factors[axis] = torch.lerp(factor, gram(g, axis), 1 - BETA)
            if step % REFRESH == 0:
                bases[axis], v = refreshed(factors[axis], bases[axis], v, axis)
    return delta, m, v, factors, bases


def gram(g, axis):
    """Sum g's products with itself over all axes but one; vectors have no basis."""
    if g.dim() < 2 or g.shape[axis] > LONGEST:
        return None
    flat = g.movedim(axis, 0).flatten(1)
    return flat @ flat.T


def turned(x, bases):
    """Express x in the bases: each turn takes the first axis and puts it last."""
    for basis in bases:
        x = x.movedim(0, -1)
        x = x if basis is None else x @ basis
    return x


def turned_back(x, bases):
    return turned(x, [None if basis is None else basis.T for basis in bases])


def refreshed(factor, basis, v, axis):
    """Take one step of power iteration, with the directions in order of their weight."""
    power = factor @ basis
    order = torch.argsort((basis * power).sum(0), descending=True)
    v = v.movedim(axis, -1)[..., order].movedim(-1, axis)
    return torch.linalg.qr(precise(power[:, order]))[0].to(power.dtype), v


def eigenvectors(factor):
    return torch.linalg.eigh(precise(factor))[1].flip(-1).to(factor.dtype)


def precise(x):
    """Return x in a type that decompositions are there for."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
