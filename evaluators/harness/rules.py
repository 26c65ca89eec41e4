"""How a stack of replicas is updated: by our interpreter, or by someone who is asked.

    Rule          what `Replicas` needs of an update
    Interpreted   a program of the language
    Asked         a free-form program in a process of its own, which sees a board and nothing else

All parameters live in one flat buffer `[R, 1, P]`. An element-wise program of the language updates
that buffer, a few replicas at a time so that its intermediate results stay in the processor's
cache; any other sees one `[R, rows, columns]` view per parameter tensor, so its reductions stay
within a replica.

A resident program works in one place: its states are changed where they lie, and its numbers
(`step`, `total`, constants) lie on the device, so that a step can be recorded and replayed
(`capture.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.arrays import QUICK
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
    """Update replicas in place.

    `outside` says what a step needs beside the device, for which it cannot be replayed, or nothing.
    """

    outside: str

    def lay(self, flat: Tensor) -> None:
        """Take the buffer `[R, 1, P]` to work on from now on."""
        ...

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int | Tensor) -> None:
        """Update the buffer, given gradients `[R, *shape]` and learning rates `[R, 1, 1]`.

        `step` may be a number on the device where there is nothing `outside`.
        """
        ...

    def keep(self, healthy: Tensor, flat: Tensor) -> None:
        """Forget the replicas outside the mask, and work on the buffer of those left."""
        ...


class Interpreted:
    """A checked program of the language; on a card it is always `resident`."""

    outside = ""

    def __init__(
        self,
        program: Function,
        shapes: Sequence[Shape],
        total: int,
        device: torch.device,
        resident: bool = False,
    ) -> None:
        kind = kind_named("optimizer")
        self.device, self.resident = device, resident or device.type != "cpu"
        self.program = plan(program, kind, torch if self.resident else QUICK)
        if self.resident:
            constants = [c.to(device) for c in self.program.constants]
            self.program = replace(self.program, constants=constants)
        self.states = kind.entry.states(program)
        self.shapes, self.sizes = shapes, [int(np.prod(s)) for s in shapes]
        self.total = self._number(total)

    def _number(self, value: float) -> Tensor:
        """Return a scalar as the program reads it."""
        there = self.device if self.resident else None
        return torch.tensor(float(value), dtype=torch.float64, device=there)

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
        whole = self.resident or not self.program.elementwise
        group = count if whole else max(1, IN_CACHE // each)
        self.groups = [slice(a, min(a + group, count)) for a in range(0, count, group)]
        if self.program.elementwise:
            self.weights = [[flat[g]] for g in self.groups]
        else:
            parts = flat.squeeze(1).split(self.sizes, dim=1)
            rows = (s[0] for s in self.shapes)
            self.weights = [[p.view(count, r, -1) for p, r in zip(parts, rows, strict=True)]]

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int | Tensor) -> None:
        """Run the program on each group."""
        now = step if isinstance(step, Tensor) else self._number(step)
        for place, group in enumerate(self.groups):
            weights = self.weights[place]
            own = [g[group] for g in gradients] if len(self.groups) > 1 else gradients
            inputs: Mapping[str, Tensor | list[Tensor]] = {
                "w": weights,
                "g": self._as_seen(own, weights),
                "lr": rates[group],
                "step": now,
                "total": self.total,
                **self.memory[place],
            }
            updates, *memory = self.program(inputs, len(weights))
            old = self.memory[place]
            changing = [*weights, *chain(*old.values())] if self.resident else weights
            new = {s: _apart(m, changing) for s, m in zip(self.states, memory, strict=True)}
            for weight, update in zip(weights, updates, strict=True):
                weight.sub_(update)
            self.memory[place] = _overwritten(old, new) if self.resident else new

    def _as_seen(self, gradients: Sequence[Tensor], weights: list[Tensor]) -> list[Tensor]:
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


def _overwritten(
    old: dict[str, list[Tensor]], new: dict[str, list[Tensor]]
) -> dict[str, list[Tensor]]:
    """Write new states where the old ones lie."""
    for name, tensors in old.items():
        for place, value in zip(tensors, new[name], strict=True):
            place.copy_(value)
    return old


class Asked:
    """A free-form program at the other end of a line.

    It raises `sandbox.link.GuestError`, with the step in its sentence, where no updates come.
    """

    outside = "a process beside this one is asked at every step"

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

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int | Tensor) -> None:
        """Write the board, wait, and subtract a copy of what came back."""
        board, count = self.board, len(self.flat)
        board.alive[0] = count
        board.alive[1 : 1 + count] = self.alive
        board.rates[:count] = rates.flatten()
        board.weights[:count] = self.flat[:, 0]
        board.gradients[:count] = torch.cat([g.flatten(1) for g in gradients], 1)
        self._call(int(step))
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
