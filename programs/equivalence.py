"""Do two programs behave the same? Asked of many candidates against one original.

A candidate must have the original's fingerprint and give the same numbers on fresh random probes:
first a few, which nearly every impostor fails, then more. The fresh ones matter where outputs are
coarse: signs on the fixed probes do not tell an average over 100 steps from one over 101.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.canonical import structural_key
from programs.check import without_dead_code
from programs.fingerprint import fingerprint, fingerprint_of
from programs.genome import Genome
from programs.kind import Kind, Unprobed

FEW, SOME, MANY = 1, 8, 40
"""Fresh random problems for a program on the way, to know it again, and for a possible answer."""

PRECISION = 1e-6
"""Relative difference at which outputs are the same: the order of the fingerprint's 24 bits."""

ROUNDING = 1e-11
"""Difference that is always allowed, as a share of the largest value an output took."""


def differ(one: Genome, other: Genome, kind: Kind, rng: np.random.Generator) -> bool:
    """Tell whether two checked programs give other numbers on one draw of fresh probes."""
    seed = int(rng.integers(2**62))
    found, expected = (fresh_outputs(g, kind, seed) for g in (one, other))
    return not _agree(found, expected)


def collide(one: Genome, other: Genome, kind: Kind) -> bool:
    """Tell whether two checked programs of one fingerprint differ on random probes after all."""
    if structural_key(one, kind) == structural_key(other, kind):
        return False
    return not Equivalence(one, kind, np.random.default_rng(0)).surely(other)


def random_fingerprint(genome: Genome, kind: Kind) -> str:
    """Hash what a checked program gives on a few random probes, the same for all programs."""
    found = [fresh_outputs(genome, kind, seed) for seed in range(SOME)]
    return fingerprint_of(np.concatenate([f.ravel() for f in found if f is not None]), kind.name)


class Equivalence:
    """Compare programs with `original`; `checks` counts how many were."""

    def __init__(self, original: Genome, kind: Kind, rng: np.random.Generator) -> None:
        self.kind = kind
        self.fingerprint = fingerprint(original, kind)
        self.seeds = [int(s) for s in rng.integers(2**62, size=MANY)]
        self.original = original
        self.expected: dict[int, np.ndarray | None] = {}
        self.checks = 0

    def __call__(self, candidate: Genome) -> bool:
        """Tell whether a checked candidate behaves as the original does, with few probes."""
        self.checks += 1
        same = fingerprint(candidate, self.kind) == self.fingerprint
        return same and self._agrees(candidate, self.seeds[:FEW])

    def surely(self, candidate: Genome) -> bool:
        """Tell the same of a candidate that passed, with many probes."""
        return self._agrees(candidate, self.seeds[FEW:])

    def admits(self, candidate: Genome) -> bool:
        """Tell whether a checked candidate may stand for the original, with few probes and many."""
        return self(candidate) and self.surely(candidate)

    def _agrees(self, candidate: Genome, seeds: Sequence[int]) -> bool:
        for seed in seeds:
            if seed not in self.expected:
                self.expected[seed] = fresh_outputs(self.original, self.kind, seed)
            if not _agree(fresh_outputs(candidate, self.kind, seed), self.expected[seed]):
                return False
        return True


def fresh_outputs(genome: Genome, kind: Kind, seed: int) -> np.ndarray | None:
    """Run a program on one draw; `None` where it can be run on none of that sort."""
    if kind.fresh is None:
        return None
    try:
        return kind.fresh(without_dead_code(genome, kind), kind, np.random.default_rng(seed))
    except Unprobed:
        return None


def _agree(found: np.ndarray | None, expected: np.ndarray | None) -> bool:
    """Compare two programs on one draw; one that was not run is not told from another by it."""
    return found is None or expected is None or close(found, expected)


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Compare values; where one fades along the first axis, what is left of it may be rounding."""
    if found.shape != expected.shape:
        return False
    size = np.abs(np.where(np.isfinite(expected), expected, 0.0))
    slack = ROUNDING * size.max(axis=0, initial=0.0)
    with np.errstate(all="ignore"):
        return bool(np.isclose(found, expected, PRECISION, slack, equal_nan=True).all())
