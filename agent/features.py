"""Numbers that describe a program: statement and op counts, constants, and the shape of its graph.

The graph is described as by the Weisfeiler-Lehman kernel (as in NAS-BOWL, Ru et al. 2021): every
statement is labelled by its op, then again and again by its label and those of what it reads, and
labels are counted. Labels are hashed into buckets, so that all programs have equally many numbers.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from programs.genome import Function, Genome

BUCKETS = 128
ROUNDS = 3
FADING = 0.25


@lru_cache(maxsize=4096)
def features(genome: Genome) -> tuple[float, ...]:
    """Return the description of a program; it does not depend on names."""
    counts = np.zeros(BUCKETS)
    constants: list[float] = []
    for function in genome.functions:
        for label, weight in _labels(function):
            counts[_bucket(label)] += weight
        args = [a for s in function.body for a in s.args] + list(function.returns)
        constants += [abs(a) for a in args if not isinstance(a, str)]
    main = genome.main
    sizes = (genome.size, len(main.params), len(main.returns), len(constants))
    logs = np.log10(np.array([*constants, 1.0]) + 1e-9)
    figures = [*np.log1p(sizes), logs.mean(), logs.min(), logs.max()]
    return (*figures, *np.sqrt(counts))


def _labels(function: Function) -> list[tuple[str, float]]:
    """Return every label of every round; the later ones, which are rarer, count less."""
    label = {p: f"in {p if len(p) == 1 else 'state'}" for p in function.params}
    label |= {s.target: s.op for s in function.body}
    label["return"] = "return"
    reads = {s.target: s.args for s in function.body} | {"return": function.returns}
    found = [(each, 1.0) for each in label.values()]
    for turn in range(1, ROUNDS + 1):
        new = dict(label)
        for target, args in reads.items():
            below = (label[a] if isinstance(a, str) else "number" for a in args)
            new[target] = _short(f"{label[target]}({','.join(below)})")
            found.append((new[target], FADING**turn))
        label = new
    return found


def _short(label: str) -> str:
    return hashlib.blake2b(label.encode(), digest_size=6).hexdigest()


def _bucket(label: str) -> int:
    digest = hashlib.blake2b(label.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % BUCKETS
