"""Many copies of one model, at other learning rates and seeds, stepping as one.

Replica `r` of `R = learning rates × seeds` has rate `r // seeds` and seed `r % seeds`. All
parameters live in one flat buffer `[R, 1, P]`, which a rule updates. Replicas whose loss is no
longer finite are taken out and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.models import Model
from evaluators.harness.rules import Rule

Loss = Callable[[Tensor, Tensor], Tensor]

AT_ONCE = 64
"""Examples that all replicas predict at a time."""


class Replicas:
    """Stacked copies of a model under one update rule."""

    def __init__(
        self,
        model: Model,
        loss: Loss,
        rule: Rule,
        learning_rates: Sequence[float],
        seeds: Sequence[int],
        device: torch.device,
    ) -> None:
        self.model = model
        self.loss_of = loss
        self.grid = (len(learning_rates), len(seeds))
        self.device = device
        self.rule = rule
        self.sizes = [int(np.prod(s)) for s in model.shapes]
        starts = [torch.cat([p.reshape(-1) for p in model.initial(s)]) for s in seeds]
        self.flat = torch.stack(starts).repeat(len(learning_rates), 1).unsqueeze(1).to(device)
        rates = torch.tensor(learning_rates, dtype=torch.float32, device=device)
        self.rates = rates.repeat_interleave(len(seeds)).reshape(-1, 1, 1)
        self.alive = torch.arange(len(self.flat), device=device)
        self._cut()
        self.rule.lay(self.flat)

    def _cut(self) -> None:
        """Lay leaves for autograd over the flat buffer."""
        parts = self.flat.squeeze(1).split(self.sizes, dim=1)
        shaped = zip(parts, self.model.shapes, strict=True)
        self.leaves = [p.unflatten(1, s).detach().requires_grad_() for p, s in shaped]
        self.seeds = self.alive % self.grid[1]
        # With one replica a seed, batches are as they are needed.
        every = torch.arange(self.grid[1], device=self.device)
        self.in_order = torch.equal(self.seeds, every)
        self.ones = torch.ones(len(self.alive), device=self.device)

    def step(self, x: Tensor, y: Tensor, step: int | Tensor, factor: float | Tensor) -> Tensor:
        """Take one step on a batch `x [seeds, batch, …]`; return each living replica's loss.

        Its number and the factor on the rates may be on the device, in double precision.
        """
        own_x, own_y = (x, y) if self.in_order else (x[self.seeds], y[self.seeds])
        loss = self.loss_of(self.model.forward(self.leaves, own_x), own_y)
        gradients = torch.autograd.grad(loss, self.leaves, self.ones)
        with torch.no_grad():
            self.rule.step(gradients, self.rates * factor, step)
        return loss.detach()

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
        self.flat = self.flat[healthy]
        self.rates, self.alive = self.rates[healthy], self.alive[healthy]
        self._cut()
        self.rule.keep(healthy, self.flat)

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
