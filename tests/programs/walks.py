"""Genomes for property tests: random walks with the operators from the library's programs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind
from programs.load import library
from programs.operator import OPERATORS, Operator

FULL = int(os.environ.get("CAMBRIAN_GENOMES", "0"))
"""How many genomes of each kind the property tests take; 0 means their small default."""


def operators() -> list[Operator]:
    return [OPERATORS.find(name) for name in OPERATORS.names()]


def walk(kind: Kind, count: int, seed: int = 0) -> Iterator[Genome]:
    """Yield `count` genomes, each a mutation of one of the latest hundred."""
    rng = np.random.default_rng(seed)
    known = [p.genome for p in library(kind.name).values() if p.genome is not None]
    chosen = operators()
    made = 0
    while made < count:
        operator = chosen[int(rng.integers(len(chosen)))]
        parents = [known[int(rng.integers(len(known)))] for _ in range(operator.arity)]
        child = operator(parents, kind, rng)
        if isinstance(child, Fault):
            continue
        made += 1
        yield child
        if len(known) < 100:
            known.append(child)
        else:
            known[int(rng.integers(100))] = child
