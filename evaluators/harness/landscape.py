"""The loss around a model's first weights: gradient by tensor, its noise, the largest curvatures.

Curvatures are eigenvalues of the Hessian by Lanczos' method (with all vectors kept orthogonal),
from products of the Hessian with vectors (Pearlmutter 1994). All of it is on training examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from evaluators.harness.bodies.whole import whole
from evaluators.harness.labels import UNASKED
from evaluators.harness.losses import LOSSES
from evaluators.harness.models import build
from sandbox.base import Payload

SAMPLE = 128
"""Examples on which curvature is measured; of the networks of architectures half as many."""

BATCHES = 8
"""Batches whose gradients are compared."""

ROUNDS = 12
"""Steps of Lanczos' method: enough for the first few eigenvalues to two digits."""

LARGEST = 5
"""Eigenvalues that are told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """First weights with what they are called, and the loss of any weights on examples `x`, `y`."""

    names: tuple[str, ...]
    weights: tuple[Tensor, ...]
    loss: Callable[[Sequence[Tensor], Tensor, Tensor], Tensor]
    x: Tensor
    y: Tensor
    batch: int
    sample: int = SAMPLE


def network_problem(payload: Payload) -> Problem:
    """Return what a payload for an optimiser or a schedule trains."""
    data = payload.data
    model, loss = build(data["model"]), LOSSES[data["loss"]]
    first = tuple(model.initial(int(data["seeds"][0])))

    def one(weights: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
        return loss(model.forward([w.unsqueeze(0) for w in weights], x[None]), y[None])[0]

    names = tuple("×".join(map(str, shape)) for shape in model.shapes)
    return Problem(names, first, one, *_examples(payload), int(data["batch"]))


def body_problem(payload: Payload) -> Problem:
    """Return what a payload for an architecture trains: the network of its program."""
    x, y = _examples(payload)
    network = whole(payload.data, x[:2], int(payload.data["seeds"][0]))
    named = dict(network.named_parameters())
    buffers = dict(network.named_buffers())

    def one(weights: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
        given = dict(zip(named, weights, strict=True))
        outputs = functional_call(network, (given, buffers), (x,))
        return F.cross_entropy(outputs.flatten(0, -2), y.flatten().long(), ignore_index=UNASKED)

    first = tuple(p.detach() for p in named.values())
    return Problem(tuple(named), first, one, x, y, int(payload.data["batch"]), SAMPLE // 2)


def _examples(payload: Payload) -> tuple[Tensor, Tensor]:
    x, y = (torch.from_numpy(np.array(payload.arrays[n])) for n in ("train_x", "train_y"))
    return tuple(t if t.is_floating_point() else t.long() for t in (x, y))  # type: ignore[return-value]


def landscape(problem: Problem) -> dict[str, Any]:
    """Return the figures of a problem at its first weights."""
    # The other ways to attend have no second derivative.
    with sdpa_kernel(SDPBackend.MATH):
        x, y = problem.x[: problem.sample], problem.y[: problem.sample]
        loss, gradient = _gradient(problem, x, y)
        curvatures = eigenvalues(lambda v: _product(problem, x, y, v), _flat(gradient).numel())
        noise = _noise(problem)
    tensors = [
        {"name": name, "size": w.numel(), "weight": _rms(w), "gradient": float(g.norm())}
        for name, w, g in zip(problem.names, problem.weights, gradient, strict=True)
    ]
    return {
        "parameters": sum(w.numel() for w in problem.weights),
        "sample": len(x),
        "loss": loss,
        "gradient": float(_flat(gradient).norm()),
        "noise": noise,
        "curvatures": curvatures[::-1][:LARGEST].tolist(),
        "least_curvature": float(curvatures[0]),
        "tensors": tensors,
    }


def _rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([t.reshape(-1) for t in tensors])


def _gradient(problem: Problem, x: Tensor, y: Tensor) -> tuple[float, tuple[Tensor, ...]]:
    leaves = [w.detach().requires_grad_() for w in problem.weights]
    loss = problem.loss(leaves, x, y)
    found = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
    return float(loss.detach()), found


def _noise(problem: Problem) -> float:
    """Return how far a batch's gradient is from the mean over batches, relative to that mean."""
    size = min(problem.batch, len(problem.x))
    starts = np.linspace(0, len(problem.x) - size, BATCHES).round().astype(int)
    parts = [slice(int(s), int(s) + size) for s in starts]
    found = torch.stack([_flat(_gradient(problem, problem.x[p], problem.y[p])[1]) for p in parts])
    mean = found.mean(0)
    apart = (found - mean).norm(dim=1).square().mean().sqrt()
    return float(apart / mean.norm().clamp_min(1e-12))


def _product(problem: Problem, x: Tensor, y: Tensor, vector: Tensor) -> Tensor:
    """Return the Hessian times a flat vector."""
    leaves = [w.detach().requires_grad_() for w in problem.weights]
    loss = problem.loss(leaves, x, y)
    first = torch.autograd.grad(
        loss, leaves, create_graph=True, allow_unused=True, materialize_grads=True
    )
    along = (_flat(first) * vector).sum()
    second = torch.autograd.grad(along, leaves, allow_unused=True, materialize_grads=True)
    return _flat(second).detach()


def eigenvalues(times: Callable[[Tensor], Tensor], size: int) -> np.ndarray:
    """Return Lanczos' estimates of a symmetric matrix's eigenvalues, the least first.

    `times` multiplies a vector `[size]`; the ends of the spectrum are found first.
    """
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(size, generator=generator)
    basis: list[Tensor] = []
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(ROUNDS, size)):
        length = float(vector.norm())
        if basis and length < 1e-6 * max(map(abs, diagonal)):
            break
        beside += [length] if basis else []
        basis.append(vector / length)
        vector = times(basis[-1])
        diagonal.append(float(basis[-1] @ vector))
        known = torch.stack(basis)
        for _ in range(2):
            vector = vector - known.T @ (known @ vector)
    tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return np.linalg.eigvalsh(tridiagonal)
