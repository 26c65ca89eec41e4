"""What a trainer and a free-form optimiser share: who writes what, and where it stands.

    the trainer writes    which replicas live [R], their learning rates [R], the step, weights and
                          gradients [R, P]; before the first step, the sizes instead, as JSON
    the optimiser writes  what is subtracted [R, P]; where it failed, a sentence instead

R replicas of P numbers each, all tensors of one side by side. Replicas that diverged are dropped:
the living ones stand first, in their order.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

BEGIN = 0
DONE, FAILED = 0, 1
_SENTENCE = 2000
_LENGTH = 4


@dataclass(frozen=True)
class Board:
    """The blocks as tensors: `given` is written by the trainer, `returned` by the optimiser."""

    given: memoryview
    returned: memoryview
    replicas: int
    shapes: tuple[tuple[int, ...], ...]
    total: int
    alive: Tensor = field(init=False)
    rates: Tensor = field(init=False)
    weights: Tensor = field(init=False)
    gradients: Tensor = field(init=False)
    deltas: Tensor = field(init=False)

    def __post_init__(self) -> None:
        count, size = self.replicas, self.replicas * self.size
        whole, single = torch.int64, torch.float32
        places = [(whole, 1 + count), (single, count), (single, size), (single, size)]
        offset, views = 0, []
        for dtype, length in places:
            views.append(torch.frombuffer(self.given, dtype=dtype, count=length, offset=offset))
            offset += dtype.itemsize * (length + length % 2)
        alive, rates, weights, gradients = views
        object.__setattr__(self, "alive", alive)
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "weights", weights.view(count, -1))
        object.__setattr__(self, "gradients", gradients.view(count, -1))
        deltas = torch.frombuffer(self.returned, dtype=single, count=size)
        object.__setattr__(self, "deltas", deltas.view(count, -1))

    @property
    def size(self) -> int:
        """Count the numbers of one replica."""
        return sum(math.prod(shape) for shape in self.shapes)

    def split(self, rows: Tensor) -> list[Tensor]:
        """Cut `[k, P]` into one `[k, *shape]` for each tensor."""
        parts = rows.split([math.prod(shape) for shape in self.shapes], dim=1)
        shaped = zip(parts, self.shapes, strict=True)
        return [part.reshape(len(rows), *shape) for part, shape in shaped]

    def places(self, count: int) -> list[Tensor]:
        """Return where the updates of each tensor go, `[count, n]` each."""
        return list(self.deltas[:count].split([math.prod(s) for s in self.shapes], dim=1))


def announce(given: memoryview, replicas: int, shapes: Sequence[Sequence[int]], total: int) -> None:
    """Write the sizes where the optimiser looks for them first."""
    sizes = {"replicas": replicas, "shapes": [list(s) for s in shapes], "total": total}
    _write(given, json.dumps(sizes).encode())


def opened(given: memoryview, returned: memoryview) -> Board:
    """Read the sizes and return the board."""
    sizes = json.loads(_read(given, len(given)))
    shapes = tuple(tuple(shape) for shape in sizes["shapes"])
    return Board(given, returned, sizes["replicas"], shapes, sizes["total"])


def complain(returned: memoryview, sentence: str) -> None:
    """Leave a sentence on why there are no updates."""
    _write(returned, sentence.encode("utf-8", "replace")[:_SENTENCE])


def complaint(returned: memoryview) -> str:
    """Return the sentence that was left; it may be anything, but not long."""
    return _read(returned, _SENTENCE).decode("utf-8", "replace")


def _write(block: memoryview, text: bytes) -> None:
    block[:_LENGTH] = len(text).to_bytes(_LENGTH, "little")
    block[_LENGTH : _LENGTH + len(text)] = text


def _read(block: memoryview, most: int) -> bytes:
    length = min(int.from_bytes(block[:_LENGTH], "little"), most)
    return bytes(block[_LENGTH : _LENGTH + length])
