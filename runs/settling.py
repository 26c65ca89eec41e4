"""What a process that breeds programs of a kind does once, before it begins."""

from __future__ import annotations

import gc

from programs.kind import Kind


def settle(kind: Kind) -> None:
    """Import what the kind's fingerprints take, and have the garbage collector pass over it.

    Looking through all of torch takes a tenth of a second, each time that a collection is full.
    For commands alone: a process that others share does not have all it holds set aside.
    """
    if kind.weighted:
        import programs.kinds.networks.probe  # noqa: F401
    gc.freeze()
