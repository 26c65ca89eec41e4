"""Many copies of one model, at other learning rates and seeds, stepping as one.

Replica `r` of `R = learning rates × seeds` has rate `r // seeds` and seed `r % seeds`. All
parameters live in one flat buffer `[R, 1, P]`. An element-wise program updates that buffer in a
single call; any other sees one `[R, rows, columns]` view per parameter tensor, so its reductions
stay within a replica. Replicas whose loss is no longer finite are taken out and cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from evaluators.harness.models import Model
from programs.genome import Function
from programs.interpret import plan
from programs.load import kind_named


class Replicas:
    """Stacked copies of a model under one optimiser program."""

    def __init__(
        self,
        model: Model,
        program: Function,
        learning_rates: Sequence[float],
        seeds: Sequence[int],
        total: int,
        device: torch.device,
    ) -> None:
        kind = kind_named("optimizer")
        self.model = model
        self.grid = (len(learning_rates), len(seeds))
        self.device = device
        self.program = plan(program, kind, torch)
        self.states = kind.entry.states(program)
        self.total = torch.tensor(float(total), dtype=torch.float64)
        self.sizes = [int(np.prod(s)) for s in model.shapes]
        starts = [torch.cat([p.reshape(-1) for p in model.initial(s)]) for s in seeds]
        self.flat = torch.stack(starts).repeat(len(learning_rates), 1).unsqueeze(1).to(device)
        rates = torch.tensor(learning_rates, dtype=torch.float32, device=device)
        self.rates = rates.repeat_interleave(len(seeds)).reshape(-1, 1, 1)
        self.alive = torch.arange(len(self.flat), device=device)
        self._cut()
        self.memory = {s: [torch.zeros_like(w) for w in self.weights] for s in self.states}

    def _cut(self) -> None:
        """Lay views over the flat buffer: leaves for autograd, and what the program sees."""
        count = len(self.flat)
        parts = self.flat.squeeze(1).split(self.sizes, dim=1)
        shaped = zip(parts, self.model.shapes, strict=True)
        self.leaves = [p.unflatten(1, s).detach().requires_grad_() for p, s in shaped]
        if self.program.elementwise:
            self.weights = [self.flat]
        else:
            rows = (p.shape[1] for p in self.leaves)
            self.weights = [p.view(count, r, -1) for p, r in zip(parts, rows, strict=True)]

    def step(self, x: Tensor, y: Tensor, step: int, factor: float) -> Tensor:
        """Take one step on a batch `x [seeds, batch, …]`; return each living replica's loss."""
        seeds = self.alive % self.grid[1]
        loss = self._losses(self.model.forward(self.leaves, x[seeds]), y[seeds])
        gradients = torch.autograd.grad(loss.sum(), self.leaves)
        with torch.no_grad():
            self._update(self._as_seen(gradients), step, factor)
        return loss.detach()

    def _as_seen(self, gradients: Sequence[Tensor]) -> list[Tensor]:
        if self.program.elementwise:
            return [torch.cat([g.flatten(1) for g in gradients], 1).unsqueeze(1)]
        return [g.reshape(w.shape) for g, w in zip(gradients, self.weights, strict=True)]

    def _update(self, gradients: list[Tensor], step: int, factor: float) -> None:
        inputs = {
            "w": self.weights,
            "g": gradients,
            "lr": self.rates * factor,
            "step": torch.tensor(float(step), dtype=torch.float64),
            "total": self.total,
            **self.memory,
        }
        updates, *memory = self.program(inputs, len(self.weights))
        for weight, update in zip(self.weights, updates, strict=True):
            weight.sub_(update)
        self.memory = dict(zip(self.states, memory, strict=True))

    @torch.no_grad()
    def loss(self, x: Tensor, y: Tensor) -> np.ndarray:
        """Return the loss on the same examples for all, as a grid."""
        outputs = self.model.forward(self.leaves, x.expand(len(self.alive), *x.shape))
        targets = y.expand(len(self.alive), *y.shape)
        return self.unstack(self._losses(outputs, targets))

    def _losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        loss = F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none")
        return loss.view(len(outputs), -1).mean(1)

    def drop_diverged(self, loss: Tensor) -> int:
        """Take out replicas whose loss is not finite; return how many are left."""
        healthy = torch.isfinite(loss)
        if not bool(healthy.any()):
            return 0
        if not bool(healthy.all()):
            self.flat = self.flat[healthy]
            self.rates, self.alive = self.rates[healthy], self.alive[healthy]
            self.memory = {s: [m[healthy] for m in v] for s, v in self.memory.items()}
            self._cut()
        return len(self.alive)

    def unstack(self, values: Tensor) -> np.ndarray:
        """Put a value per living replica into the grid; the diverged are not-a-number."""
        grid = torch.full((self.grid[0] * self.grid[1], *values.shape[1:]), float("nan"))
        grid[self.alive.cpu()] = values.float().cpu()
        return grid.view(*self.grid, *values.shape[1:]).numpy()

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return outputs `[learning rates, seeds, examples, …]` for inputs `[examples, …]`."""
        outputs = self.model.forward(self.leaves, x.expand(len(self.alive), *x.shape))
        return torch.from_numpy(self.unstack(outputs))
