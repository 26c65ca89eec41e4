"""What a step of the exported AdamW costs beside a step of torch's own, on the same parameters.

Both take their path over lists of tensors (`foreach`). They take turns, a few steps each, so that
whatever else the machine does slows both; the median of the turns' ratios counts. One thread,
processor time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from programs.export import export
from programs.load import library

if TYPE_CHECKING:
    import torch

MODELS = {
    "20 small layers": [(64, 64), (64,)] * 20,
    "6 large layers": [(512, 512), (512,)] * 6,
}
"""Shapes of the parameters, 83 thousand and 1.6 million numbers."""

TURNS, STEPS = 21, 20


def overhead(turns: int = TURNS) -> list[dict[str, Any]]:
    """Return for each model the microseconds of a step of either, and their ratio."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [_compared(name, shapes, turns) for name, shapes in MODELS.items()]
    finally:
        torch.set_num_threads(threads)


def _compared(name: str, shapes: Sequence[tuple[int, ...]], turns: int) -> dict[str, Any]:
    import torch

    made: dict[str, Any] = {}
    # The text is what the library's own program was turned into, and nobody else's.
    exec(compile(export(library("optimizer")["adamw"]), "<exported>", "exec"), made)
    ours = made["AdamW"](_weights(shapes), lr=1e-3, foreach=True)
    theirs = torch.optim.AdamW(_weights(shapes), lr=1e-3, foreach=True)
    for optimizer in (ours, theirs):
        _seconds(optimizer)
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(turns)]
    return {
        "model": name,
        "exported": 1e6 * median(a for a, _ in pairs) / STEPS,
        "torch": 1e6 * median(b for _, b in pairs) / STEPS,
        "ratio": median(a / b for a, b in pairs),
    }


def _weights(shapes: Sequence[tuple[int, ...]]) -> list[torch.nn.Parameter]:
    import torch

    generator = torch.Generator().manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in shapes]
    for weight in weights:
        weight.grad = torch.randn(weight.shape, generator=generator)
    return weights


def _seconds(optimizer: torch.optim.Optimizer) -> float:
    began = time.process_time()
    for _ in range(STEPS):
        optimizer.step()
    return time.process_time() - began
