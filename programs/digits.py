"""The digits of a program's constants that matter, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from programs.folding import DIGITS
from programs.genome import Argument, Genome, named_as


def with_few_digits(genome: Genome, same: Callable[[Genome], bool]) -> Genome:
    """Round the constants of which that changes nothing, as `same` says, one after the other."""
    for value in sorted({c for c in _constants(genome) if _rounded(c) != c}):
        child = _with_constant(genome, value, _rounded(value))
        if same(child):
            genome = child
    return genome


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


def _constants(genome: Genome) -> list[float]:
    rows = [s.args for f in genome.functions for s in f.body]
    rows += [f.returns for f in genome.functions]
    return [float(a) for row in rows for a in row if isinstance(a, float)]


def _with_constant(genome: Genome, old: float, new: float) -> Genome:
    def told(args: tuple[Argument, ...]) -> tuple[Argument, ...]:
        return tuple(named_as(a, new) if a == old else a for a in args)

    functions = [
        replace(f, body=tuple(s.reading(told(s.args)) for s in f.body), returns=told(f.returns))
        for f in genome.functions
    ]
    return replace(genome, functions=tuple(functions))
