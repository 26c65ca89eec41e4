"""Collisions of the functional hash: programs of one fingerprint that fresh inputs tell apart.

Looked for whenever the cache answers for a program, with one draw of the kind's fresh probes, which
cost what a fingerprint costs. A collision is counted and changes nothing else: the earlier result
stands. Two ways to write one function may be counted too, where rounding sets them apart on an
input; free-form Python, which runs in the sandbox alone, is not compared.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluators.candidate import Candidate, Evaluation
from programs.equivalence import differ
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program

COLLISION = "collision"
"""The metric, 1 where it is there, of a candidate that its fingerprint takes for another."""


def compared(
    candidate: Candidate, earlier: Program, kind: Kind, rng: np.random.Generator
) -> Candidate:
    """Mark a candidate that does not do what `earlier`, of its fingerprint, does."""
    program = candidate.program
    if program.key == earlier.key or program.genome is None:
        return candidate
    known = read_program(earlier.source, kind) if earlier.genome is None else earlier
    if not isinstance(known, Program) or known.genome is None:
        return candidate
    if not differ(program.genome, known.genome, kind, rng):
        return candidate
    metrics = {**candidate.evaluation.metrics, COLLISION: 1.0}
    return replace(candidate, evaluation=replace(candidate.evaluation, metrics=metrics))


def marked(evaluation: Evaluation, admitted: Evaluation) -> Evaluation:
    """Return an evaluation with the mark that its candidate was admitted with, or without one."""
    metrics = {n: v for n, v in evaluation.metrics.items() if n != COLLISION}
    if COLLISION in admitted.metrics:
        metrics[COLLISION] = admitted.metrics[COLLISION]
    return replace(evaluation, metrics=metrics)
