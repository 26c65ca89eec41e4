"""Collisions of the functional hash: programs of one fingerprint that fresh inputs tell apart.

Looked for whenever an earlier result would answer for a program, with a few draws of the kind's
fresh probes, which cost little beside a training. A program that gives other numbers there than
the one it would be taken for is counted, and goes by a fingerprint of its own, made of random
probes, from then on: it is trained, and answers for those that do the same. Two ways to write one
function may be told apart too, where rounding parts them on an input; free-form Python, which runs
in the sandbox alone, is not compared.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluators.admit import Admitted
from evaluators.candidate import Candidate, Evaluation
from programs.equivalence import collide, differ, random_fingerprint
from programs.genome import Genome
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program

COLLISION = "collision"
"""The metric, 1 where it is there, of a candidate that its fingerprint takes for another."""

DRAWS = 4

APART = "apart"
"""What a fingerprint made of random probes begins with."""


def compared(
    candidate: Candidate, earlier: Program, kind: Kind, rng: np.random.Generator
) -> Candidate:
    """Mark and rename a candidate that does not do what `earlier`, of its fingerprint, does."""
    program = candidate.program
    if program.key == earlier.key or program.genome is None:
        return candidate
    known = read_program(earlier.source, kind) if earlier.genome is None else earlier
    if not isinstance(known, Program) or known.genome is None:
        return candidate
    if not any(differ(program.genome, known.genome, kind, rng) for _ in range(DRAWS)):
        return candidate
    evaluation = candidate.evaluation
    own = replace(
        evaluation,
        fingerprint=_own_fingerprint(program.genome, kind),
        metrics={**evaluation.metrics, COLLISION: 1.0},
    )
    return replace(candidate, evaluation=own)


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
