"""The functional hash: programs that compute the same on fixed probes are the same program.

Outputs are rounded to a number of mantissa bits and hashed, as in Gillard et al. 2023 ("Unified
Functional Hashing in Automatic Machine Learning"). Rounding to nearest, where the paper truncates,
keeps 1.0 and 0.99999999999 together: exact values are common in programs, half-way ones are not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from programs.canonical import structural_key
from programs.check import without_dead_code
from programs.genome import Genome
from programs.kind import Kind, Unprobed

MANTISSA_BITS = 24
VERSION = 4
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


def behaviour_of(outputs: np.ndarray, kind: str) -> Behaviour:
    """Judge what a program gave on the probes of its kind."""
    finite = np.isfinite(outputs)
    fault = None
    if not finite.any():
        fault = "not finite: every output on the probes is infinite or not a number"
    elif not outputs[finite].any():
        fault = "no effect: every output on the probes is zero"
    return Behaviour(fingerprint_of(outputs, kind), fault)


def fingerprint(genome: Genome, kind: Kind) -> str:
    """Return the functional hash of a checked program: 24 hex digits."""
    return behaviour(genome, kind).fingerprint


def fingerprint_of(outputs: np.ndarray, kind: str, bits: int = MANTISSA_BITS) -> str:
    """Hash outputs with `bits` bits of mantissa; NaN, infinities and -0 each have one form."""
    digest = hashlib.sha256(f"{kind} {VERSION} {bits} ".encode(), usedforsecurity=False)
    digest.update(rounded(outputs, bits).data)
    return digest.hexdigest()[:_DIGITS]


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Round float64 values to `bits` bits after the leading one, as 64-bit integers."""
    values = np.ascontiguousarray(values, dtype="<f8")
    drop = 52 - bits
    words = values.view("<i8")
    words = (words + (1 << (drop - 1))) & ~((1 << drop) - 1) if drop > 0 else words.copy()
    words[np.abs(values) < _SMALLEST] = 0
    if not np.isfinite(values).all():
        words[np.isposinf(values)] = 1
        words[np.isneginf(values)] = 2
        words[np.isnan(values)] = 3
    return words
