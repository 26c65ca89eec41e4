"""Draw from torch's default generator, seeded, and put it back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let what runs inside draw from a seed; all threads of a process share the generator."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
