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
VERSION = 6
MAX_REMEMBERED, MAX_JUDGED = 50_000, 250
_DIGITS = 24
_SMALLEST = 1e-30
"""What is smaller counts as zero: `exp` stops at e⁻⁸⁰, where a power of the same value goes on."""


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
        # Dead code changes no output; only the weights of layers are named by what is live.
        outputs = kind.probe(without_dead_code(genome, kind) if kind.weighted else genome, kind)
    except Unprobed as reason:
        return Behaviour(structural_key(genome, kind), str(reason))
    known: dict[int, tuple[np.ndarray, Behaviour]] = kind.judged  # type: ignore[assignment]
    held = known.get(id(outputs))
    if held is None:
        if len(known) >= MAX_JUDGED:
            known.clear()
        # The array is kept with what was found, so that no other can come to have its id.
        held = known[id(outputs)] = (outputs, behaviour_of(outputs, kind.name))
    return held[1]


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
    words, largest = _rounded(outputs, MANTISSA_BITS)
    fault = None
    if not 0.0 < largest < np.inf:
        finite = outputs[np.isfinite(outputs)]
        if not finite.size:
            fault = "not finite: every output on the probes is infinite or not a number"
        elif not finite.any():
            fault = "no effect: every output on the probes is zero"
    return Behaviour(_hash(words, kind, MANTISSA_BITS), fault)


def fingerprint(genome: Genome, kind: Kind) -> str:
    """Return the functional hash of a checked program: 24 hex digits."""
    return behaviour(genome, kind).fingerprint


def fingerprint_of(outputs: np.ndarray, kind: str, bits: int = MANTISSA_BITS) -> str:
    """Hash outputs with `bits` bits of mantissa; NaN, infinities and -0 each have one form."""
    return _hash(rounded(outputs, bits), kind, bits)


def _hash(words: np.ndarray, kind: str, bits: int) -> str:
    words = words.ravel()
    digest = hashlib.sha256(f"{kind} {VERSION} {bits} {len(words)} ".encode())
    digest.update(np.einsum("ij,j->i", _factors(len(words)), words).data)
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
    return _rounded(values, bits)[0]


def _rounded(values: np.ndarray, bits: int) -> tuple[np.ndarray, float]:
    """Return the integers, and the largest of the absolute values or NaN."""
    values = np.ascontiguousarray(values, dtype="<f8")
    drop = 52 - bits
    words = values.view("<i8") + (1 << drop >> 1)
    words >>= drop
    size = np.abs(values)
    small = size < _SMALLEST
    if np.count_nonzero(small):
        np.copyto(words, 0, where=small)
    largest = float(size.max(initial=0.0))
    if not largest < np.inf:
        words[np.isposinf(values)] = 1
        words[np.isneginf(values)] = 2
        words[np.isnan(values)] = 3
    return words, largest
