"""How a stack of replicas is updated: by our interpreter, or by someone who is asked.

    Rule          what `Replicas` needs of an update
    Interpreted   a program of the language
    Asked         a free-form program in a process of its own, which sees a board and nothing else

All parameters live in one flat buffer `[R, 1, P]`. An element-wise program of the language updates
that buffer, a few replicas at a time so that its intermediate results stay in the processor's
cache; any other sees one `[R, rows, columns]` view per parameter tensor, so its reductions stay
within a replica.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.arrays import library_for
from evaluators.harness.freeform.board import BEGIN, DONE, Board, announce, complaint
from evaluators.harness.models.base import Shape
from programs.genome import Function
from programs.interpret import plan
from programs.load import kind_named
from sandbox.link import GuestError, HostEnd

IN_CACHE = 65_536
"""Elements that an element-wise program updates at a time on a CPU: 256 KiB an array."""

STEP_SECONDS = 5.0
"""What a program may take for one step of all replicas."""


class Rule(Protocol):
    """Update replicas in place."""

    def lay(self, flat: Tensor) -> None:
        """Take the buffer `[R, 1, P]` to work on from now on."""
        ...

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int) -> None:
        """Update the buffer, given gradients `[R, *shape]` and learning rates `[R, 1, 1]`."""
        ...

    def keep(self, healthy: Tensor, flat: Tensor) -> None:
        """Forget the replicas outside the mask, and work on the buffer of those left."""
        ...


class Interpreted:
    """A checked program of the language."""

    def __init__(
        self, program: Function, shapes: Sequence[Shape], total: int, device: torch.device
    ) -> None:
        kind = kind_named("optimizer")
        self.program = plan(program, kind, library_for(device))
        self.states = kind.entry.states(program)
        self.shapes, self.sizes = shapes, [int(np.prod(s)) for s in shapes]
        self.total = torch.tensor(float(total), dtype=torch.float64)
        self.device = device

    def lay(self, flat: Tensor) -> None:
        """Begin on a buffer: every state is zero."""
        self._cut(flat)
        self.memory = [
            {s: [torch.zeros_like(w) for w in weights] for s in self.states}
            for weights in self.weights
        ]

    def _cut(self, flat: Tensor) -> None:
        """Lay views over the buffer as the program sees it."""
        count, each = len(flat), flat.shape[2]
        whole = self.device.type != "cpu" or not self.program.elementwise
        group = count if whole else max(1, IN_CACHE // each)
        self.groups = [slice(a, min(a + group, count)) for a in range(0, count, group)]
        if self.program.elementwise:
            self.weights = [[flat[g]] for g in self.groups]
        else:
            parts = flat.squeeze(1).split(self.sizes, dim=1)
            rows = (s[0] for s in self.shapes)
            self.weights = [[p.view(count, r, -1) for p, r in zip(parts, rows, strict=True)]]

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int) -> None:
        """Run the program on each group."""
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
            memory = [_apart(values, weights) for values in memory]
            for weight, update in zip(weights, updates, strict=True):
                weight.sub_(update)
            self.memory[place] = dict(zip(self.states, memory, strict=True))

    def _as_seen(self, gradients: list[Tensor], weights: list[Tensor]) -> list[Tensor]:
        if self.program.elementwise:
            return [torch.cat([g.flatten(1) for g in gradients], 1).unsqueeze(1)]
        return [g.reshape(w.shape) for g, w in zip(gradients, weights, strict=True)]

    def keep(self, healthy: Tensor, flat: Tensor) -> None:
        """Take the same replicas out of every state."""
        places = range(len(self.weights[0]))
        joined = {
            s: [torch.cat([m[s][p] for m in self.memory]) for p in places] for s in self.states
        }
        left = {s: [m[healthy] for m in whole] for s, whole in joined.items()}
        self._cut(flat)
        self.memory = [{s: [m[g] for m in v] for s, v in left.items()} for g in self.groups]


def _apart(values: Sequence[Tensor], changing: Sequence[Tensor]) -> list[Tensor]:
    """Copy those that are views of what is about to change: a state may be last step's weight."""
    places = {tensor.untyped_storage().data_ptr() for tensor in changing}
    return [v.clone() if v.untyped_storage().data_ptr() in places else v for v in values]


class Asked:
    """A free-form program at the other end of a line.

    It raises `sandbox.link.GuestError`, with the step in its sentence, where no updates come.
    """

    def __init__(
        self, end: HostEnd, shapes: Sequence[Shape], total: int, seconds: float = STEP_SECONDS
    ) -> None:
        self.end, self.shapes, self.total, self.seconds = end, shapes, total, seconds

    def lay(self, flat: Tensor) -> None:
        """Say what there is to update."""
        self.flat, self.alive = flat, torch.arange(len(flat))
        announce(self.end.mine, len(flat), self.shapes, self.total)
        self._call(BEGIN)
        shapes = tuple(self.shapes)
        self.board = Board(self.end.mine, self.end.theirs, len(flat), shapes, self.total)

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int) -> None:
        """Write the board, wait, and subtract a copy of what came back."""
        board, count = self.board, len(self.flat)
        board.alive[0] = count
        board.alive[1 : 1 + count] = self.alive
        board.rates[:count] = rates.flatten()
        board.weights[:count] = self.flat[:, 0]
        board.gradients[:count] = torch.cat([g.flatten(1) for g in gradients], 1)
        self._call(step)
        self.flat.sub_(board.deltas[:count].clone().unsqueeze(1).to(self.flat.device))

    def _call(self, number: int) -> None:
        where = "at the start" if number == BEGIN else f"at step {number}"
        try:
            code = self.end.call(number, self.seconds)
        except GuestError as error:
            raise type(error)(f"{error}, {where}") from None
        if code != DONE:
            raise GuestError(f"{complaint(self.end.theirs)}, {where}")

    def keep(self, healthy: Tensor, flat: Tensor) -> None:
        """Tell the program with the next step which replicas are left."""
        self.flat, self.alive = flat, self.alive[healthy.cpu()]
