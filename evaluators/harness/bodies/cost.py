"""What a network costs: memory of a training step, counted; time of a forward pass, measured.

Memory is a sum over the tensors that a step makes, so it is the same on every machine. Latency is
this machine's at this moment: it is shown beside a score and never part of one.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from evaluators.harness.bodies.stack import loss

PASSES = 15
MIB = 1024 * 1024


class Tally(TorchDispatchMode):
    """Add up the bytes of tensors made while it is on; `peak` is the most that lived at once."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and count the storages that it made."""
        given = {self._place(t) for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and self._place(tensor) not in given | self.known:
                self._count(tensor)
        return out

    @staticmethod
    def _place(tensor: Tensor) -> int:
        return tensor.untyped_storage()._cdata

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        self.known.add(place)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._forget, place, size)

    def _forget(self, place: int, size: int) -> None:
        self.known.discard(place)
        self.live -= size


def step_memory(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the MiB that weights and one forward and backward pass over a batch take at most."""
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    with Tally() as tally:
        found = loss(network(x)[None], y[None]).sum()
        torch.autograd.grad(found, list(network.parameters()), allow_unused=True)
    return (weights + tally.peak) / MIB


@torch.no_grad()
def latency(network: nn.Module, x: Tensor) -> float:
    """Return the median milliseconds of a forward pass over a batch on this machine."""
    network.eval()
    seconds = []
    for _ in range(PASSES):
        began = time.perf_counter()
        network(x)
        if x.is_cuda:
            torch.cuda.synchronize(x.device)
        seconds.append(time.perf_counter() - began)
    network.train()
    return 1000 * median(seconds)


@torch.no_grad()
def counted(network: nn.Module, x: Tensor) -> dict[str, int]:
    """Count a network's trained numbers, and the FLOPs of one example by running it."""
    network.eval()
    with FlopCounterMode(display=False) as flops:
        network(x[:1])
    network.train()
    trained = sum(p.numel() for p in network.parameters())
    return {"parameters": trained, "flops": flops.get_total_flops()}
