"""Collisions of the functional hash: programs of one fingerprint that fresh inputs tell apart.

Looked for whenever an earlier result would answer for a program, with a few draws of the kind's
fresh probes, which cost little beside a training. A program that gives other numbers there than
the one it would be taken for is counted, and goes by a fingerprint of its own, made of random
probes, from then on: it is trained, and answers for those that do the same. Two ways to write one
function may be told apart too, where rounding parts them on an input. Where one of the two is a
free-form optimiser or schedule it runs in the sandbox (`apart.py`); free-form networks are not
compared.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluators.admit import Admitted
from evaluators.apart import told_apart
from evaluators.candidate import UNSAFE, Candidate, Evaluation
from evaluators.freeform import refuse_to_rank
from programs.equivalence import collide, differ, random_fingerprint
from programs.genome import Genome
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program
from sandbox.base import Sandbox

COLLISION = "collision"
"""The metric, 1 where it is there, of a candidate that its fingerprint takes for another."""

DRAWS = 4

APART = "apart"
"""What a fingerprint made of random probes begins with."""


def compared(
    candidate: Candidate,
    earlier: Program,
    kind: Kind,
    rng: np.random.Generator,
    sandbox: Sandbox | None = None,
) -> Candidate:
    """Mark and rename a candidate that does not do what `earlier`, of its fingerprint, does."""
    program = candidate.program
    known = read_program(earlier.source, kind) if earlier.genome is None else earlier
    if program.key == earlier.key or not isinstance(known, Program):
        return candidate
    own = _own_name(program, known, kind, rng, sandbox)
    if own is None:
        return candidate
    metrics = {**candidate.evaluation.metrics, COLLISION: 1.0}
    evaluation = replace(candidate.evaluation, fingerprint=own, metrics=metrics)
    return replace(candidate, evaluation=evaluation)


def _own_name(
    program: Program,
    known: Program,
    kind: Kind,
    rng: np.random.Generator,
    sandbox: Sandbox | None,
) -> str | None:
    """Name a program apart from one of its fingerprint; `None` where nothing tells the two."""
    one, other = program.genome, known.genome
    if one is not None and other is not None:
        if not any(differ(one, other, kind, rng) for _ in range(DRAWS)):
            return None
    elif sandbox is None or (found := told_apart(program, known, kind, sandbox)) is None:
        return None
    elif one is None:
        own = f"{APART}-{found}"
        return refuse_to_rank(own) if sandbox.tier == UNSAFE else own
    return _own_fingerprint(one, kind)


class Separate:
    """Name the behaviours of a few programs; those that random probes tell apart get two names."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._first: dict[str, Genome] = {}

    def named(self, admitted: Admitted) -> Admitted:
        """Return an admitted program, under a fingerprint of its own if it needs one."""
        genome = admitted.program.genome
        if genome is None:
            return admitted
        first = self._first.setdefault(admitted.fingerprint, genome)
        if first is genome or not collide(first, genome, self.kind):
            return admitted
        return replace(admitted, fingerprint=_own_fingerprint(genome, self.kind))


def _own_fingerprint(genome: Genome, kind: Kind) -> str:
    return f"{APART}-{random_fingerprint(genome, kind)}"


def marked(evaluation: Evaluation, admitted: Evaluation) -> Evaluation:
    """Return an evaluation with the mark that its candidate was admitted with, or without one."""
    metrics = {n: v for n, v in evaluation.metrics.items() if n != COLLISION}
    if COLLISION in admitted.metrics:
        metrics[COLLISION] = admitted.metrics[COLLISION]
    return replace(evaluation, metrics=metrics)
