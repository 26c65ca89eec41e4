"""Do two programs do the same on random draws, where one of them runs in the sandbox alone?

All are compared on the same draws, so that what tells a program from another also names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evaluators.freeform import afresh
from evaluators.harness.freeform.draws import seeds, thinned
from programs.equivalence import close, collide, fresh_outputs
from programs.errors import SandboxUnavailable
from programs.fingerprint import fingerprint_of
from programs.kind import Kind
from programs.program import Program
from sandbox.base import Sandbox

Outputs = Sequence[np.ndarray | None]
"""What a program gave on each draw, `None` where it failed."""


def parted(program: Program, other: Program, kind: Kind, sandbox: Callable[[], Sandbox]) -> bool:
    """Tell whether random inputs part two programs of one fingerprint, however they are written.

    The sandbox is asked for only if one of them needs it.
    """
    if program.genome is not None and other.genome is not None:
        return collide(program.genome, other.genome, kind)
    return program.key != other.key and told_apart(program, other, kind, sandbox()) is not None


def told_apart(program: Program, other: Program, kind: Kind, sandbox: Sandbox) -> str | None:
    """Return a hash of what a program does if the other does something else, or `None`."""
    if not seeds(kind.name):
        return None
    try:
        found = _outputs(program, kind, sandbox)
        expected = _outputs(other, kind, sandbox)
    except SandboxUnavailable:
        return None
    if found is None or expected is None or all(map(_alike, found, expected)):
        return None
    return _name(program, found)


def _outputs(program: Program, kind: Kind, sandbox: Sandbox) -> Outputs | None:
    """Run a program on all draws; `None` where the sandbox was closed meanwhile."""
    if program.genome is None:
        return afresh(program, sandbox, seeds(kind.name))
    found = [fresh_outputs(program.genome, kind, seed) for seed in seeds(kind.name)]
    return [f if f is None else thinned(f) for f in found]


def _alike(found: np.ndarray | None, expected: np.ndarray | None) -> bool:
    """Compare two programs on one draw; two that fail there are alike, one that fails is not."""
    if found is None or expected is None:
        return found is expected
    return close(found, expected)


def _name(program: Program, found: Outputs) -> str:
    """Hash what a program gave; one that gave nothing goes by its text."""
    if all(f is None for f in found):
        return program.key
    given = [np.array([np.nan]) if f is None else f.ravel() for f in found]
    return fingerprint_of(np.concatenate(given), program.kind)
