"""The functional hash: programs that compute the same on fixed probes are the same program.

Outputs are rounded to a number of mantissa bits and hashed, as in Gillard et al. 2023 ("Unified
Functional Hashing in Automatic Machine Learning"). Rounding to nearest, where the paper truncates,
keeps 1.0 and 0.99999999999 together: exact values are common in programs, half-way ones are not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from programs.canonical import structural_key
from programs.check import without_dead_code
from programs.genome import Genome
from programs.kind import Kind, Unprobed

MANTISSA_BITS = 24
VERSION = 5
MAX_REMEMBERED = 50_000
_DIGITS = 24
_SMALLEST = 1e-200


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a program did on the probes: its fingerprint, and whether it is worth training.

    `fault` is a sentence when no output is finite, when all of them are zero, or when the program
    cannot be run on the probes; its structural key is then its fingerprint.
    """

    fingerprint: str
    fault: str | None


def behaviour(genome: Genome, kind: Kind) -> Behaviour:
    """Run a checked program on its kind's probes."""
    try:
        outputs = kind.probe(without_dead_code(genome, kind), kind)
    except Unprobed as reason:
        return Behaviour(structural_key(genome, kind), str(reason))
    return behaviour_of(outputs, kind.name)


def remembered(genome: Genome, kind: Kind, key: str) -> Behaviour:
    """Return the behaviour of a checked program with this structural key; run it only once."""
    known: dict[str, Behaviour] = kind.behaviours  # type: ignore[assignment]
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        found = known[key] = behaviour(genome, kind)
    return found


def behaviour_of(outputs: np.ndarray, kind: str) -> Behaviour:
    """Judge what a program gave on the probes of its kind."""
    finite = np.isfinite(outputs)
    fault = None
    if not finite.any():
        fault = "not finite: every output on the probes is infinite or not a number"
    elif not np.logical_and(outputs, finite).any():
        fault = "no effect: every output on the probes is zero"
    return Behaviour(fingerprint_of(outputs, kind), fault)


def fingerprint(genome: Genome, kind: Kind) -> str:
    """Return the functional hash of a checked program: 24 hex digits."""
    return behaviour(genome, kind).fingerprint


def fingerprint_of(outputs: np.ndarray, kind: str, bits: int = MANTISSA_BITS) -> str:
    """Hash outputs with `bits` bits of mantissa; NaN, infinities and -0 each have one form."""
    words = rounded(outputs, bits).ravel()
    digest = hashlib.sha256(f"{kind} {VERSION} {bits} {len(words)} ".encode())
    digest.update((_factors(len(words)) @ words).data)
    return digest.hexdigest()[:_DIGITS]


@cache
def _factors(count: int) -> np.ndarray:
    """Draw odd 64-bit factors, `[4, count]`.

    Sums of products with random factors, modulo 2⁶⁴, are a universal hash (Carter & Wegman 1979):
    two lists of words have the same four sums with a probability of 2⁻¹⁰⁰ or so. They take a
    quarter of the time that SHA-256 takes for the words themselves.
    """
    rng = np.random.Generator(np.random.PCG64(count))
    return rng.integers(-(2**63), 2**63, size=(4, count), dtype="<i8") | 1


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Round float64 values to `bits` bits after the leading one; each as a 64-bit integer."""
    values = np.ascontiguousarray(values, dtype="<f8")
    drop = 52 - bits
    words = values.view("<i8")
    words = (words + (1 << drop >> 1)) >> drop
    size = np.abs(values)
    np.copyto(words, 0, where=size < _SMALLEST)
    if not size.max(initial=0.0) < np.inf:
        words[np.isposinf(values)] = 1
        words[np.isneginf(values)] = 2
        words[np.isnan(values)] = 3
    return words
