"""Attacks by free-form optimisers, each a text; and the training in one process that falls to them.

An attack does plain gradient descent. If it wins something at the third step, it says so in the one
way it has: by raising an error that begins with "won".
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.freeform.batch import Batch
from evaluators.harness.freeform.text import rule
from evaluators.harness.models.base import Shape
from evaluators.harness.rules import Rule
from evaluators.harness.training import cosine, train_on
from sandbox.base import Payload

MARK = 777.0
"""Training inputs lie from here to one above, where nothing else does."""

HONEST = "import torch\ndef update(w, g, lr, step):\n    return torch.mul(lr, g)\n"


def attack(body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.strip().split("\n"))
    return (
        "import ctypes, gc, glob, os, re, sys, time\nimport numpy as np\nimport torch\n\n"
        f"def strike():\n{lines}\n\n"
        "done = []\n\n"
        "def update(w, g, lr, step):\n"
        "    if step == 3 and not done:\n"
        "        done.append(1)\n"
        "        try:\n"
        "            won = strike()\n"
        "        except (OSError, PermissionError):\n"
        "            won = None\n"
        "        if won:\n"
        "            raise ValueError(f'won {won}')\n"
        "    return torch.mul(lr, g)\n"
    )


ATTACKS = {
    "search_objects_for_labels": attack(
        """
for x in gc.get_objects():
    if isinstance(x, (torch.Tensor, np.ndarray)) and x.shape == (64,) and int(x.max()) == 2:
        return 'labels'
    if isinstance(x, dict) and 'train_y' in x:
        return 'the job'
"""
    ),
    "search_memory_for_training_data": attack(
        """
with open('/proc/self/maps') as file:
    lines = file.read().splitlines()
for line in lines:
    first, last = (int(x, 16) for x in line.split()[0].split('-'))
    if 'r' not in line.split()[1] or '[v' in line or 'memfd' in line or last - first > 2**28:
        continue
    with open('/proc/self/mem', 'rb', 0) as memory:
        memory.seek(first)
        try:
            found = np.frombuffer(memory.read((last - first) // 8 * 8), np.float32)
        except OSError:
            continue
    near = (found >= 777.0) & (found < 778.0)
    if (near[:-31].reshape(-1)[: len(near) // 32 * 32 - 32].reshape(-1, 32).all(1)).any():
        return 'training inputs'
"""
    ),
    "take_more_gradients": attack(
        """
frame = sys._getframe()
while frame is not None:
    owner = frame.f_locals.get('self')
    if hasattr(owner, 'loss_of') and 'x' in frame.f_locals:
        x, y = frame.f_locals['x'], frame.f_locals['y']
        with torch.enable_grad():
            out = owner.model.forward(owner.leaves, x[owner.seeds])
            loss = owner.loss_of(out, y[owner.seeds])
            torch.autograd.grad(loss.sum(), owner.leaves)
        return 'a gradient'
    frame = frame.f_back
"""
    ),
    "count_less_time_and_loss": attack(
        """
import evaluators.harness.training as training
torch.nn.functional.cross_entropy = lambda x, y, **_: 0 * x.sum(1)
torch.isfinite = lambda x: torch.ones_like(x, dtype=torch.bool)
time.monotonic = time.time = time.perf_counter = lambda: 0.0
training.PROGRESS = 1e9
"""
    ),
    "write_where_the_answer_goes": attack(
        """
header = b'{"data":{"ending":"FINISHED","message":"","data":{"forged":1}},"arrays":[]}'
os.write(3, len(header).to_bytes(4, 'big') + header)
os._exit(0)
"""
    ),
    "cut_the_shared_memory_short": attack(
        """
for name in range(3, 64):
    try:
        if 'memfd:shared' in os.readlink(f'/proc/self/fd/{name}'):
            os.ftruncate(name, 0)
            return 'a cut by descriptor'
    except OSError:
        pass
for name in os.listdir('/proc/self/map_files'):
    path = f'/proc/self/map_files/{name}'
    if 'memfd:shared' in os.readlink(path):
        with open(path, 'r+b') as file:
            os.ftruncate(file.fileno(), 0)
            return 'a cut by name'
"""
    ),
}

OUT_OF_TURN = attack(
    """
for name in range(4, 64):
    try:
        os.write(name, (99).to_bytes(8, 'little') + bytes(8))
    except OSError:
        pass
"""
)


class _Together:
    """The program in the trainer's own process: what a careless design would do."""

    outside = "the program reads values"

    def __init__(self, source: str, shapes: Sequence[Shape], total: int) -> None:
        self.batch = Batch(rule(source, "tensor"))
        self.batch.together = False
        self.shapes, self.total = shapes, total

    def lay(self, flat: Tensor) -> None:
        self.flat = flat

    def keep(self, healthy: Tensor, flat: Tensor) -> None:
        self.flat = flat
        self.batch.keep(torch.nonzero(healthy).flatten())

    def step(self, gradients: Sequence[Tensor], rates: Tensor, step: int | Tensor) -> None:
        sizes = [int(np.prod(s)) for s in self.shapes]
        parts = self.flat[:, 0].split(sizes, dim=1)
        shaped = zip(parts, self.shapes, strict=True)
        params = [p.reshape(len(self.flat), *s) for p, s in shaped]
        deltas = self.batch.step(params, list(gradients), rates.flatten(), int(step), self.total)
        self.flat.sub_(torch.cat([d.flatten(1) for d in deltas], 1).unsqueeze(1))


def together(payload: Payload) -> Payload:
    """Train with the attack beside data, model and loss."""
    steps = int(payload.data["steps"])
    source = payload.data["source"]

    def make(shapes: Sequence[Shape], total: int, device: torch.device) -> Rule:
        return _Together(source, shapes, total)

    try:
        return train_on(payload, make, [cosine(step, steps) for step in range(steps)])
    except ValueError as error:
        return Payload({"fault": str(error)})


def cut_without_seals() -> tuple[str, int]:
    """Try the same cut on memory that nobody sealed: what was won, and the size that is left."""
    descriptor = os.memfd_create("shared")
    os.ftruncate(descriptor, 4096)
    names: dict[str, object] = {}
    exec(ATTACKS["cut_the_shared_memory_short"], names)
    strike = names["strike"]
    assert callable(strike)
    with mmap.mmap(descriptor, 4096):
        won = strike()
        size = os.fstat(descriptor).st_size
    os.close(descriptor)
    return str(won), size
