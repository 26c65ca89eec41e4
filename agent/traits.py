"""What a program does, as a few numbers: its outputs on the probes, and its training-free scores.

Probes give thousands of numbers over twenty orders of magnitude. Their logarithms, signs kept, are
projected onto fixed random directions: distances between programs survive (Johnson & Lindenstrauss
1984), and two texts of one behaviour have the same traits.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from programs.canonical import structural_key
from programs.check import without_dead_code
from programs.genome import Genome
from programs.kind import Kind, Unprobed

DIRECTIONS = 32
SMALLEST, LARGEST = 1e-8, 1e12
"""Outputs nearer to zero count as zero, larger and infinite ones as this."""

MAX_REMEMBERED = 4096

Traits = tuple[float, ...]


def traits(genome: Genome, kind: Kind) -> Traits:
    """Return the traits of a checked program; zeros where it cannot be run on the probes."""
    known = _known(kind)
    key = structural_key(genome, kind)
    if key not in known:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[key] = (*_behaviour(genome, kind), *_proxies(genome, kind))
    return known[key]


@cache
def _known(kind: Kind) -> dict[str, Traits]:
    return {}


def _behaviour(genome: Genome, kind: Kind) -> Traits:
    try:
        outputs = kind.probe(without_dead_code(genome, kind), kind).ravel()
    except Unprobed:
        return (0.0,) * DIRECTIONS
    sizes = np.clip(np.nan_to_num(np.abs(outputs), nan=LARGEST, posinf=LARGEST), 0.0, LARGEST)
    signs = np.where(np.isnan(outputs), 0.0, np.sign(outputs))
    logs = signs * np.log1p(sizes / SMALLEST)
    return tuple(float(x) for x in _directions(len(logs)) @ logs)


@cache
def _directions(count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(count))
    return rng.normal(size=(DIRECTIONS, count)) / np.sqrt(max(count, 1))


def _proxies(genome: Genome, kind: Kind) -> Traits:
    if kind.proxies is None:
        return ()
    found = kind.proxies(genome, kind)
    return tuple(float(np.log1p(v)) if np.isfinite(v) else 0.0 for v in found.values())
