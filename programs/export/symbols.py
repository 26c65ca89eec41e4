"""The letters that names stand for, whatever the notation."""

from __future__ import annotations

import re
from decimal import Decimal

INPUTS = {"lr": (r"\eta", "η"), "step": ("t", "t"), "total": ("T", "T")}
"""The scalars a program is given: in LaTeX and as a character."""

_NAMES = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "theta", "kappa", "lambda", "mu"]
_NAMES += ["nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"]
GREEK = dict(zip(_NAMES, "αβγδεζθκλμνξρστφχψω", strict=True))
"""The Greek letters by their names."""

ACCENTS = ("hat", "bar")


def digits(size: float) -> tuple[str, int]:
    """Split a number that is not negative into all its digits and the power of ten they stand by.

    It is 0 where people write the number as it is.
    """
    exact = Decimal(repr(size))
    place = exact.adjusted() if size and not 1e-4 <= size < 1e6 else 0
    text = f"{exact.scaleb(-place):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), place


def stem(name: str) -> tuple[str, str]:
    """Split `m_hat` into its letters and its accent, which may be empty."""
    letters, _, accent = name.rpartition("_")
    return (letters, accent) if letters and accent in ACCENTS else (name, "")


def split(name: str) -> tuple[str, str]:
    """Split `g2` into its letters and its number, which may be empty."""
    numbered = re.fullmatch(r"(.*[A-Za-z])_?(\d+)", name)
    return (numbered[1], numbered[2]) if numbered else (name, "")
