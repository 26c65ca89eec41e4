"""Copies of one network at other learning rates and seeds, trained by AdamW as one.

Copy `r` of `R = learning rates × seeds` has rate `r // seeds` and seed `r % seeds`. All trained
weights lie in one buffer `[R, P]`, which AdamW (Loshchilov & Hutter 2019) updates whole; the
forward pass is `torch.vmap` over the copies, or a loop where a network cannot be mapped. Copies
whose loss is no longer finite are taken out and cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from evaluators.harness.labels import UNASKED

AT_ONCE = 128
"""Examples that all copies predict at a time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How every network of a task is trained, but for the learning rate.

    The rate grows from 0 over the first `warmup` share of the steps and falls to 0 by a cosine.
    Matrices decay by `decay`; a copy's gradient is cut to the length `clip`.
    """

    warmup: float = 0.1
    decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    epsilon: float = 1e-8


class Stack:
    """Stacked copies of networks that differ only in their weights; one network for each seed."""

    def __init__(
        self,
        networks: Sequence[nn.Module],
        learning_rates: Sequence[float],
        recipe: Recipe,
        mapped: bool = True,
    ) -> None:
        self.network = networks[0]
        self.recipe = recipe
        self.mapped = mapped
        self.grid = (len(learning_rates), len(networks))
        device = next(self.network.parameters()).device
        named = [dict(n.named_parameters()) for n in networks]
        self.shapes = {name: p.shape for name, p in named[0].items()}
        flat = torch.stack([torch.cat([p.detach().flatten() for p in n.values()]) for n in named])
        self.flat = flat.repeat(len(learning_rates), 1)
        self.rates = torch.tensor(learning_rates, device=device).repeat_interleave(len(networks))
        buffers = [dict(n.named_buffers()) for n in networks]
        self.buffers = {
            name: torch.stack([b[name] for b in buffers] * len(learning_rates))
            for name in buffers[0]
        }
        decays = [
            torch.full((s.numel(),), recipe.decay * (len(s) > 1)) for s in self.shapes.values()
        ]
        self.decay = torch.cat(decays).to(device)
        self.first, self.second = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.alive = torch.arange(len(self.flat), device=device)
        self._cut()

    def _cut(self) -> None:
        """Lay a view over the buffer for every parameter, as autograd's leaves."""
        parts = self.flat.split([s.numel() for s in self.shapes.values()], dim=1)
        self.leaves = {
            name: part.view(-1, *shape).detach().requires_grad_()
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }
        self.seeds = self.alive % self.grid[1]

    def forward(self, x: Tensor, shared: bool = False) -> Tensor:
        """Return `[copies, batch, …]` for inputs `[copies, batch, …]`, or `shared` `[batch, …]`."""
        if self.mapped:
            try:
                over = (0, 0, None if shared else 0)
                return torch.vmap(self._one, over)(self.leaves, self.buffers, x)
            except RuntimeError:
                self.mapped = False
        outputs = []
        for r in range(len(self.alive)):
            weights = {n: w[r] for n, w in self.leaves.items()}
            buffers = {n: b[r] for n, b in self.buffers.items()}
            outputs.append(self._one(weights, buffers, x if shared else x[r]))
        return torch.stack(outputs)

    def _one(self, weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(self.network, (weights, buffers), (x,))

    def step(self, x: Tensor, y: Tensor, step: int, factor: float) -> Tensor:
        """Take step 1, 2, … on a batch `[seeds, batch, …]`; return each living copy's loss."""
        losses = loss(self.forward(x[self.seeds]), y[self.seeds])
        found = torch.autograd.grad(
            losses.sum(), list(self.leaves.values()), allow_unused=True, materialize_grads=True
        )
        gradient = torch.cat([g.reshape(len(g), -1) for g in found], 1)
        with torch.no_grad():
            self._adamw(gradient, step, factor)
        return losses.detach()

    def _adamw(self, gradient: Tensor, step: int, factor: float) -> None:
        recipe = self.recipe
        length = gradient.square().sum(1, keepdim=True).sqrt_()
        gradient.mul_((recipe.clip / length).clamp_(max=1.0))
        self.first.lerp_(gradient, 1 - recipe.beta1)
        self.second.mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
        one, two = 1 - recipe.beta1**step, 1 - recipe.beta2**step
        rates = (self.rates * factor)[:, None]
        self.flat.mul_(1 - rates * self.decay)
        spread = self.second.div(two).sqrt_().add_(recipe.epsilon)
        self.flat.addcmul_(self.first / spread, rates, value=-1 / one)

    def drop_diverged(self, losses: Tensor) -> int:
        """Take out copies whose loss is not finite; return how many are left."""
        healthy = torch.isfinite(losses)
        if bool(healthy.any()) and not bool(healthy.all()):
            self.flat, self.rates = self.flat[healthy], self.rates[healthy]
            self.first, self.second = self.first[healthy], self.second[healthy]
            self.buffers = {n: b[healthy] for n, b in self.buffers.items()}
            self.alive = self.alive[healthy]
            self._cut()
        return int(healthy.sum())

    @torch.no_grad()
    def loss(self, x: Tensor, y: Tensor) -> np.ndarray:
        """Return the loss on the same examples for all, as a grid."""
        return self.unstack(loss(self.forward(x, shared=True), y.expand(len(self.alive), *y.shape)))

    @torch.no_grad()
    def predict(self, x: Tensor, asked: Tensor | None) -> np.ndarray:
        """Return logits `[learning rates, seeds, places, outputs]` of examples judged one by one.

        The places are the examples, or those that the mask `asked [examples, length]` marks.
        """
        self.network.eval()
        parts = []
        for start in range(0, len(x), AT_ONCE):
            outputs = self.forward(x[start : start + AT_ONCE], shared=True)
            if asked is not None:
                outputs = outputs[:, asked[start : start + AT_ONCE]]
            parts.append(outputs)
        self.network.train()
        return self.unstack(torch.cat(parts, 1))

    @torch.no_grad()
    def one(self) -> nn.Module:
        """Return the network with the weights of the first living copy."""
        self.network.load_state_dict(
            {n: w[0] for n, w in (*self.leaves.items(), *self.buffers.items())}
        )
        return self.network

    def unstack(self, values: Tensor) -> np.ndarray:
        """Put a value per living copy into the grid; the diverged are not-a-number."""
        grid = torch.full((self.grid[0] * self.grid[1], *values.shape[1:]), float("nan"))
        grid[self.alive.cpu()] = values.detach().float().cpu()
        return grid.view(*self.grid, *values.shape[1:]).numpy()


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return each copy's mean cross-entropy in nats where something is asked."""
    found = F.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), ignore_index=UNASKED, reduction="none"
    )
    asked = (labels != UNASKED).flatten(1).sum(1)
    return found.view(len(logits), -1).sum(1) / asked
