"""Many copies of one model, at other learning rates and seeds, stepping as one.

Replica `r` of `R = learning rates × seeds` has rate `r // seeds` and seed `r % seeds`. All
parameters live in one flat buffer `[R, 1, P]`. An element-wise program updates that buffer, a few
replicas at a time so that its intermediate results stay in the processor's cache; any other sees
one `[R, rows, columns]` view per parameter tensor, so its reductions stay within a replica.
Replicas whose loss is no longer finite are taken out and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.arrays import library_for
from evaluators.harness.models import Model
from programs.genome import Function
from programs.interpret import plan
from programs.load import kind_named

Loss = Callable[[Tensor, Tensor], Tensor]

IN_CACHE = 65_536
"""Elements that an element-wise program updates at a time on a CPU: 256 KiB an array."""

AT_ONCE = 64
"""Examples that all replicas predict at a time."""


class Replicas:
    """Stacked copies of a model under one optimiser program."""

    def __init__(
        self,
        model: Model,
        loss: Loss,
        program: Function,
        learning_rates: Sequence[float],
        seeds: Sequence[int],
        total: int,
        device: torch.device,
    ) -> None:
        kind = kind_named("optimizer")
        self.model = model
        self.loss_of = loss
        self.grid = (len(learning_rates), len(seeds))
        self.device = device
        self.program = plan(program, kind, library_for(device))
        self.states = kind.entry.states(program)
        self.total = torch.tensor(float(total), dtype=torch.float64)
        self.sizes = [int(np.prod(s)) for s in model.shapes]
        starts = [torch.cat([p.reshape(-1) for p in model.initial(s)]) for s in seeds]
        self.flat = torch.stack(starts).repeat(len(learning_rates), 1).unsqueeze(1).to(device)
        rates = torch.tensor(learning_rates, dtype=torch.float32, device=device)
        self.rates = rates.repeat_interleave(len(seeds)).reshape(-1, 1, 1)
        self.alive = torch.arange(len(self.flat), device=device)
        self._cut()
        self.memory = [
            {s: [torch.zeros_like(w) for w in weights] for s in self.states}
            for weights in self.weights
        ]

    def _cut(self) -> None:
        """Lay views over the flat buffer: leaves for autograd, and what the program sees."""
        parts = self.flat.squeeze(1).split(self.sizes, dim=1)
        shaped = zip(parts, self.model.shapes, strict=True)
        self.leaves = [p.unflatten(1, s).detach().requires_grad_() for p, s in shaped]
        self.seeds = self.alive % self.grid[1]
        count, each = len(self.flat), self.flat.shape[2]
        whole = self.device.type != "cpu" or not self.program.elementwise
        group = count if whole else max(1, IN_CACHE // each)
        self.groups = [slice(a, min(a + group, count)) for a in range(0, count, group)]
        if self.program.elementwise:
            self.weights = [[self.flat[g]] for g in self.groups]
        else:
            rows = (s[0] for s in self.model.shapes)
            self.weights = [[p.view(count, r, -1) for p, r in zip(parts, rows, strict=True)]]

    def step(self, x: Tensor, y: Tensor, step: int, factor: float) -> Tensor:
        """Take one step on a batch `x [seeds, batch, …]`; return each living replica's loss."""
        outputs = self.model.forward(self.leaves, x[self.seeds])
        loss = self.loss_of(outputs, y[self.seeds])
        gradients = torch.autograd.grad(loss.sum(), self.leaves)
        with torch.no_grad():
            self._update(gradients, step, factor)
        return loss.detach()

    def _update(self, gradients: Sequence[Tensor], step: int, factor: float) -> None:
        rates = self.rates * factor
        now = torch.tensor(float(step), dtype=torch.float64)
        for place, group in enumerate(self.groups):
            weights = self.weights[place]
            inputs: Mapping[str, Tensor | list[Tensor]] = {
                "w": weights,
                "g": self._as_seen([g[group] for g in gradients], weights),
                "lr": rates[group],
                "step": now,
                "total": self.total,
                **self.memory[place],
            }
            updates, *memory = self.program(inputs, len(weights))
            for weight, update in zip(weights, updates, strict=True):
                weight.sub_(update)
            self.memory[place] = dict(zip(self.states, memory, strict=True))

    def _as_seen(self, gradients: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
        if self.program.elementwise:
            return [torch.cat([g.flatten(1) for g in gradients], 1).unsqueeze(1)]
        return [g.reshape(w.shape) for g, w in zip(gradients, weights, strict=True)]

    @torch.no_grad()
    def loss(self, x: Tensor, y: Tensor) -> np.ndarray:
        """Return the loss on the same examples for all, as a grid."""
        outputs = self.model.forward(self.leaves, x.expand(len(self.alive), *x.shape))
        return self.unstack(self.loss_of(outputs, y.expand(len(self.alive), *y.shape)))

    def drop_diverged(self, loss: Tensor) -> int:
        """Take out replicas whose loss is not finite; return how many are left."""
        healthy = torch.isfinite(loss)
        if not bool(healthy.any()):
            return 0
        if not bool(healthy.all()):
            self._keep(healthy)
        return len(self.alive)

    def _keep(self, healthy: Tensor) -> None:
        places = range(len(self.weights[0]))
        joined = {
            s: [torch.cat([m[s][p] for m in self.memory]) for p in places] for s in self.states
        }
        left = {s: [m[healthy] for m in whole] for s, whole in joined.items()}
        self.flat = self.flat[healthy]
        self.rates, self.alive = self.rates[healthy], self.alive[healthy]
        self._cut()
        self.memory = [{s: [m[g] for m in v] for s, v in left.items()} for g in self.groups]

    def unstack(self, values: Tensor) -> np.ndarray:
        """Put a value per living replica into the grid; the diverged are not-a-number."""
        grid = torch.full((self.grid[0] * self.grid[1], *values.shape[1:]), float("nan"))
        grid[self.alive.cpu()] = values.float().cpu()
        return grid.view(*self.grid, *values.shape[1:]).numpy()

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return outputs `[learning rates, seeds, examples, …]` for inputs `[examples, …]`."""
        count = len(self.alive)
        parts = (
            self.model.predict(self.leaves, p.expand(count, *p.shape)) for p in x.split(AT_ONCE)
        )
        return torch.from_numpy(self.unstack(torch.cat(list(parts), 1)))
