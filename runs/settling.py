"""What a process that breeds programs of a kind does for the time that it does so."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from programs.kind import Kind


@contextmanager
def settled(kind: Kind) -> Iterator[None]:
    """Import what the kind's fingerprints take, and have the garbage collector pass over it.

    Looking through all of torch takes a tenth of a second, each time that a collection is full.
    """
    if kind.weighted:
        import programs.kinds.networks.probe  # noqa: F401
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
